"""Estimates from a stratified sample, with intervals: the number of windows of a kind, and its share among two kinds.

The chance that a window is drawn depends only on its bin of scores. So the number of windows of a kind is a sum over
the bins: the candidates in the bin times the share of the kind among the reviewed ones.

An interval has two parts, added in quadrature:

- the draw of windows: Jeffreys' interval of the share in each bin, combined by MOVER. It has a width even if no window
  of the kind was heard: 0 of 14 windows does not mean 0 of 3,000.
- the choice of recordings: the variance between recordings, with Student's t for their number, on a log scale.

The second part includes some of the variance of the first again. Without it, the intervals were too narrow:
`python -m experiments.field.intervals` measures how often the intervals contain the truth.

References
----------
Brown, Cai and DasGupta (2001), "Interval estimation for a binomial proportion", Statistical Science 16(2): Jeffreys'
interval. Zou, Huang and Zhang (2009), Computational Statistics and Data Analysis 53(4): MOVER for weighted sums. Donner
and Zou (2012), "Closed-form confidence intervals for functions of the normal mean and standard deviation", Statistical
Methods in Medical Research 21(4): MOVER for ratios. Saerndal, Swensson and Wretman (1992), Model Assisted Survey
Sampling, section 5.6: the linearised variance of a ratio. Hansen, Hurwitz and Madow (1953), Sample Survey Methods and
Theory, volume I: variances between ultimate clusters, here recordings.
"""

from math import exp, hypot, inf, sqrt
from typing import NamedTuple

import numpy as np

from stages.lib.intervals.proportions import TAIL
from tools.lib.draws.candidates import BINS
from tools.lib.field.sample import Sample

LARGEST_EXPONENT = 50.0  # Largest exponent of a limit on the log scale, against overflow.


class Total(NamedTuple):
    """The number of windows of a kind, with limits for the draw of windows.

    `of_kind` tells which of the reviewed windows are of the kind.
    """

    value: float
    low: float
    high: float
    of_kind: np.ndarray


class Interval(NamedTuple):
    """An estimate with its 95 % interval; NaN if it cannot be estimated."""

    value: float
    low: float
    high: float


def total(sample: Sample, of_kind: np.ndarray, possible: np.ndarray, *, rarer_below: bool = False) -> Total:
    """Estimate the number of windows of a kind.

    Parameters
    ----------
    sample : Sample
    of_kind : ndarray of bool, shape (windows,)
    possible : ndarray of bool, shape (bins,)
        Bins that can hold windows of the kind.
    rarer_below : bool
        Whether the kind is at most as frequent in a bin as in the bins above it, as calls are. Then the bins above also
        limit its share in the bin, which is tighter than the limit from a few windows of the bin alone.
    """
    numbers = np.bincount(sample.score_bin, sample.weights * of_kind, minlength=len(BINS))
    share = numbers / np.maximum(sample.candidates, 1)
    heard = sample.heard
    found = share * heard
    low, high = share_limits(found, heard)
    if rarer_below:
        high = np.minimum(high, limits_from_above(found, heard, possible))
    spread_low, spread_high = (
        sqrt(float((possible * (sample.candidates * (limit - share)) ** 2).sum())) for limit in (low, high)
    )
    value = float(numbers.sum())
    return Total(value, max(0.0, value - spread_low), value + spread_high, of_kind)


def share_limits(found: np.ndarray, heard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Jeffreys' intervals of some shares; the low end is 0 if none was found, the high end 1 if all were."""
    from scipy.special import betaincinv  # The quantiles of scipy.stats.beta, which takes seconds to import.

    limits = [betaincinv(found + 0.5, np.maximum(heard - found, 0) + 0.5, tail) for tail in (TAIL, 1 - TAIL)]
    return np.where(found > 0, limits[0], 0.0), np.where(found < heard, limits[1], 1.0)


def limits_from_above(found: np.ndarray, heard: np.ndarray, possible: np.ndarray) -> np.ndarray:
    """Return for each bin the lowest upper limit over all ranges of bins that start with it."""
    limits = np.ones(len(found))
    for first in np.flatnonzero(possible):
        together = [np.cumsum(np.where(possible, counts, 0)[first:]) for counts in (found, heard)]
        limits[first] = share_limits(*together)[1].min()
    return limits


def rate_per_hour(sample: Sample, of: Total) -> Interval:
    """Estimate the number of windows of a kind per hour."""
    below, above = between_recordings(sample, of.value, of.of_kind.astype(float))
    low, high = combined(of.value, (of.low, of.high), (below, above))
    return Interval(of.value / sample.hours, low / sample.hours, high / sample.hours)


def share_of(sample: Sample, part: Total, rest: Total) -> Interval:
    """Estimate the share of a kind among two kinds, from the odds of the rarer one, which may be absent."""
    if not part.value and not rest.value:
        return Interval(float("nan"), 0.0, 1.0)
    if part.value > rest.value:
        value, low, high = share_of(sample, rest, part)
        return Interval(1 - value, 1 - high, 1 - low)
    odds = part.value / rest.value
    residuals = (part.of_kind - odds * rest.of_kind) / rest.value
    limits = combined(odds, ratio_limits(part, rest), between_recordings(sample, odds, residuals))
    return Interval(*(share_of_odds(number) for number in (odds, *limits)))


def share_of_odds(odds: float) -> float:
    """Convert odds to a share."""
    return 1.0 if odds == inf else odds / (1 + odds)


def ratio_limits(above: Total, below: Total) -> tuple[float, float]:
    """Return the limits of a ratio of two numbers from the limits of both (MOVER)."""
    product = above.value * below.value
    low_over = below.high * (2 * below.value - below.high)
    high_over = below.low * (2 * below.value - below.low)
    low_root = product**2 - above.low * low_over * (2 * above.value - above.low)
    high_root = product**2 - above.high * high_over * (2 * above.value - above.high)
    low = (product - sqrt(max(0.0, low_root))) / low_over if low_over else 0.0
    high = (product + sqrt(max(0.0, high_root))) / high_over if high_over > 0 else inf
    return max(0.0, low), high


def between_recordings(sample: Sample, value: float, of_windows: np.ndarray) -> tuple[float, float]:
    """Return the distances of the limits below and above a value that come from the choice of recordings.

    Parameters
    ----------
    sample : Sample
    value : float
        At least 0.
    of_windows : ndarray of float, shape (windows,)
        Contribution of each window to the value.
    """
    if sample.recordings < 2 or value <= 0:
        return 0.0, 0.0
    from scipy.special import stdtrit  # The quantile of scipy.stats.t.

    of_recordings = np.bincount(sample.recording, sample.weights * of_windows, minlength=sample.recordings)
    variance = sample.recordings * float(of_recordings.var(ddof=1))
    reach = float(stdtrit(sample.recordings - 1, 1 - TAIL)) * sqrt(variance)
    factor = exp(min(LARGEST_EXPONENT, reach / value))
    return value - value / factor, value * factor - value


def combined(value: float, limits: tuple[float, float], reach: tuple[float, float]) -> tuple[float, float]:
    """Combine the limits of a value with further distances below and above it, in quadrature."""
    return max(0.0, value - hypot(value - limits[0], reach[0])), value + hypot(limits[1] - value, reach[1])
