"""Reliability: the share of calls at each level of the scores."""

import numpy as np

BINS = 10


def reliability(is_call: np.ndarray, p_call: np.ndarray) -> list[tuple[float, float, int]]:
    """Compare p_call with the share of calls, in ranges of p_call.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    p_call : ndarray of float, shape (clips,), in [0, 1]

    Returns
    -------
    list of tuple
        For each tenth of the scores that holds a clip: their mean, the share of calls, the number of clips.
    """
    bins = np.minimum((p_call * BINS).astype(int), BINS - 1)
    inside = [bins == number for number in range(BINS)]
    return [
        (float(p_call[chosen].mean()), float(is_call[chosen].mean()), int(chosen.sum()))
        for chosen in inside
        if chosen.any()
    ]


def expected_calibration_error(is_call: np.ndarray, p_call: np.ndarray) -> float:
    """Return by how much the scores are off, as the mean over the clips, in [0, 1]; parameters as for `reliability`.

    References
    ----------
    Naeini et al. (2015), "Obtaining well calibrated probabilities using Bayesian binning", and Guo et al. (2017),
    equation 3, for the probability of a call, not of the predicted class.
    """
    return sum(abs(mean - share) * clips for mean, share, clips in reliability(is_call, p_call)) / len(is_call)
