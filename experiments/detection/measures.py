"""How well calls are found in long recordings."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Detected(NamedTuple):
    """What was detected in some recordings, and what is in them.

    Attributes
    ----------
    p_call : ndarray of float, shape (detections,)
    found : ndarray of bool, shape (detections,)
        Whether the detection finds a call; it is a false alarm otherwise.
    recording : ndarray of int, shape (detections,)
        In which recording it lies.
    calls : ndarray of int, shape (recordings,)
        How many calls there are.
    hours : ndarray of float, shape (recordings,)
    """

    p_call: np.ndarray
    found: np.ndarray
    recording: np.ndarray
    calls: np.ndarray
    hours: np.ndarray


class Curve(NamedTuple):
    """What there is above each score that occurs, the highest first; one row for each sample of recordings.

    Attributes
    ----------
    recall, precision, false_alarms_per_hour : ndarray of float, shape (samples, scores)
        Recall is NaN for a sample without calls.
    """

    recall: np.ndarray
    precision: np.ndarray
    false_alarms_per_hour: np.ndarray


def curve(outcome: Detected, drawn: np.ndarray) -> Curve:
    """Return the curves of many samples of the same recordings.

    Parameters
    ----------
    outcome : Detected
    drawn : ndarray of int, shape (samples, recordings)
        How often each sample holds each recording.
    """
    order = np.argsort(-outcome.p_call, kind="stable")
    # Detections of equal score pass a threshold together.
    last_of_equals = np.flatnonzero(np.diff(outcome.p_call[order], append=-1.0))
    weights = drawn[:, outcome.recording[order]]
    found = np.cumsum(weights * outcome.found[order], axis=1)[:, last_of_equals]
    false_alarms = np.cumsum(weights * ~outcome.found[order], axis=1)[:, last_of_equals]
    calls, hours = (drawn @ of_each for of_each in (outcome.calls, outcome.hours))
    with np.errstate(invalid="ignore"):
        recall = found / calls[:, None]
    # Where nothing has passed the threshold yet, recall does not rise, so that any precision will do.
    return Curve(recall, found / np.maximum(found + false_alarms, 1), false_alarms / hours[:, None])


def average_precision(of: Curve) -> np.ndarray:
    """Return the mean precision over the calls, in [0, 1], of each sample; at a call that is never found it is 0.

    References
    ----------
    The sum of `sklearn.metrics.average_precision_score`, without interpolation, over all calls instead of the
    detected ones.
    """
    return (np.diff(of.recall, axis=1, prepend=0) * of.precision).sum(axis=1)


def recall_at(of: Curve, false_alarms_per_hour: Sequence[float]) -> np.ndarray:
    """Return the highest recall with so many false alarms an hour at most, shape (samples, levels)."""
    allowed = [of.false_alarms_per_hour <= level for level in false_alarms_per_hour]
    return np.stack([np.where(inside, of.recall, 0 * of.recall).max(axis=1, initial=0) for inside in allowed], axis=1)


def at_threshold(outcome: Detected, drawn: np.ndarray, threshold: float) -> np.ndarray:
    """Return recall, precision and false alarms an hour of the detections that score more: shape (samples, 3)."""
    weights = drawn[:, outcome.recording] * (outcome.p_call > threshold)
    found, false_alarms = weights @ outcome.found, weights @ ~outcome.found
    with np.errstate(invalid="ignore"):
        columns = [
            found / (drawn @ outcome.calls),
            found / (found + false_alarms),
            false_alarms / (drawn @ outcome.hours),
        ]
    return np.stack(columns, axis=1)
