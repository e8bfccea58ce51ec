"""The results of the detection experiment as Markdown."""

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.detection.measures import Detected, at_threshold, average_precision, curve, recall_at
from experiments.spread import mean_and_deviation
from stages.lib.cards.markdown import table
from stages.lib.intervals.bootstrap import paired_bootstrap

FALSE_ALARMS_PER_HOUR = (1, 2, 5, 10, 20, 50, 100)
THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)


def section(outcomes: Mapping[str, Sequence[Detected]]) -> str:
    """Return the results of all kinds of models and seeds on the same recordings."""
    tables = [curve_table(outcomes), precision_table(outcomes), threshold_table(outcomes)]
    (first, *_), *_ = outcomes.values()
    return "\n\n".join([searched(first), *map("\n".join, tables)]) + "\n"


def searched(outcome: Detected) -> str:
    """Describe the searched recordings."""
    return (
        f"{outcome.calls.sum()} calls in {np.count_nonzero(outcome.calls)} of {len(outcome.calls)} recordings, "
        f"{outcome.hours.sum():.2f} h in total."
    )


def curve_table(outcomes: Mapping[str, Sequence[Detected]]) -> list[str]:
    """Return average precision and recall by false alarms per hour with intervals, and their means over the seeds."""
    head = [f"recall at {level}/h" for level in FALSE_ALARMS_PER_HOUR]
    rows = []
    for kind, of_kind in outcomes.items():
        rows += [[kind, str(seed), *with_intervals(outcome, curve_measures)] for seed, outcome in enumerate(of_kind)]
    for kind, of_kind in outcomes.items():
        columns = np.concatenate([curve_measures(outcome, each_once(outcome)) for outcome in of_kind]).T
        rows.append([kind, "**mean**", *(mean_and_deviation(column, 2) for column in columns)])
    return table(["model", "split seed", "average precision", *head], rows)


def curve_measures(outcome: Detected, drawn: np.ndarray) -> np.ndarray:
    """Return average precision and recall by false alarms per hour for samples: shape (samples, measures)."""
    curves = curve(outcome, drawn)
    return np.column_stack([average_precision(curves), recall_at(curves, FALSE_ALARMS_PER_HOUR)])


def each_once(outcome: Detected) -> np.ndarray:
    """Return the sample that contains each recording once."""
    return np.ones((1, len(outcome.calls)), int)


def with_intervals(outcome: Detected, measures_of) -> list[str]:
    """Format some measures with their percentile intervals from a bootstrap over the recordings."""
    count = len(outcome.calls)
    (values,) = measures_of(outcome, each_once(outcome))
    low, high = paired_bootstrap(lambda drawn: measures_of(outcome, drawn), np.arange(count))
    return [f"{value:.2f} ({a:.2f} to {b:.2f})" for value, a, b in zip(values, low, high, strict=True)]


def precision_table(outcomes: Mapping[str, Sequence[Detected]]) -> list[str]:
    """Return the precision at some recalls, one row per kind and seed."""
    levels = (0.2, 0.4, 0.6, 0.8, 0.9)
    rows = []
    for kind, of_kind in outcomes.items():
        for seed, outcome in enumerate(of_kind):
            curves = curve(outcome, each_once(outcome))
            reached = [curves.precision[curves.recall >= level] for level in levels]
            cells = [f"{precision.max():.2f}" if precision.size else "not reached" for precision in reached]
            rows.append([kind, str(seed), *cells])
    return table(["model", "split seed", *(f"precision at recall {level:g}" for level in levels)], rows)


def threshold_table(outcomes: Mapping[str, Sequence[Detected]]) -> list[str]:
    """Return the measures above some scores: means over the seeds, with standard deviations if there are several."""
    rows = [
        [f"{threshold:g}", kind, *threshold_cells(of_kind, threshold)]
        for threshold in THRESHOLDS
        for kind, of_kind in outcomes.items()
    ]
    head = ["recall", "precision", "false alarms/h"]
    head += [f"false alarms/h, recordings {which} calls" for which in ("with", "without")]
    return table(["score above", "model", *head], rows)


def threshold_cells(outcomes: Sequence[Detected], threshold: float) -> list[str]:
    """Return recall, precision and false alarms per hour above a score, then false alarms with and without calls."""
    of_seeds = []
    for outcome in outcomes:
        has_calls = outcome.calls > 0
        drawn = np.stack([np.ones_like(has_calls), has_calls, ~has_calls]).astype(int)
        everywhere, with_calls, without = at_threshold(outcome, drawn, threshold)
        of_seeds.append([*everywhere, with_calls[2], without[2]])
    columns = list(zip(*of_seeds, strict=True))
    cells = [mean_and_deviation(column, 2) for column in columns[:2]]
    return cells + [mean_and_deviation(column, 1) for column in columns[2:]]
