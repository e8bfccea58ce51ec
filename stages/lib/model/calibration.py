"""Calibration: of the clips with a score of 0.7, about 70 % should be calls."""

import numpy as np

COOLEST, HOTTEST = 0.05, 20.0
AS_TRAINED = 1.0
# Clips of each class. With fewer, the prior outweighs the clips. For a network that is right about 93 % of its clips
# and has a true temperature of 2, the median of 400 draws is 2.5 with 70 clips of each class, 3.1 with 30, 4.3 with 12.
FEWEST_CLIPS = 30


def probability(log_odds: np.ndarray | float, temperature: float) -> np.ndarray:
    """Return `p_call` for log-odds, in [0, 1].

    It is rounded to six decimals, so that a table of scores and the decisions made from it always agree.

    Parameters
    ----------
    log_odds : ndarray of float, any shape
        log(p_call / (1 - p_call)), as the network gives it.
    temperature : float
        Divides the log-odds: above 1 for a network that is too confident.
    """
    from scipy.special import expit

    return np.round(expit(tempered(log_odds, temperature)), 6)


def tempered(log_odds: np.ndarray | float, temperature: float) -> np.ndarray:
    """Return calibrated log-odds as float64. Unlike probabilities, different log-odds never become equal."""
    return np.asarray(log_odds, np.float64) / temperature


def fit_temperature(log_odds: np.ndarray, is_call: np.ndarray) -> float:
    """Return the temperature with which the scores of some clips fit their labels best.

    It never moves a score across 0.5, so no decision at that threshold changes. The targets are not quite 0 and 1.
    Otherwise, if a network happened to be right about all of a few clips, its confidence would grow without limit.

    Parameters
    ----------
    log_odds : ndarray of float, shape (clips,)
    is_call : ndarray of bool, shape (clips,)
        The truth about clips that the network was not trained on.

    Returns
    -------
    float
        In [0.05, 20], to four decimals; 1, which leaves the scores unchanged, if a class has no clip.

    References
    ----------
    Guo et al. (2017), "On calibration of modern neural networks", section 4.2: temperature scaling, by the least
    cross-entropy. Platt (1999), "Probabilistic outputs for support vector machines", section 2.3: the targets, which
    follow from a uniform prior and the numbers of calls and no-calls.
    """
    from scipy.optimize import minimize_scalar

    log_odds = np.asarray(log_odds, np.float64)
    calls = int(np.sum(is_call))
    nocalls = len(log_odds) - calls
    if not calls or not nocalls:
        return AS_TRAINED
    targets = np.where(is_call, (calls + 1) / (calls + 2), 1 / (nocalls + 2))

    def cross_entropy(log_temperature: float) -> float:
        scaled = log_odds / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0, scaled) - targets * scaled))

    found = minimize_scalar(cross_entropy, bounds=(np.log(COOLEST), np.log(HOTTEST)), method="bounded")
    return round(float(np.exp(found.x)), 4)


def calibration_remark(calls: int, nocalls: int) -> str:
    """Say in one sentence what limits a calibration by this many clips; empty if there are enough."""
    if not calls or not nocalls:
        missing = " or ".join(name for name, count in (("calls", calls), ("no-calls", nocalls)) if not count)
        return f"There are too few {missing} to calibrate by, so the scores are as trained (temperature 1)."
    if min(calls, nocalls) >= FEWEST_CLIPS:
        return ""
    return (
        f"The scores are calibrated by too few clips to trust them as probabilities (calls: {calls}, no-calls: "
        f"{nocalls}): use {FEWEST_CLIPS} of each or more. Their order does not depend on it."
    )
