"""Before and after on the same clips, and whether the change is larger than chance."""

import numpy as np

from stages.lib.intervals import mcnemar_p, p_text, paired_bootstrap
from stages.lib.measures import COMPARED, compared_values

SIGNIFICANCE = 0.05


def compare(is_call: np.ndarray, before: np.ndarray, after: np.ndarray, unit_of: np.ndarray) -> dict:
    """Compare two models clip by clip.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    before, after : ndarray of float, shape (clips,)
        log(p_call / (1 - p_call)) by either model.
    unit_of : ndarray of int, shape (clips,)
        What the bootstrap draws together, as `drawing_units` returns it.

    Returns
    -------
    dict
        The change of each measure, `intervals` with the paired bootstrap 95 % interval of each, and `mcnemar_p`.
    """

    def difference(drawn: np.ndarray) -> np.ndarray:
        return compared_values(is_call, after, drawn) - compared_values(is_call, before, drawn)

    (changes,) = difference(np.ones((1, len(is_call)), int))
    low, high = paired_bootstrap(difference, unit_of)
    return {
        **{name: rounded(change) for name, change in zip(COMPARED, changes, strict=True)},
        "intervals": {
            name: {"low": rounded(bottom), "high": rounded(top)}
            for name, bottom, top in zip(COMPARED, low, high, strict=True)
        },
        "mcnemar_p": mcnemar_p((before > 0) == is_call, (after > 0) == is_call),
    }


def rounded(value: float) -> float:
    """Round to six decimals, without a minus sign before nothing."""
    return round(float(value), 6) + 0.0


def verdict(change: dict) -> str:
    """Say in one sentence whether the change in accuracy is larger than chance.

    It is only if the interval lies on one side of zero and the exact test agrees.
    """
    low, high = (change["intervals"]["accuracy"][end] for end in ("low", "high"))
    larger = (low > 0 or high < 0) and change["mcnemar_p"] < SIGNIFICANCE
    return (
        f"The change in accuracy, {change['accuracy']:+.4f} (95 % interval {low:+.4f} to {high:+.4f}, exact McNemar "
        f"{p_text(change['mcnemar_p'])}), is {'larger' if larger else 'no larger'} than chance."
    )
