"""Intervals that resample clips or whole recordings, and an exact test for paired decisions."""

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from stages.lib.intervals.proportions import TAIL, proportion

RESAMPLES = 1000
BATCH = 100  # Samples per batch (a divisor of the above), so that memory does not grow with the number of samples.
SEED = 0
SMALLEST_P = 1e-6  # Smaller p-values are printed as "p < 0.000001".
# Cameron and Miller (2015), "A practitioner's guide to cluster-robust inference", Journal of Human Resources 50(2),
# section VI: fewer than 20 to 50 clusters are few, and resampling them gives intervals that are too narrow.
FEWEST_RECORDINGS = 20


def drawing_units(recordings: Sequence[str]) -> np.ndarray:
    """Return the units of resampling: whole recordings, or single clips if there are few recordings.

    Parameters
    ----------
    recordings : sequence of str, one for each clip

    Returns
    -------
    ndarray of int, shape (clips,)
        The number of each clip's unit, from 0.
    """
    names, recording_of = np.unique(np.asarray(recordings, str), return_inverse=True)
    return recording_of if len(names) >= FEWEST_RECORDINGS else np.arange(len(recordings))


def interval_remark(recording_count: int) -> str:
    """Say what the intervals treat as independent."""
    if recording_count >= FEWEST_RECORDINGS:
        return f"The intervals draw whole recordings ({recording_count}), because clips of one recording are similar."
    return (
        "The intervals treat clips of one recording as independent, because the test part has too few recordings to "
        f"draw from ({recording_count} of at least {FEWEST_RECORDINGS}). If such clips are similar, the intervals are "
        "too narrow."
    )


def proportion_of_clips(right: np.ndarray, unit_of: np.ndarray) -> tuple[float, float, float]:
    """Return the proportion of clips for which something holds, and its 95 % interval, rounded to six decimals.

    It is Wilson's interval for the effective number of clips: the number of clips divided by the design effect, which
    is the variance of the proportion with whole units divided by its variance with independent clips. Few units tell
    this variance poorly, so the effective number is also divided by the square of t / z. If the clips do not show how
    alike those of a unit are, because all are equal or there is one unit, each unit counts as one clip.

    Parameters
    ----------
    right : ndarray of bool, shape (clips,)
    unit_of : ndarray of int, shape (clips,)
        As `drawing_units` returns it, or a part of it.

    References
    ----------
    Kish (1965), Survey Sampling, sections 5.4 and 8.2, with the variance of a ratio of two sums over the units. Korn
    and Graubard (1998), "Confidence intervals for proportions with small expected number of positive counts estimated
    from survey data", Survey Methodology 24(2): the quantile of Student's t.
    """
    from scipy.special import stdtrit  # The quantile of scipy.stats.t, which takes seconds to import.

    rate = float(right.mean())
    _, numbers = np.unique(unit_of, return_inverse=True)
    of_units = np.bincount(numbers, right - rate)
    units = len(of_units)
    trials = float(units)
    if 0 < rate < 1 and 1 < units < len(right):
        effect = units / (units - 1) * float(of_units @ of_units) / (len(right) * rate * (1 - rate))
        widening = float(stdtrit(units - 1, 1 - TAIL)) / NormalDist().inv_cdf(1 - TAIL)
        trials = len(right) / max(1.0, effect) / widening**2
    return proportion(rate * trials, trials)


def permutation_p(before_right: np.ndarray, after_right: np.ndarray, recordings: Sequence[str]) -> float:
    """Return the two-sided p-value of the exact permutation test for paired decisions, by recording.

    If the models were equally good, they could change places in any recording. So the test compares the clips won with
    those of all exchanges of whole recordings. With one clip per recording it is the exact McNemar test. With fewer
    than six recordings that differ, p is never below 0.05.

    Parameters
    ----------
    before_right, after_right : ndarray of bool, shape (clips,)
        Whether each model is right on each clip.
    recordings : sequence of str, one for each clip

    Returns
    -------
    float
        To six significant digits; 1 if the models win equally many clips. Print it with `p_text`, because it becomes 0
        if more than a thousand recordings differ.

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21: the test of paired differences by exchange. McNemar (1947),
    Psychometrika 12(2).
    """
    _, recording_of = np.unique(np.asarray(recordings, str), return_inverse=True)
    won = np.bincount(recording_of, after_right.astype(float) - before_right).astype(int)
    # The chance of each sum from -total to total, one recording after the other.
    chances = np.ones(1)
    for clips in np.abs(won[won != 0]):
        chances = np.convolve(chances, [0.5, *np.zeros(2 * clips - 1), 0.5])
    total = len(chances) // 2
    as_large = np.abs(np.arange(-total, total + 1)) >= abs(won.sum())
    return float(f"{min(1.0, chances[as_large].sum()):.6g}")


def p_text(p_value: float) -> str:
    """Format a p-value for printing, such as `p = 0.012`; it never becomes 0."""
    return f"p = {p_value:.2g}" if p_value >= SMALLEST_P else f"p < {SMALLEST_P:f}"


def paired_bootstrap(
    difference: Callable[[np.ndarray], np.ndarray], unit_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of differences between two models over the same clips.

    Parameters
    ----------
    difference : callable
        Takes how often each sample contains each clip, shape (samples, clips). Returns the k differences for each
        sample, shape (samples, k); NaN where a difference is undefined, for example in a sample without calls.
    unit_of : ndarray of int, shape (clips,)
        The resampling unit of each clip, as `drawing_units` returns it.

    Returns
    -------
    low, high : ndarray, shape (k,)

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3: the percentile interval. Davison and
    Hinkley (1997), Bootstrap Methods and their Application, section 3.8: groups are resampled whole, without
    resampling within them.
    """
    random = np.random.default_rng(SEED)
    units = int(unit_of.max()) + 1
    differences = []
    for _ in range(RESAMPLES // BATCH):
        drawn = random.integers(units, size=(BATCH, units))
        counts = np.stack([np.bincount(sample, minlength=units) for sample in drawn])
        differences.append(difference(counts[:, unit_of]))
    low, high = np.nanquantile(np.concatenate(differences), [TAIL, 1 - TAIL], axis=0)
    return low, high
