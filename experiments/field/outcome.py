"""What a detector is worth in some recordings: false alarms per hour at a recall, average precision, by recording."""

from collections.abc import Sequence

import numpy as np

from experiments.detection.matching import match
from experiments.detection.measures import Detected, average_precision, curve
from experiments.field.sound import Sea, overlaps_any
from experiments.field.study import Scored, candidates_in
from stages.lib.intervals.bootstrap import paired_bootstrap
from tools.lib.detection.detections import Detection

RECALLS = (0.6, 0.7, 0.8)


def outcome(sea: Sea, scored: Scored, names: Sequence[str]) -> Detected:
    """Compare the candidates of some recordings with the annotated calls.

    A candidate finds one call at most (`match`). A false alarm is one that overlaps no call, as a person who listens to
    it would say; so a second candidate of the same call is neither. Scores are log-odds, which no rounding makes equal.
    """
    candidates = candidates_in(sea, scored, names, scores="log_odds")
    p_call, found, numbers = [], [], []
    for number, name in enumerate(names):
        windows = [
            Detection(one.start_s, one.start_s + sea.clip_s, one.p_call) for one in candidates if one.recording == name
        ]
        for window, finds in zip(windows, match(windows, sea.calls[name]), strict=True):
            if finds or not overlaps_any(window.start_s, sea.clip_s, sea.calls[name]):
                p_call.append(window.p_call)
                found.append(finds)
                numbers.append(number)
    return Detected(
        np.array(p_call),
        np.array(found, bool),
        np.array(numbers),
        np.array([len(sea.calls[name]) for name in names]),
        np.array([sea.hours[name] for name in names]),
    )


def measures(of: Detected, drawn: np.ndarray) -> np.ndarray:
    """Return the false alarms per hour at each of `RECALLS`, and the average precision, of samples of recordings.

    Parameters
    ----------
    of : Detected
    drawn : ndarray of int, shape (samples, recordings)

    Returns
    -------
    ndarray of float, shape (samples, recalls + 1)
        Infinite where a recall is never reached; NaN in a sample without calls.
    """
    found = curve(of, drawn)
    at_recalls = [
        np.where(found.recall >= recall, found.false_alarms_per_hour, np.inf).min(axis=1) for recall in RECALLS
    ]
    without_calls = np.isnan(found.recall).any(axis=1)
    columns = np.column_stack([*at_recalls, average_precision(found)])
    return np.where(without_calls[:, None], np.nan, columns)


def mean_over_seeds(seeds: Sequence[Detected]) -> list[tuple[float, float, float]]:
    """Return the mean of each of the `measures` over seeds, with its 95 % interval over the recordings.

    Each sample of recordings is the same for all seeds, as they are about the same recordings.
    """

    def of_sample(drawn: np.ndarray) -> np.ndarray:
        return np.mean([measures(of, drawn) for of in seeds], axis=0)

    count = len(seeds[0].calls)
    (values,) = of_sample(np.ones((1, count), int))
    low, high = paired_bootstrap(of_sample, np.arange(count))
    return list(zip(values.tolist(), low.tolist(), high.tolist(), strict=True))


def threshold_at(of: Detected, recall: float) -> float:
    """Return the lowest score that has to be passed for a recall; minus infinity where it is never reached."""
    found = np.sort(of.p_call[of.found])[::-1]
    needed = int(np.ceil(recall * of.calls.sum() - 1e-9))
    return float(found[needed - 1]) if needed <= len(found) else -np.inf
