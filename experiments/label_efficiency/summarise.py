"""Summarise all runs of a data set: learning curves, and a comparison of each strategy with random labels."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.label_efficiency.run_table import EXPERTS, EXPERTS_AND_MODEL, read_results
from experiments.label_efficiency.settings import RUNS, TABLES, Settings, read_settings
from experiments.label_efficiency.summary import Estimate, area, estimate, labels_needed_estimate
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table

RANDOM = "random"
CURVE_COLUMNS = (
    "kind",
    "strategy",
    "learnt_from",
    "labels",
    *("seeds", "accuracy", "accuracy_low", "accuracy_high"),
    *("roc_auc", "roc_auc_low", "roc_auc_high"),
    *("model_labels", "model_labels_wrong"),
)
COMPARISON_COLUMNS = (
    "kind",
    "strategy",
    "learnt_from",
    *("area", "area_low", "area_high"),
    *("labels_needed", "labels_needed_low", "labels_needed_high"),
    *("area_difference", "area_difference_low", "area_difference_high"),
    *("area_gain", "area_gain_low", "area_gain_high"),
)


class Curve(NamedTuple):
    """The kind of model, the strategy, and the source of the training labels."""

    kind: str
    strategy: str
    learnt_from: str


# From curve to an ndarray of shape (seeds, rounds, 5): labels, accuracy, AUC, labels by the model, wrong ones of these.
Runs = Mapping[Curve, np.ndarray]


def read_runs(folder: Path, settings: Settings) -> Runs:
    """Read the runs of a data set; strategies with missing seeds are left out."""
    runs = {}
    for name, kind in settings.kinds.items():
        for strategy in kind.strategies:
            paths = [folder / f"{name}-{strategy}-{seed}.csv" for seed in kind.seeds]
            tables = [read_results(path) for path in paths if path.exists()]
            if len(tables) < len(paths):
                continue
            for learnt_from in (EXPERTS, EXPERTS_AND_MODEL) if kind.model_labels_until else (EXPERTS,):
                rows = [[row for row in table if row.learnt_from == learnt_from] for table in tables]
                numbers = [[[row.labels, *row[2:]] for row in table] for table in rows]
                runs[Curve(name, strategy, learnt_from)] = np.array(numbers, float)
    return runs


def curve_rows(runs: Runs) -> Iterator[tuple]:
    """Yield the learning curves: means over the seeds, with intervals."""
    for curve, results in runs.items():
        for of_round in results.transpose(1, 2, 0):
            labels, accuracy, roc_auc, model_labels, wrong = of_round
            numbers = (*estimate(accuracy), *estimate(roc_auc), model_labels.mean(), wrong.mean())
            yield *curve, int(labels[0]), len(accuracy), *map(written, numbers)


def comparison_rows(runs: Runs) -> Iterator[tuple]:
    """Yield for each curve the area below it, the labels it needs, and its advantage over random labels.

    Each curve is compared with random labels and the same kind of model, seed by seed, because runs of a seed share
    their first labels and test clips. The labels needed are the number at which the mean curve reaches the final
    accuracy of random labels by experts alone. Areas are compared with random labels of the same kind (the difference)
    and with random labels by experts alone (the gain).
    """
    for curve, results in runs.items():
        reference = curve._replace(strategy=RANDOM, learnt_from=EXPERTS)
        numbers = (
            *estimate(areas(results).tolist()),
            *labels_needed_estimate(results[0, :, 0].tolist(), results[:, :, 1], runs[reference][:, :, 1]),
            *compared(runs, curve, curve._replace(strategy=RANDOM)),
            *compared(runs, curve, reference),
        )
        yield *curve, *map(written, numbers)


def areas(results: np.ndarray) -> np.ndarray:
    """Return the area below the learning curve of each seed."""
    return np.array([area(of_seed[:, 0].tolist(), of_seed[:, 1].tolist()) for of_seed in results])


def compared(runs: Runs, curve: Curve, other: Curve) -> Estimate:
    """Return the area of a curve minus the area of another, over the rounds that both have; NaN for the same curve."""
    if curve == other:
        return Estimate(*(float("nan"),) * 3)
    rounds = min(runs[curve].shape[1], runs[other].shape[1])
    return estimate((areas(runs[curve][:, :rounds]) - areas(runs[other][:, :rounds])).tolist())


def written(value: float) -> str:
    """Format a number for the tables; empty if NaN."""
    return "" if np.isnan(value) else f"{value:.4f}"


def main() -> None:
    """Write the tables of one data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", help="one of `datasets` in experiments/label_efficiency/params.yaml")
    dataset = parser.parse_args().dataset
    runs = read_runs(RUNS / dataset, read_settings())
    write_table(TABLES / f"curves_{dataset}.csv", CURVE_COLUMNS, curve_rows(runs))
    write_table(TABLES / f"comparison_{dataset}.csv", COMPARISON_COLUMNS, comparison_rows(runs))


if __name__ == "__main__":
    run(main)
