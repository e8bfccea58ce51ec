"""How sure a number is: intervals of proportions and of differences, and the exact test of paired answers."""

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 1000
BATCH = 100  # Samples at a time, so that memory does not grow with their number.
SEED = 0


def proportion(successes: int, trials: int) -> tuple[float, float, float]:
    """Return a proportion and its 95 % Wilson interval, rounded to six decimals.

    It gives what `scipy.stats.binomtest(...).proportion_ci(method="wilson")` does, which takes longer to load than
    merge_labels takes for all else.

    References
    ----------
    Wilson (1927), JASA 22, pages 209 to 212.
    """
    rate = successes / trials
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    centre = (successes + z**2 / 2) / (trials + z**2)
    half_width = z * sqrt(trials * rate * (1 - rate) + z**2 / 4) / (trials + z**2)
    low, high = max(0.0, centre - half_width), min(1.0, centre + half_width)
    return round(rate, 6), round(low, 6), round(high, 6)


def mcnemar_p(before_right: np.ndarray, after_right: np.ndarray) -> float:
    """Return the two-sided p-value of the exact McNemar test.

    Parameters
    ----------
    before_right, after_right : ndarray of bool, shape (clips,)
        Whether each model is right on each clip.

    Returns
    -------
    float
        1 where the models are right on the same clips.

    References
    ----------
    McNemar (1947), Psychometrika 12(2): a binomial test on the clips on which one model alone is right.
    """
    from scipy.stats import binomtest

    lost = int(np.sum(before_right & ~after_right))
    won = int(np.sum(after_right & ~before_right))
    return round(float(binomtest(won, won + lost).pvalue), 6) if won + lost else 1.0


def paired_bootstrap(
    difference: Callable[[np.ndarray], np.ndarray], clip_count: int, resamples: int = RESAMPLES
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of differences between two models over the same clips.

    Parameters
    ----------
    difference : callable
        From how often each sample holds each clip, shape (samples, clips), to the differences of interest, shape
        (samples, k); NaN where a sample leaves one undefined, as when it has no calls.
    clip_count : int
    resamples : int

    Returns
    -------
    low, high : ndarray, shape (k,)

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3: the percentile interval.
    """
    random = np.random.default_rng(SEED)
    differences = []
    for start in range(0, resamples, BATCH):
        drawn = random.integers(clip_count, size=(min(BATCH, resamples - start), clip_count))
        counts = np.stack([np.bincount(sample, minlength=clip_count) for sample in drawn])
        differences.append(difference(counts))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(np.concatenate(differences), [tail, 1 - tail], axis=0)
    return low, high
