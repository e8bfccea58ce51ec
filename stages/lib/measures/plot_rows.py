"""The rows of the tables that `dvc plots` draws of a model; there are none without test clips."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from stages.lib.measures.measures import CLASS_NAMES
from stages.lib.measures.reliability import reliability


def reliability_rows(is_call: np.ndarray, scores: Mapping[str, np.ndarray]) -> list[tuple]:
    """Return the reliability diagram: which scores, their mean in a bin, the share of calls there, the clips there.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    scores : mapping from a name to ndarray of float, shape (clips,)
        Each `p_call`, in [0, 1].
    """
    return [
        (name, round(mean, 6), round(share, 6), clips)
        for name, p_call in scores.items()
        for mean, share, clips in reliability(is_call, p_call)
    ]


def roc_rows(is_call: np.ndarray, log_odds: np.ndarray) -> list[tuple]:
    """Return the ROC curve: false positive rate, true positive rate."""
    if not len(is_call):
        return []
    false_positive_rate, true_positive_rate, _ = roc_curve(is_call, log_odds)
    return list(zip(false_positive_rate.round(6), true_positive_rate.round(6), strict=True))


def precision_recall_rows(is_call: np.ndarray, log_odds: np.ndarray) -> list[tuple]:
    """Return the precision-recall curve: recall, precision."""
    if not len(is_call):
        return []
    precision, recall, _ = precision_recall_curve(is_call, log_odds)
    return list(zip(recall.round(6), precision.round(6), strict=True))


def outcome_rows(
    clip_ids: Sequence[str], recordings: Sequence[str], is_call: np.ndarray, log_odds: np.ndarray
) -> list[tuple]:
    """Return a row per clip: its id, its recording, its class, the class the model says."""
    calls, nocalls = CLASS_NAMES
    return [
        (clip_id, recording, calls if truth else nocalls, calls if called else nocalls)
        for clip_id, recording, truth, called in zip(clip_ids, recordings, is_call, log_odds > 0, strict=True)
    ]
