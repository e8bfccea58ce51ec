"""Score every clip by cross-validation, with one training per fold."""

from collections.abc import Sequence
from itertools import compress

import numpy as np
from tqdm import tqdm

from stages.lib.feature_store import Features
from stages.lib.model.folds import fold_of_each, most_folds
from stages.lib.model.model_folder import Model
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model

# About a tenth of the training clips of a fold is kept for calibration, as for the baseline.
VALID_FOLDS = 10


def out_of_fold_log_odds(
    features: Features, clips: LabelledClips, recordings: Sequence[str], fold_count: int, params: TrainParams
) -> np.ndarray:
    """Return the calibrated log-odds of every clip from a network trained on other recordings.

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
    """
    folds = fold_of_each(clips.labels, recordings, fold_count, params.seed)
    log_odds = np.empty(len(clips.clip_ids))
    for fold in tqdm(range(fold_count), desc="cross-validation", unit="fold", disable=None):
        held_out = folds == fold
        model = trained(features, chosen(clips, ~held_out), list(compress(recordings, ~held_out)), params)
        log_odds[held_out] = calibrated_log_odds(model, features, chosen(clips, held_out).clip_ids)
    return log_odds


def trained(features: Features, clips: LabelledClips, recordings: Sequence[str], params: TrainParams) -> Model:
    """Train the network like the stage `train`, with some recordings kept for calibration."""
    model, _ = train_new_model(features, *calibration_apart(clips, recordings, params.seed), params)
    return model


def calibration_apart(
    clips: LabelledClips, recordings: Sequence[str], seed: int
) -> tuple[LabelledClips, LabelledClips]:
    """Divide clips into those to train on and those of a few recordings to calibrate by."""
    fold_count = max(2, min(VALID_FOLDS, most_folds(clips.labels, recordings)))
    folds = fold_of_each(clips.labels, recordings, fold_count, seed)
    left_out = folds == folds.min()
    return chosen(clips, ~left_out), chosen(clips, left_out)


def chosen(clips: LabelledClips, mask: np.ndarray) -> LabelledClips:
    """Return the clips for which a mask of shape (clips,) is true."""
    return LabelledClips(
        list(compress(clips.clip_ids, mask)), list(compress(clips.labels, mask)), list(compress(clips.weights, mask))
    )
