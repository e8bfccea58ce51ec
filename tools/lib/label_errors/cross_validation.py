"""Score every clip by cross-validation, with one training per fold."""

from collections import Counter
from collections.abc import Sequence
from itertools import compress

import numpy as np
from tqdm import tqdm

from stages.lib.feature_store import SPECTROGRAM, Features
from stages.lib.model.folds import fold_of_each, most_folds
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model

# About a tenth of the training clips of a fold is kept for calibration, as for the baseline.
VALID_FOLDS = 10


def out_of_fold_log_odds(
    features: Features, clips: LabelledClips, recordings: Sequence[str], fold_count: int, params: TrainParams
) -> np.ndarray:
    """Return the calibrated log-odds of every clip from a model trained on other recordings.

    Parameters
    ----------
    features : Features
    clips : LabelledClips
    recordings : sequence of str, one for each clip
    fold_count : int
    params : TrainParams

    Returns
    -------
    ndarray of float64, shape (clips,)

    Raises
    ------
    InputFaults
        If the other recordings of a fold hold no call or no no-call.
    """
    folds = fold_of_each(clips.labels, recordings, fold_count, params.seed)
    one_sided = any(len(set(chosen(clips, folds != fold).labels)) < 2 for fold in range(fold_count))
    fault = f"--folds {fold_count}: a model would learn from calls alone, or from no-calls alone"
    refuse([f"{fault}; give another number, or label more recordings"] if one_sided else [])
    log_odds = np.empty(len(clips.clip_ids))
    for fold in tqdm(range(fold_count), desc="cross-validation", unit="fold", disable=None):
        held_out = folds == fold
        known, apart = chosen(clips, ~held_out), chosen(clips, np.zeros(len(folds), bool))
        if SPECTROGRAM in features.views:  # A probe is calibrated by the clips that it learns from.
            known, apart = calibration_apart(known, list(compress(recordings, ~held_out)), params.seed)
        model, _ = train_new_model(features, known, apart, params)
        log_odds[held_out] = calibrated_log_odds(model, features, chosen(clips, held_out).clip_ids)
    return log_odds


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


def calibration_apart(
    clips: LabelledClips, recordings: Sequence[str], seed: int
) -> tuple[LabelledClips, LabelledClips]:
    """Divide clips into training clips and the clips of a few recordings for calibration.

    Both labels remain to learn from. If that is impossible, no clip is set apart.
    """
    fold_count = min(VALID_FOLDS, most_folds(clips.labels, recordings))
    folds = fold_of_each(clips.labels, recordings, fold_count, seed) if fold_count > 1 else np.zeros(len(recordings))
    for left_out in (folds == fold for fold in np.unique(folds)):
        if len(set(chosen(clips, ~left_out).labels)) > 1:
            return chosen(clips, ~left_out), chosen(clips, left_out)
    return clips, chosen(clips, np.zeros(len(recordings), bool))


def chosen(clips: LabelledClips, mask: np.ndarray) -> LabelledClips:
    """Return the clips for which a mask of shape (clips,) is true."""
    return LabelledClips(
        list(compress(clips.clip_ids, mask)), list(compress(clips.labels, mask)), list(compress(clips.weights, mask))
    )
