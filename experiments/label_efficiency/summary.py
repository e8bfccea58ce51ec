"""The arithmetic of the summary: curves over seeds, the area below them, labels needed, and paired differences."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A mean over seeds with its 95 % interval, which is not a number where there is one seed only."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of some seeds and its interval.

    Of paired differences this is the interval of the paired t-test.

    References
    ----------
    Student (1908), "The probable error of a mean", Biometrika 6(1).
    """
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, float("nan"), float("nan"))
    reach = t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Estimate(mean, float(mean - reach), float(mean + reach))


def area(labels: Sequence[int], accuracy: Sequence[float]) -> float:
    """Return the area below a learning curve by trapezoids, over its width: the mean accuracy along the way.

    A curve of one point has no width, and its accuracy is returned.
    """
    width = labels[-1] - labels[0]
    return float(np.trapezoid(accuracy, labels) / width) if width else float(accuracy[0])


def labels_needed(labels: Sequence[int], accuracy: Sequence[float], target: float) -> float | None:
    """Return with how many labels a curve first reaches an accuracy, on straight lines between its points.

    Parameters
    ----------
    labels : sequence of int, rising
    accuracy : sequence of float
    target : float

    Returns
    -------
    float or None
        The labels of the start where that is enough; None where the curve never gets there.
    """
    reached = next((position for position, value in enumerate(accuracy) if value >= target), None)
    if reached is None:
        return None
    if reached == 0:
        return float(labels[0])
    below, above = accuracy[reached - 1], accuracy[reached]
    share = (target - below) / (above - below)
    return float(labels[reached - 1] + share * (labels[reached] - labels[reached - 1]))
