"""Whether the intervals of the field report hold the truth: `python -m experiments.field.intervals`.

Recordings are simulated: how many calls there are, how loud the noise is and how faint the calls are differs from one
recording to the next. Windows are drawn and heard as `tools.review` draws them, and the estimates are compared with
what is true of these recordings, and with what is true of 2,000 recordings of the same kind.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from experiments.command import page_parser
from experiments.field.hearing import MEASURES, Tally, heard, tally_head, truth_of
from experiments.page_section import publish
from stages.lib.cards.markdown import table
from tools.lib.draws.candidates import Candidate

SECTION = "field intervals"
RECORDINGS, COUNTS, THRESHOLDS = (5, 10, 20, 50), (50, 100, 200), (0.1, 0.5, 0.9)
MANY = 2000  # Recordings that stand for all recordings of a site.
# A quarter of an hour in windows of 2 s.
WINDOWS, HOURS = 450, 0.25


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


def truths(there: Recordings) -> dict[float, dict[str, float]]:
    """Return what is true of each threshold."""
    hours = HOURS * (1 + there.recording.max())
    return {threshold: truth_of(there.p_call, there.is_call, hours, threshold) for threshold in THRESHOLDS}


def tallied(sea: Sea, recordings: int, count: int, draws: int) -> Tally:
    """Draw recordings and windows many times, and count which intervals hold the truth of these and of all."""
    random = np.random.default_rng(0)
    of_all = truths(simulate(sea, MANY, random))
    tally = Tally()
    for number in range(draws):
        there = simulate(sea, recordings, random)
        windows = [
            Candidate("", f"{recording:04d}", float(2 * position), float(p_call))
            for position, (p_call, recording) in enumerate(zip(there.p_call, there.recording, strict=True))
        ]
        sample = heard(windows, dict(zip(windows, there.is_call, strict=True)), HOURS * recordings, count, str(number))
        for threshold, of_these in truths(there).items():
            tally.add(sample, threshold, [of_these, of_all[threshold]])
    return tally


def truth_lines(sea: Sea) -> list[str]:
    """Return what is true of all recordings, as a table."""
    of_all = truths(simulate(sea, MANY, np.random.default_rng(0)))
    rows = [(f"{threshold:g}", *(f"{value:.2f}" for value in truth.values())) for threshold, truth in of_all.items()]
    return table(("score above", *(name.replace("_", " ") for name in MEASURES)), rows)


def section(sea: Sea, draws: int, sizes: Sequence[tuple[int, int]]) -> str:
    """Return the results as Markdown."""
    rows = [
        [str(recordings), str(count), *cells]
        for recordings, count in tqdm(sizes, unit="size", disable=None)
        for cells in tallied(sea, recordings, count, draws).rows(THRESHOLDS)
    ]
    head = ["recordings", "windows heard", *tally_head(THRESHOLDS)]
    return "\n".join([*truth_lines(sea), "", f"{draws} draws each:", "", *table(head, rows)])


def main() -> None:
    """Simulate, and print the results or put them in a page."""
    parser = page_parser(__doc__, SECTION)
    parser.add_argument(
        "--draws", type=int, default=200, help="how many draws of recordings and windows for each size (default: 200)"
    )
    options = parser.parse_args()
    sizes = [(recordings, count) for recordings in RECORDINGS for count in COUNTS]
    publish(section(Sea(), options.draws, sizes), SECTION, options.page)


if __name__ == "__main__":
    main()
