"""What is measured of a model on test clips."""

import numpy as np
from sklearn.metrics import average_precision_score, classification_report, confusion_matrix, roc_auc_score

from stages.lib.intervals import proportion

CLASSES = ("calls", "nocalls")
THRESHOLD = 0.5
# In this order wherever differences are listed.
COMPARED = ("accuracy", "sensitivity", "specificity", "roc_auc", "average_precision")


def confusion(is_call: np.ndarray, called: np.ndarray) -> np.ndarray:
    """Return the confusion matrix as the study prints it.

    Parameters
    ----------
    is_call, called : ndarray of bool, shape (clips,)
        The truth, and what the model says.

    Returns
    -------
    ndarray of int, shape (2, 2)
        Rows are the truth, columns what the model says; calls first, then no-calls.
    """
    return confusion_matrix(~is_call, ~called, labels=[False, True])


def class_table(is_call: np.ndarray, called: np.ndarray) -> dict:
    """Return precision, recall, f1 and support by class, with the macro and weighted averages."""
    report = classification_report(
        ~is_call, ~called, labels=[False, True], target_names=CLASSES, output_dict=True, zero_division=0.0
    )
    names = {"calls": "calls", "nocalls": "nocalls", "macro avg": "macro_avg", "weighted avg": "weighted_avg"}
    return {
        name: {
            "precision": round(report[key]["precision"], 6),
            "recall": round(report[key]["recall"], 6),
            "f1": round(report[key]["f1-score"], 6),
            "support": int(report[key]["support"]),
        }
        for key, name in names.items()
    }


def measure(is_call: np.ndarray, p_call: np.ndarray) -> dict:
    """Measure one model.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
        With at least one call and one no-call.
    p_call : ndarray of float, shape (clips,), in [0, 1]

    Returns
    -------
    dict
        Numbers rounded to six decimals; `intervals` holds the 95 % Wilson intervals.
    """
    called = p_call > THRESHOLD
    table = confusion(is_call, called)
    (calls_as_calls, calls_as_nocalls), (nocalls_as_calls, nocalls_as_nocalls) = table.tolist()
    proportions = {
        "accuracy": proportion(calls_as_calls + nocalls_as_nocalls, int(table.sum())),
        "sensitivity": proportion(calls_as_calls, calls_as_calls + calls_as_nocalls),
        "specificity": proportion(nocalls_as_nocalls, nocalls_as_calls + nocalls_as_nocalls),
    }
    return {
        **{name: value for name, (value, _, _) in proportions.items()},
        "roc_auc": round(float(roc_auc_score(is_call, p_call)), 6),
        "average_precision": round(float(average_precision_score(is_call, p_call)), 6),
        "intervals": {name: {"low": low, "high": high} for name, (_, low, high) in proportions.items()},
        **class_table(is_call, called),
        "confusion": {
            "calls_as_calls": calls_as_calls,
            "calls_as_nocalls": calls_as_nocalls,
            "nocalls_as_calls": nocalls_as_calls,
            "nocalls_as_nocalls": nocalls_as_nocalls,
        },
    }


def compared_values(is_call: np.ndarray, p_call: np.ndarray) -> np.ndarray:
    """Return the five measures of `COMPARED`; NaN for those that the clips leave undefined."""
    right = (p_call > THRESHOLD) == is_call
    if is_call.all() or not is_call.any():
        return np.array([right.mean(), *[np.nan] * (len(COMPARED) - 1)])
    return np.array(
        [
            right.mean(),
            right[is_call].mean(),
            right[~is_call].mean(),
            roc_auc_score(is_call, p_call),
            average_precision_score(is_call, p_call),
        ]
    )
