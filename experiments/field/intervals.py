"""Coverage of the intervals of the field report in a simulation: `python -m experiments.field.intervals`.

The number of calls, the level of the noise and the level of the calls differ between simulated recordings. Windows are
drawn as `tools.review` draws them. The estimates are compared with the true values for these recordings, and for 2,000
recordings of the same kind.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from experiments.command import page_parser
from experiments.field.coverage import MEASURES, Tally, simulated_review, tally_head, truth_of
from experiments.page_section import publish
from stages.lib.cards.markdown import table
from tools.lib.draws.candidates import Candidate

SECTION = "field intervals"
RECORDINGS, COUNTS, THRESHOLDS = (5, 10, 20, 50), (50, 100, 200), (0.1, 0.5, 0.9)
MANY = 2000  # Number of recordings that stand for all recordings of a site.
# Windows of 2 s in a recording of 15 minutes.
WINDOWS, HOURS = 450, 0.25


class Simulation(NamedTuple):
    """The parameters of simulated recordings. Scores are log-odds.

    Attributes
    ----------
    with_calls : float
        Share of recordings with calls.
    calls : float
        Mean number of calls in these; its distribution is exponential.
    noise, noise_between, noise_within : float
        Scores of windows without a call: mean, and standard deviations between and within recordings.
    call, call_between, call_within : float
        The same for windows with a call.
    hidden : float
        Share of calls that score like noise.
    """

    with_calls: float = 0.5
    calls: float = 12.0
    noise: float = -5.0
    noise_between: float = 1.0
    noise_within: float = 1.6
    call: float = 1.5
    call_between: float = 0.7
    call_within: float = 2.5
    hidden: float = 0.1


class Recordings(NamedTuple):
    """The windows of simulated recordings: score, whether it is a call, and number of the recording."""

    p_call: np.ndarray
    is_call: np.ndarray
    recording: np.ndarray


def simulate(simulation: Simulation, count: int, random: np.random.Generator) -> Recordings:
    """Simulate some recordings and return their windows."""
    scores, truth = [], []
    for _ in range(count):
        calls = random.poisson(random.exponential(simulation.calls)) if random.random() < simulation.with_calls else 0
        calls = min(calls, WINDOWS // 2)
        noise = random.normal(simulation.noise, simulation.noise_between)
        hidden = random.random(WINDOWS) < simulation.hidden
        is_call = np.arange(WINDOWS) < calls
        like_calls = random.normal(
            random.normal(simulation.call, simulation.call_between), simulation.call_within, WINDOWS
        )
        log_odds = np.where(is_call & ~hidden, like_calls, random.normal(noise, simulation.noise_within, WINDOWS))
        order = random.permutation(WINDOWS)
        scores.append(1 / (1 + np.exp(-log_odds[order])))
        truth.append(is_call[order])
    return Recordings(np.concatenate(scores), np.concatenate(truth), np.repeat(np.arange(count), WINDOWS))


def truths(simulated: Recordings) -> dict[float, dict[str, float]]:
    """Return the true measures at each threshold."""
    hours = HOURS * (1 + simulated.recording.max())
    return {threshold: truth_of(simulated.p_call, simulated.is_call, hours, threshold) for threshold in THRESHOLDS}


def tallied(simulation: Simulation, recordings: int, count: int, draws: int) -> Tally:
    """Draw recordings and windows many times, and count the intervals that contain the truth for these and for all."""
    random = np.random.default_rng(0)
    of_all = truths(simulate(simulation, MANY, random))
    tally = Tally()
    for number in range(draws):
        simulated = simulate(simulation, recordings, random)
        windows = [
            Candidate("", f"{recording:04d}", float(2 * position), float(p_call))
            for position, (p_call, recording) in enumerate(zip(simulated.p_call, simulated.recording, strict=True))
        ]
        is_call = dict(zip(windows, simulated.is_call, strict=True))
        sample = simulated_review(windows, is_call, HOURS * recordings, count, str(number))
        for threshold, of_these in truths(simulated).items():
            tally.add(sample, threshold, [of_these, of_all[threshold]])
    return tally


def truth_lines(simulation: Simulation) -> list[str]:
    """Return a table of the true measures for all recordings."""
    of_all = truths(simulate(simulation, MANY, np.random.default_rng(0)))
    rows = [(f"{threshold:g}", *(f"{value:.2f}" for value in truth.values())) for threshold, truth in of_all.items()]
    return table(("score above", *(name.replace("_", " ") for name in MEASURES)), rows)


def section(simulation: Simulation, draws: int, sizes: Sequence[tuple[int, int]]) -> str:
    """Return the results as Markdown."""
    rows = [
        [str(recordings), str(count), *cells]
        for recordings, count in tqdm(sizes, unit="size", disable=None)
        for cells in tallied(simulation, recordings, count, draws).rows(THRESHOLDS)
    ]
    head = ["recordings", "windows heard", *tally_head(THRESHOLDS)]
    return "\n".join([*truth_lines(simulation), "", f"{draws} draws each:", "", *table(head, rows)])


def main() -> None:
    """Run the simulation, and print the results or put them in a page."""
    parser = page_parser(__doc__, SECTION)
    parser.add_argument(
        "--draws", type=int, default=200, help="number of draws of recordings and windows for each size (default: 200)"
    )
    options = parser.parse_args()
    sizes = [(recordings, count) for recordings in RECORDINGS for count in COUNTS]
    publish(section(Simulation(), options.draws, sizes), SECTION, options.page)


if __name__ == "__main__":
    main()
