"""The arithmetic of the summary: means over seeds, areas below curves, labels needed, and paired differences."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
NEVER = float("inf")


class Estimate(NamedTuple):
    """A mean over seeds with its 95 % interval, which is NaN for a single seed."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean over seeds and its interval.

    For paired differences, this is the interval of the paired t-test.

    References
    ----------
    Student (1908), "The probable error of a mean", Biometrika 6(1).
    """
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, float("nan"), float("nan"))
    from scipy.stats import t

    reach = t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Estimate(mean, float(mean - reach), float(mean + reach))


def area(labels: Sequence[int], accuracy: Sequence[float]) -> float:
    """Return the area below a learning curve by trapezoids, divided by its width: the mean accuracy along the curve.

    For a curve of one point, this is the accuracy at the point.
    """
    width = labels[-1] - labels[0]
    return float(np.trapezoid(accuracy, labels) / width) if width else float(accuracy[0])


def labels_needed(labels: Sequence[int], accuracy: Sequence[float], target: float) -> float:
    """Return the number of labels at which a curve first reaches an accuracy, by linear interpolation.

    Parameters
    ----------
    labels : sequence of int, rising
    accuracy : sequence of float
    target : float

    Returns
    -------
    float
        The first number of labels if its accuracy is enough; infinite if the curve never reaches the target.
    """
    reached = next((position for position, value in enumerate(accuracy) if value >= target), None)
    if reached is None:
        return NEVER
    if reached == 0:
        return float(labels[0])
    below, above = accuracy[reached - 1], accuracy[reached]
    share = (target - below) / (above - below)
    return float(labels[reached - 1] + share * (labels[reached] - labels[reached - 1]))


def labels_needed_estimate(labels: Sequence[int], accuracy: np.ndarray, reference: np.ndarray) -> Estimate:
    """Return the number of labels at which the mean curve reaches the final accuracy of the mean reference curve.

    Parameters
    ----------
    labels : sequence of int, rising
    accuracy, reference : ndarray, shape (seeds, rounds)
        Accuracies with the same seeds in the same order.

    Returns
    -------
    Estimate
        Infinite if the curve never reaches that accuracy. The interval covers 95 % of all ways to draw as many seeds
        with replacement, the same for both curves. A t interval is not possible, because the number is infinite for
        seeds that never reach the accuracy.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3: the percentile interval.
    """

    def needed(seeds: Sequence[int]) -> float:
        return labels_needed(labels, accuracy[seeds].mean(axis=0), reference[seeds].mean(axis=0)[-1])

    seed_count = len(accuracy)
    every_seed = list(range(seed_count))
    if seed_count < 2:
        return Estimate(needed(every_seed), float("nan"), float("nan"))
    drawn = [needed(list(seeds)) for seeds in product(every_seed, repeat=seed_count)]
    tail = (1 - CONFIDENCE) / 2
    # This method returns one of the values. Interpolation between a number and infinity is impossible.
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    return Estimate(needed(every_seed), float(low), float(high))
