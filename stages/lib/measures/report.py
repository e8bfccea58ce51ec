"""The report for people, in the format of the study."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import classification_report

from stages.lib.measures.comparison import verdict
from stages.lib.measures.measures import CLASS_NAMES, confusion


def model_report(title: str, is_call: np.ndarray, called: np.ndarray) -> str:
    """Return the table, the confusion matrix and the three rates of one model.

    Parameters
    ----------
    title : str
    is_call, called : ndarray of bool, shape (clips,)
        The truth and the model's decision. There must be calls and no-calls.
    """
    table = classification_report(
        ~is_call, ~called, labels=[False, True], target_names=CLASS_NAMES, digits=2, zero_division=0.0
    )
    matrix = confusion(is_call, called)
    sensitivity, specificity = matrix.diagonal() / matrix.sum(axis=1)
    return (
        f"{title}\n\n{table}\n{matrix}\n"
        f"acc: {matrix.trace() / matrix.sum():.4f}\n"
        f"sensitivity: {sensitivity:.4f}\n"
        f"specificity: {specificity:.4f}\n"
    )


NOT_MEASURED = (
    "Nothing is measured: there are no test clips (split.test in params.yaml is 0). Listen to some of what the model "
    "finds before you trust it. Once there are labels to spare, set split.test and run python -m tools.hold_out."
)


def full_report(
    is_call: np.ndarray,
    before_called: np.ndarray,
    after_called: np.ndarray,
    change: dict | None,
    remarks: Sequence[str] = (),
) -> str:
    """Return the reports of both models, the remarks on the figures, and the verdict on the change.

    Without test clips there is no change to judge; the remarks then say so.
    """
    if change is None:
        return "\n".join(f"{remark}\n" for remark in remarks)
    return "\n".join(
        [
            model_report("Before: the baseline", is_call, before_called),
            model_report("After: the retrained model", is_call, after_called),
            *(f"{remark}\n" for remark in remarks),
            verdict(change) + "\n",
        ]
    )
