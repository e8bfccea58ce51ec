"""Measures of a model on the long recordings: false alarms per hour at given recalls, and average precision."""

from collections.abc import Sequence

import numpy as np

from experiments.detection.matching import match
from experiments.detection.measures import Detected, average_precision, curve
from experiments.field.sound import FieldData, overlaps_any
from experiments.field.study import Scored, candidates_in
from stages.lib.intervals.bootstrap import paired_bootstrap
from tools.lib.detection.detections import Detection

RECALLS = (0.6, 0.7, 0.8)


def outcome(data: FieldData, scored: Scored, names: Sequence[str]) -> Detected:
    """Compare the candidates of some recordings with the annotated calls.

    A candidate finds at most one call (`match`). It is a false alarm if it overlaps no call, as a listener would judge
    it. So a second candidate of the same call is neither. Scores are log-odds, which rounding does not make equal.
    """
    candidates = candidates_in(data, scored, names, scores="log_odds")
    p_call, found, numbers = [], [], []
    for number, name in enumerate(names):
        windows = [
            Detection(one.start_s, one.start_s + data.clip_s, one.p_call) for one in candidates if one.recording == name
        ]
        for window, finds in zip(windows, match(windows, data.calls[name]), strict=True):
            if finds or not overlaps_any(window.start_s, data.clip_s, data.calls[name]):
                p_call.append(window.p_call)
                found.append(finds)
                numbers.append(number)
    return Detected(
        np.array(p_call),
        np.array(found, bool),
        np.array(numbers),
        np.array([len(data.calls[name]) for name in names]),
        np.array([data.hours[name] for name in names]),
    )


def measures(found: Detected, drawn: np.ndarray) -> np.ndarray:
    """Return the false alarms per hour at each of `RECALLS` and the average precision, for samples of recordings.

    Parameters
    ----------
    found : Detected
    drawn : ndarray of int, shape (samples, recordings)
        How often each sample contains each recording.

    Returns
    -------
    ndarray of float, shape (samples, recalls + 1)
        Infinite if a recall is never reached; NaN for a sample without calls.
    """
    curves = curve(found, drawn)
    at_recalls = [
        np.where(curves.recall >= recall, curves.false_alarms_per_hour, np.inf).min(axis=1) for recall in RECALLS
    ]
    without_calls = np.isnan(curves.recall).any(axis=1)
    columns = np.column_stack([*at_recalls, average_precision(curves)])
    return np.where(without_calls[:, None], np.nan, columns)


def mean_over_seeds(seeds: Sequence[Detected]) -> list[tuple[float, float, float]]:
    """Return the mean of each of the `measures` over seeds, with its 95 % interval from samples of recordings.

    All seeds use the same samples, because they have the same recordings.
    """

    def means(drawn: np.ndarray) -> np.ndarray:
        return np.mean([measures(found, drawn) for found in seeds], axis=0)

    count = len(seeds[0].calls)
    (values,) = means(np.ones((1, count), int))
    low, high = paired_bootstrap(means, np.arange(count))
    return list(zip(values.tolist(), low.tolist(), high.tolist(), strict=True))


def threshold_at(found: Detected, recall: float) -> float:
    """Return the highest threshold that reaches a recall; minus infinity if none does."""
    scores = np.sort(found.p_call[found.found])[::-1]
    needed = int(np.ceil(recall * found.calls.sum() - 1e-9))
    return float(scores[needed - 1]) if needed <= len(scores) else -np.inf
