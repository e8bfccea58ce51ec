"""A probe: logistic regression on the embeddings of a pretrained model."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stages.lib.model.calibration import AS_TRAINED, fit_temperature
from stages.lib.model.folds import fold_of_each, most_folds

# Inverse strength of the regularisation, multiplied by the channels of the embedding. It works well with 16 to 1,000
# labels (docs/pretrained.md). Few labels cannot tell which strength is best, so choosing by them costs accuracy.
USUAL_STRENGTH = 3.0
FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)  # The strengths to choose from, relative to the usual one.
FEWEST_TO_CHOOSE = 100  # Labels.
FOLDS = 10
MOST_STEPS = 1000  # Of scikit-learn's solver, which has never needed more than 30 here.


class Probe(NamedTuple):
    """A linear function of the signed square roots of an embedding.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (channels,)
    intercept : float
    strength : float
        Inverse strength of the regularisation in training.
    """

    coefficients: np.ndarray
    intercept: float
    strength: float

    def log_odds(self, embeddings: np.ndarray) -> np.ndarray:
        """Return log(p_call / (1 - p_call)) of embeddings of shape (clips, channels): float32 of shape (clips,)."""
        # A sum per clip does not depend on the other clips, as a product of matrices would.
        sums = (square_roots(embeddings) * self.coefficients).sum(axis=1)
        return (sums + self.intercept).astype(np.float32)

    def tempered(self, temperature: float) -> "Probe":
        """Return the probe whose log-odds are those of this one, divided by a temperature."""
        return self._replace(coefficients=self.coefficients / temperature, intercept=self.intercept / temperature)


def square_roots(embeddings: np.ndarray) -> np.ndarray:
    """Return the square roots of numbers, with their signs, as float64.

    Otherwise, a few large numbers in an embedding would dominate a standardisation by few clips.

    References
    ----------
    Perronnin, Sánchez and Mensink (2010), "Improving the Fisher kernel for large-scale image classification", section
    3.2: power normalisation.
    """
    values = embeddings.astype(np.float64)
    return np.copysign(np.sqrt(np.abs(values)), values)


class Trained(NamedTuple):
    """A probe, its temperature from cross-validation, and the numbers of calls and no-calls that this was fitted on."""

    probe: Probe
    temperature: float
    calibrated_by: tuple[int, int]


def train_probe(
    embeddings: np.ndarray,
    is_call: np.ndarray,
    weights: np.ndarray,
    recordings: Sequence[str],
    by_people: np.ndarray | None = None,
) -> Trained:
    """Train a probe, and calibrate it by cross-validation. The result does not depend on a random seed.

    With enough labels by people, cross-validation also chooses the strength of the regularisation.

    Parameters
    ----------
    embeddings : ndarray of float16, shape (clips, channels)
    is_call : ndarray of bool, shape (clips,)
        At least one call and one no-call.
    weights : ndarray of float, shape (clips,)
        Weight of each clip.
    recordings : sequence of str, one for each clip
        No recording is divided between folds, unless there are too few recordings.
    by_people : ndarray of bool, shape (clips,), optional
        Whether each label comes from people; by default, all do. The probe also learns from a model's own labels. But
        these agree with it too often to calibrate it or to choose its regularisation.
    """
    judges = np.ones(len(is_call), bool) if by_people is None else by_people
    usual = USUAL_STRENGTH / embeddings.shape[1]
    folds = folds_of(is_call, recordings)
    if folds is None or len(set(is_call[judges])) < 2:
        return Trained(fit(embeddings, is_call, weights, usual), AS_TRAINED, (0, 0))
    strengths = [usual * factor for factor in FACTORS] if judges.sum() >= FEWEST_TO_CHOOSE else [usual]
    trials = [trial(embeddings, is_call, weights, folds, strength, judges=judges) for strength in strengths]
    # Of equally good ones, this takes the strongest regularisation.
    best = min(trials, key=lambda tried: tried.loss)
    calibrated_by = int(is_call[judges].sum()), int((~is_call[judges]).sum())
    return Trained(fit(embeddings, is_call, weights, best.strength), best.temperature, calibrated_by)


class Trial(NamedTuple):
    """A strength, the temperature fitted to its held-out log-odds, and their cross-entropy with that temperature."""

    strength: float
    temperature: float
    loss: float


def trial(
    embeddings: np.ndarray,
    is_call: np.ndarray,
    weights: np.ndarray,
    folds: np.ndarray,
    strength: float,
    *,
    judges: np.ndarray,
) -> Trial:
    """Try a strength by cross-validation, judged by the clips of the mask `judges` only.

    The log-odds are calibrated first, because strong regularisation makes them small, which the temperature corrects.
    """
    log_odds = held_out_log_odds(embeddings, is_call, weights, folds, strength)[judges]
    is_call, weights = is_call[judges], weights[judges]
    temperature = fit_temperature(log_odds, is_call)
    return Trial(strength, temperature, cross_entropy_of(log_odds / temperature, is_call, balanced(weights, is_call)))


def folds_of(is_call: np.ndarray, recordings: Sequence[str]) -> np.ndarray | None:
    """Put whole recordings into folds, or else single clips; None if neither leaves enough to learn from.

    Returns
    -------
    ndarray of int, shape (clips,), or None
        Both calls and no-calls remain when any one fold is left out.
    """
    labels = list(map(str, is_call))
    for groups in (recordings, list(map(str, range(len(labels))))):
        count = min(FOLDS, most_folds(labels, groups))
        if count < 2:
            continue
        folds = fold_of_each(labels, groups, count, seed=0)
        if all(len(set(is_call[folds != fold])) == 2 for fold in set(folds)):
            return folds
    return None


def held_out_log_odds(
    embeddings: np.ndarray, is_call: np.ndarray, weights: np.ndarray, folds: np.ndarray, strength: float
) -> np.ndarray:
    """Return the log-odds of each clip by a probe trained on the other folds: float32 of shape (clips,)."""
    log_odds = np.empty(len(is_call), np.float32)
    for fold in np.unique(folds):
        rest = folds != fold
        log_odds[~rest] = fit(embeddings[rest], is_call[rest], weights[rest], strength).log_odds(embeddings[~rest])
    return log_odds


def balanced(weights: np.ndarray, is_call: np.ndarray) -> np.ndarray:
    """Return weights with which all calls together count as much as all no-calls.

    The share of calls among few labels is mostly luck, and would shift all scores to one side. With 32 random
    right-whale labels, that costs 0.013 of accuracy.
    """
    of_class = np.where(is_call, weights[is_call].sum(), weights[~is_call].sum())
    return weights * weights.sum() / (2 * of_class)


def cross_entropy_of(log_odds: np.ndarray, is_call: np.ndarray, weights: np.ndarray) -> float:
    """Return the mean binary cross-entropy."""
    return float(np.average(np.logaddexp(0, np.where(is_call, -log_odds, log_odds)), weights=weights))


def fit(embeddings: np.ndarray, is_call: np.ndarray, weights: np.ndarray, strength: float) -> Probe:
    """Train a probe: class-balanced logistic regression on standardised embeddings, with L2 regularisation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    standardised = scaler.fit_transform(square_roots(embeddings))
    regression = LogisticRegression(C=strength, max_iter=MOST_STEPS)
    regression.fit(standardised, is_call, sample_weight=balanced(weights, is_call))
    # The coefficients include the standardisation.
    coefficients = regression.coef_[0] / scaler.scale_
    return Probe(coefficients, float(regression.intercept_[0] - coefficients @ scaler.mean_), strength)
