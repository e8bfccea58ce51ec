"""Folds for cross-validation that never divide a recording."""

from collections import Counter
from collections.abc import Sequence

import numpy as np


def fold_of_each(labels: Sequence[str], recordings: Sequence[str], fold_count: int, seed: int) -> np.ndarray:
    """Put whole recordings into folds of about the same size and the same share of calls.

    If every recording has one clip, these are plain stratified folds. Clips of one recording share noise and whales, so
    a model that has learned from one of them would agree with a wrong label of another.

    Parameters
    ----------
    labels, recordings : sequence of str, one for each clip
    fold_count : int
    seed : int

    Returns
    -------
    ndarray of int, shape (clips,)
        From 0 to `fold_count` - 1.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # Importing it takes a second.

    folds = np.empty(len(labels), int)
    splitter = StratifiedGroupKFold(fold_count, shuffle=True, random_state=seed)
    for fold, (_, held_out) in enumerate(splitter.split(labels, labels, recordings)):
        folds[held_out] = fold
    return folds


def most_folds(labels: Sequence[str], recordings: Sequence[str]) -> int:
    """Return the largest possible number of folds: the number of recordings, or of clips of the rarer label."""
    counts = Counter(labels)
    return min(len(set(recordings)), *counts.values()) if len(counts) > 1 else 0
