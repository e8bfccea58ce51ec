"""Recalibration of scores for a site where calls are rare: the probability of a call there, given a score."""

from typing import NamedTuple

import numpy as np

from tools.lib.field.sample import Sample

# Scores are rounded to six decimals, and log-odds of 0 and 1 are infinite.
SMALLEST = 1e-6
# Standard deviation of the prior on the slope, around 1. It keeps the slope finite if scores separate windows exactly.
SLOPE_DEVIATION = 1.0


class Recalibration(NamedTuple):
    """The log-odds of a call here: `intercept + slope * log(p_call / (1 - p_call))`."""

    intercept: float
    slope: float

    def probability(self, p_call: np.ndarray) -> np.ndarray:
        """Return the probability of a call in windows with some scores, in [0, 1]."""
        from scipy.special import expit

        return expit(self.intercept + self.slope * log_odds_of(p_call))


def log_odds_of(p_call: np.ndarray) -> np.ndarray:
    """Return log(p_call / (1 - p_call)), clipped so that it is finite."""
    from scipy.special import logit

    return logit(np.clip(p_call, SMALLEST, 1 - SMALLEST))


def recalibrate(sample: Sample) -> Recalibration | None:
    """Fit a logistic regression of the labels on the log-odds of the scores; None without a call and a no-call.

    Windows are weighted by the candidates that they stand for, so the fit is best for scores that are frequent at the
    site. A prior pulls the slope towards 1, its value if calls are rarer than in training but otherwise the same.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", for slope and intercept. King and Zeng (2001),
    "Logistic regression in rare events data", Political Analysis 9(2), sections 4.1 and 4.2: a different share of calls
    changes only the intercept, and the weights of a sample that is stratified by outcome.
    """
    from scipy.optimize import minimize

    if sample.is_call.all() or not sample.is_call.any():
        return None
    log_odds = log_odds_of(sample.p_call)
    signs = np.where(sample.is_call, -1.0, 1.0)
    weights = sample.weights * len(log_odds) / sample.weights.sum()

    def loss(numbers: np.ndarray) -> float:
        intercept, slope = numbers
        misfit = float(weights @ np.logaddexp(0, signs * (intercept + slope * log_odds)))
        return misfit + ((slope - 1) / SLOPE_DEVIATION) ** 2 / 2

    fitted = minimize(loss, np.array([0.0, 1.0]))
    return Recalibration(*(round(float(number), 4) for number in fitted.x))
