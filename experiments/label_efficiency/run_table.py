"""The table of a run: one row per number of labels and kind of training labels."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import read_table, write_table

EXPERTS, EXPERTS_AND_MODEL = "experts", "experts and model"


class Result(NamedTuple):
    """The results with one number of labels.

    Attributes
    ----------
    labels : int
        Number of labels asked for, including those held out for validation.
    learnt_from : str
        `experts`, or `experts and model`.
    accuracy, roc_auc : float
        Measures on the test clips.
    model_labels, model_labels_wrong : int
        Number of training labels by the model, and number of wrong ones among them.
    """

    labels: int
    learnt_from: str
    accuracy: float
    roc_auc: float
    model_labels: int
    model_labels_wrong: int


def write_results(path: Path, results: Iterable[Result]) -> None:
    """Write the table of a run."""
    write_table(path, Result._fields, results)


def read_results(path: Path) -> list[Result]:
    """Read the table of a run."""
    return [
        Result(
            int(cells["labels"]),
            cells["learnt_from"],
            float(cells["accuracy"]),
            float(cells["roc_auc"]),
            int(cells["model_labels"]),
            int(cells["model_labels_wrong"]),
        )
        for cells in (row.cells for row in read_table(path, Result._fields))
    ]
