"""Comparison of two models on the same clips, and whether the change is larger than chance."""

from collections.abc import Sequence

import numpy as np

from stages.lib.intervals.bootstrap import drawing_units, p_text, paired_bootstrap, permutation_p
from stages.lib.measures.measures import COMPARED, compared_values

SIGNIFICANCE = 0.05
SPREADS = 2  # A change larger than this many standard deviations is not due to the training seed.


def compare(is_call: np.ndarray, before: np.ndarray, after: np.ndarray, recordings: Sequence[str]) -> dict:
    """Compare two models clip by clip.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    before, after : ndarray of float, shape (clips,)
        log(p_call / (1 - p_call)) of each model.
    recordings : sequence of str, one for each clip

    Returns
    -------
    dict
        The change in each measure, `intervals` with the paired bootstrap 95 % interval of each, and `permutation_p`.
    """

    def difference(drawn: np.ndarray) -> np.ndarray:
        return compared_values(is_call, after, drawn) - compared_values(is_call, before, drawn)

    (changes,) = difference(np.ones((1, len(is_call)), int))
    low, high = paired_bootstrap(difference, drawing_units(recordings))
    return {
        **{name: rounded(change) for name, change in zip(COMPARED, changes, strict=True)},
        "intervals": {
            name: {"low": rounded(bottom), "high": rounded(top)}
            for name, bottom, top in zip(COMPARED, low, high, strict=True)
        },
        "permutation_p": permutation_p((before > 0) == is_call, (after > 0) == is_call, recordings),
    }


def spread_of_change(before: float | None, after: float | None) -> float | None:
    """Estimate how far other training seeds would move a change, from how far they move each model.

    The result is None if either spread is None. The two are treated as independent. If both models start from the same
    random weights, the result is too large rather than too small.
    """
    return None if before is None or after is None else rounded(np.hypot(before, after))


def exceeds_training(change: float, spread: float | None) -> bool:
    """Tell whether a change is larger than the effect of other training seeds; an unknown spread counts as 0."""
    return abs(change) > SPREADS * (spread or 0.0)


def training_remark(spread: float | None) -> str:
    """Say that the intervals leave out the randomness of training, and how large it is.

    Parameters
    ----------
    spread : float or None
        Spread of the change in accuracy, as `spread_of_change` returns it.
    """
    known = "The intervals cover only the choice of test clips."
    if spread == 0:
        return f"{known} No effect of other training seeds on the change in accuracy was measured."
    left_out = f"{known} Other training seeds would also move the change in accuracy"
    if spread is None:
        return f"{left_out}; how far is unknown, because only one network was trained (train.networks)."
    return f"{left_out}, by about {spread:.4f} (one standard deviation)."


def rounded(value: float) -> float:
    """Round to six decimals, and turn -0.0 into 0.0."""
    return round(float(value), 6) + 0.0


def is_larger_than_chance(change: dict) -> bool:
    """Tell whether the change in accuracy is larger than chance.

    It is larger if three conditions hold: the interval excludes zero, the exact test is significant, and the change
    exceeds the effect of other training seeds.
    """
    low, high = (change["intervals"]["accuracy"][end] for end in ("low", "high"))
    return (
        (low > 0 or high < 0)
        and change["permutation_p"] < SIGNIFICANCE
        and exceeds_training(change["accuracy"], change["training_spread"]["accuracy"])
    )


def verdict(change: dict) -> str:
    """Say whether the change in accuracy is larger than chance."""
    low, high = (change["intervals"]["accuracy"][end] for end in ("low", "high"))
    larger = "larger" if is_larger_than_chance(change) else "no larger"
    return (
        f"The change in accuracy, {change['accuracy']:+.4f} (95 % interval {low:+.4f} to {high:+.4f}, permutation test "
        f"{p_text(change['permutation_p'])}), is {larger} than chance."
    )
