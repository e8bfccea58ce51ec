"""Measures of detection in long recordings."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Detected(NamedTuple):
    """The detections in some recordings, and the calls in them.

    Attributes
    ----------
    p_call : ndarray of float, shape (detections,)
    found : ndarray of bool, shape (detections,)
        Whether each detection finds a call; otherwise it is a false alarm.
    recording : ndarray of int, shape (detections,)
        The number of the recording of each detection.
    calls : ndarray of int, shape (recordings,)
        The number of calls in each recording.
    hours : ndarray of float, shape (recordings,)
        The length of each recording.
    """

    p_call: np.ndarray
    found: np.ndarray
    recording: np.ndarray
    calls: np.ndarray
    hours: np.ndarray


class Curve(NamedTuple):
    """The measures at each score that occurs, the highest first; one row per sample of recordings.

    Attributes
    ----------
    recall, precision, false_alarms_per_hour : ndarray of float, shape (samples, scores)
        Recall is NaN for a sample without calls.
    """

    recall: np.ndarray
    precision: np.ndarray
    false_alarms_per_hour: np.ndarray


def curve(outcome: Detected, drawn: np.ndarray) -> Curve:
    """Return the curves for many samples of the same recordings.

    Parameters
    ----------
    outcome : Detected
    drawn : ndarray of int, shape (samples, recordings)
        How often each sample contains each recording.
    """
    order = np.argsort(-outcome.p_call, kind="stable")
    # Detections with equal scores pass a threshold together.
    last_of_equals = np.flatnonzero(np.diff(outcome.p_call[order], append=-1.0))
    weights = drawn[:, outcome.recording[order]]
    found = np.cumsum(weights * outcome.found[order], axis=1)[:, last_of_equals]
    false_alarms = np.cumsum(weights * ~outcome.found[order], axis=1)[:, last_of_equals]
    calls, hours = (drawn @ of_each for of_each in (outcome.calls, outcome.hours))
    with np.errstate(invalid="ignore"):
        recall = found / calls[:, None]
    # The precision of no detections is set to 0. It does not matter, because recall is 0 there.
    return Curve(recall, found / np.maximum(found + false_alarms, 1), false_alarms / hours[:, None])


def average_precision(curves: Curve) -> np.ndarray:
    """Return the average precision of each sample, in [0, 1].

    This is `sklearn.metrics.average_precision_score`, without interpolation, but over all calls. A call that is never
    found counts with precision 0.
    """
    return (np.diff(curves.recall, axis=1, prepend=0) * curves.precision).sum(axis=1)


def recall_at(curves: Curve, false_alarms_per_hour: Sequence[float]) -> np.ndarray:
    """Return the highest recall with at most so many false alarms per hour: shape (samples, levels)."""
    recall = curves.recall
    allowed = [curves.false_alarms_per_hour <= level for level in false_alarms_per_hour]
    return np.stack([np.where(inside, recall, 0 * recall).max(axis=1, initial=0) for inside in allowed], axis=1)


def at_threshold(outcome: Detected, drawn: np.ndarray, threshold: float) -> np.ndarray:
    """Return recall, precision and false alarms per hour of the detections above a threshold: shape (samples, 3)."""
    weights = drawn[:, outcome.recording] * (outcome.p_call > threshold)
    found, false_alarms = weights @ outcome.found, weights @ ~outcome.found
    with np.errstate(invalid="ignore"):
        columns = [
            found / (drawn @ outcome.calls),
            found / (found + false_alarms),
            false_alarms / (drawn @ outcome.hours),
        ]
    return np.stack(columns, axis=1)
