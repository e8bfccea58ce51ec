"""Whether the intervals of the field report hold the truth: `python -m experiments.field.intervals`.

Recordings are simulated: how many calls there are, how loud the noise is and how faint the calls are differs from one
recording to the next. Windows are drawn and heard as `tools.review` draws them, and the estimates are compared with
what is true of these recordings, and with what is true of 2,000 recordings of the same kind.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import isnan
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from experiments.page_section import publish
from stages.lib.markdown import table
from stages.lib.tables.clips import CALL, NOCALL
from stages.lib.tables.reviews import Review
from tools.lib.field.candidates import BINS, Candidate, bin_of
from tools.lib.field.operating_points import operating_point
from tools.lib.field.runs_table import Searched
from tools.lib.field.sample import Sample, sample_of
from tools.lib.field.sampling import draw

SECTION = "field intervals"
RECORDINGS, COUNTS, THRESHOLDS = (5, 10, 20, 50), (50, 100, 200), (0.1, 0.5, 0.9)
MEASURES = ("precision", "false_alarms_per_hour", "recall")
MANY = 2000  # Recordings that stand for all recordings of a site.
# A quarter of an hour in windows of 2 s.
WINDOWS, HOURS = 450, 0.25
RUN, BATCH, SITE = "run", "batch", "sea"


class Sea(NamedTuple):
    """How recordings come about. Scores are given as log-odds.

    Attributes
    ----------
    with_calls : float
        The share of recordings that hold calls.
    calls : float
        Their mean number in these; it is spread exponentially.
    noise, noise_between, noise_within : float
        The score of windows without a call: the mean, and its deviation between and within recordings.
    heard, heard_between, heard_within : float
        The same for windows with a call.
    hidden : float
        The share of calls that score like noise.
    """

    with_calls: float = 0.5
    calls: float = 12.0
    noise: float = -5.0
    noise_between: float = 1.0
    noise_within: float = 1.6
    heard: float = 1.5
    heard_between: float = 0.7
    heard_within: float = 2.5
    hidden: float = 0.1


class Recordings(NamedTuple):
    """The windows of some recordings: their scores, whether each is a call, and the number of its recording."""

    p_call: np.ndarray
    is_call: np.ndarray
    recording: np.ndarray


def simulate(sea: Sea, count: int, random: np.random.Generator) -> Recordings:
    """Return the windows of some recordings."""
    scores, truth = [], []
    for _ in range(count):
        calls = random.poisson(random.exponential(sea.calls)) if random.random() < sea.with_calls else 0
        calls = min(calls, WINDOWS // 2)
        noise = random.normal(sea.noise, sea.noise_between)
        hidden = random.random(WINDOWS) < sea.hidden
        is_call = np.arange(WINDOWS) < calls
        like_calls = random.normal(random.normal(sea.heard, sea.heard_between), sea.heard_within, WINDOWS)
        log_odds = np.where(is_call & ~hidden, like_calls, random.normal(noise, sea.noise_within, WINDOWS))
        order = random.permutation(WINDOWS)
        scores.append(1 / (1 + np.exp(-log_odds[order])))
        truth.append(is_call[order])
    return Recordings(np.concatenate(scores), np.concatenate(truth), np.repeat(np.arange(count), WINDOWS))


def truth_of(there: Recordings, threshold: float) -> dict[str, float]:
    """Return what is true of a threshold; NaN where it is undefined."""
    above, hours = there.p_call > threshold, HOURS * (1 + there.recording.max())
    found = np.count_nonzero(above & there.is_call)
    with np.errstate(invalid="ignore"):
        return {
            "precision": float(np.float64(found) / np.count_nonzero(above)),
            "false_alarms_per_hour": float(np.count_nonzero(above & ~there.is_call) / hours),
            "recall": float(np.float64(found) / np.count_nonzero(there.is_call)),
        }


def heard_of(there: Recordings, count: int, seed: str) -> Sample:
    """Draw and hear windows of some recordings, all of which are answered."""
    names = [f"{number:04d}" for number in range(1 + there.recording.max())]
    candidates = [
        Candidate(SITE, names[recording], float(2 * position), float(p_call))
        for position, (p_call, recording) in enumerate(zip(there.p_call, there.recording, strict=True))
    ]
    reviews, label_of = [], {}
    for (site, recording, start_s, p_call), weight in draw(candidates, count, seed):
        clip_id = f"{recording}_{start_s:g}"
        reviews.append(Review(RUN, BATCH, clip_id, recording, start_s, site, p_call, bin_of(p_call), weight))
        label_of[clip_id] = CALL if there.is_call[int(start_s / 2)] else NOCALL
    in_bin = defaultdict(int)
    for candidate in candidates:
        in_bin[candidate.bin] += 1
    hours = HOURS * len(names)
    runs = [Searched(RUN, BATCH, "", 2.0, 2.0, SITE, name, len(names), hours, in_bin[name]) for name in BINS]
    return sample_of(reviews, label_of, runs)


class Held(NamedTuple):
    """Whether an interval holds the truth of these recordings and of all, and the interval."""

    of_these: bool
    of_all: bool
    low: float
    high: float


def trials(sea: Sea, recordings: int, count: int, draws: int) -> Iterator[tuple[str, float, Held]]:
    """Yield the measure, the threshold and the outcome of each estimate of many draws."""
    random = np.random.default_rng(0)
    all_of_them = simulate(sea, MANY, random)
    of_all = {threshold: truth_of(all_of_them, threshold) for threshold in THRESHOLDS}
    for number in range(draws):
        there = simulate(sea, recordings, random)
        sample = heard_of(there, count, str(number))
        for threshold in THRESHOLDS:
            of_these = truth_of(there, threshold)
            point = operating_point(sample, threshold)
            for name in MEASURES:
                value, low, high = getattr(point, name)
                if isnan(value) or isnan(of_these[name]):
                    continue
                holds = (low - 1e-9 <= truth <= high + 1e-9 for truth in (of_these[name], of_all[threshold][name]))
                yield name, threshold, Held(*holds, low, high)


def rows_for(sea: Sea, recordings: int, count: int, draws: int) -> list[tuple[str, ...]]:
    """Return a row for each measure: how often the truth is held, and the median interval at each threshold."""
    outcomes: dict[tuple[str, float], list[Held]] = defaultdict(list)
    for name, threshold, held in trials(sea, recordings, count, draws):
        outcomes[name, threshold].append(held)
    rows = []
    for name in MEASURES:
        cells = [str(recordings), str(count), name.replace("_", " ")]
        for threshold in THRESHOLDS:
            held = outcomes[name, threshold]
            if not held:
                cells += ["", "", ""]
                continue
            these, of_all = (np.mean([getattr(one, field) for one in held]) for field in ("of_these", "of_all"))
            low, high = (float(np.median([getattr(one, end) for one in held])) for end in ("low", "high"))
            digits = 1 if name == "false_alarms_per_hour" else 2
            cells += [f"{these:.0%}", f"{of_all:.0%}", f"{low:.{digits}f} to {high:.{digits}f}"]
        rows.append(tuple(cells))
    return rows


def truth_lines(sea: Sea) -> list[str]:
    """Return what is true of all recordings, as a table."""
    there = simulate(sea, MANY, np.random.default_rng(0))
    rows = [
        (f"{threshold:g}", *(f"{value:.2f}" for value in truth_of(there, threshold).values()))
        for threshold in THRESHOLDS
    ]
    return table(("score above", *(name.replace("_", " ") for name in MEASURES)), rows)


def section(sea: Sea, draws: int, sizes: Sequence[tuple[int, int]]) -> str:
    """Return the results as Markdown."""
    rows = [row for size in tqdm(sizes, unit="size", disable=None) for row in rows_for(sea, *size, draws)]
    head = ["recordings", "windows heard", "measure"]
    for threshold in THRESHOLDS:
        head += [f"held above {threshold:g}, these", "all", "median interval"]
    return "\n".join([*truth_lines(sea), "", f"{draws} draws each:", "", *table(head, rows)])


def main() -> None:
    """Simulate, and print the results or put them in a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200, help="of recordings and windows for each size (200)")
    parser.add_argument("--page", type=Path, help="a page whose marked section is replaced by the results")
    options = parser.parse_args()
    sizes = [(recordings, count) for recordings in RECORDINGS for count in COUNTS]
    publish(section(Sea(), options.draws, sizes), SECTION, options.page)


if __name__ == "__main__":
    main()
