"""Make folds for cross-validation that never divide a recording."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from stages.lib.runtime.faults import InputFaults


def fold_of_each(labels: Sequence[str], recordings: Sequence[str], fold_count: int, seed: int) -> np.ndarray:
    """Put whole recordings into folds of about equal size and equal share of calls.

    If every recording has one clip, the folds are stratified. Clips from one recording share noise and whales, so a
    network trained on one of them would confirm a wrong label of another.

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
    from sklearn.model_selection import StratifiedGroupKFold

    folds = np.empty(len(labels), int)
    splitter = StratifiedGroupKFold(fold_count, shuffle=True, random_state=seed)
    for fold, (_, held_out) in enumerate(splitter.split(labels, labels, recordings)):
        folds[held_out] = fold
    return folds


def most_folds(labels: Sequence[str], recordings: Sequence[str]) -> int:
    """Return the largest possible number of folds: the number of recordings or of clips with the rarer label."""
    counts = Counter(labels)
    return min(len(set(recordings)), *counts.values()) if len(counts) > 1 else 0


def refuse_too_many_folds(table: str, labels: Sequence[str], recordings: Sequence[str], fold_count: int) -> None:
    """Refuse a number of folds that the clips do not allow.

    With two folds, training would use one fold, and no other recording would be left for calibration.
    """
    most = most_folds(labels, recordings)
    counts = Counter(labels)
    held = ", ".join(
        [*(f"{count} {label}" for label, count in sorted(counts.items())), f"{len(set(recordings))} recordings"]
    )
    if most < 3:
        raise InputFaults([f"{table}: has too few clips for a cross-validation ({held}); label more recordings"])
    if not 3 <= fold_count <= most:
        raise InputFaults([f"--folds {fold_count}: {table} allows 3 to {most} ({held}); give a number in this range"])
