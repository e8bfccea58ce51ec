"""What the network thinks of clips that it has not learnt from: one training for each fold."""

from collections.abc import Sequence
from itertools import compress

import numpy as np
from tqdm import tqdm

from stages.lib.determinism import pin
from stages.lib.feature_store import Features, load_clips
from stages.lib.model_folder import Model, score_clips
from stages.lib.network import build_network
from stages.lib.normalisation import Normalisation
from stages.lib.training import LabelledClips, TrainParams, calibrate, train_model
from tools.lib.recording_folds import fold_of_each, most_folds

# Of the clips that a fold leaves to learn from, about a tenth is left out to calibrate by, as it is for the baseline.
VALID_FOLDS = 10


def out_of_fold_scores(
    features: Features, clips: LabelledClips, recordings: Sequence[str], fold_count: int, params: TrainParams
) -> np.ndarray:
    """Return `p_call` of every clip by a network that was trained on other recordings.

    Parameters
    ----------
    features : Features
    clips : LabelledClips
    recordings : sequence of str, one for each clip
    fold_count : int
    params : TrainParams

    Returns
    -------
    ndarray of float64, shape (clips,), in [0, 1]
    """
    folds = fold_of_each(clips.labels, recordings, fold_count, params.seed)
    p_call = np.empty(len(clips.clip_ids))
    for fold in tqdm(range(fold_count), desc="cross-validation", unit="fold", disable=None):
        held_out = folds == fold
        model = trained(features, chosen(clips, ~held_out), list(compress(recordings, ~held_out)), params)
        p_call[held_out] = score_clips(model, features, chosen(clips, held_out).clip_ids)
    return p_call


def trained(features: Features, clips: LabelledClips, recordings: Sequence[str], params: TrainParams) -> Model:
    """Train the network as the stage `train` does, with some of the recordings left out to calibrate by."""
    fold_count = max(2, min(VALID_FOLDS, most_folds(clips.labels, recordings)))
    folds = fold_of_each(clips.labels, recordings, fold_count, params.seed)
    left_out = folds == folds.min()
    train, valid = chosen(clips, ~left_out), chosen(clips, left_out)
    # Anew for each fold, so that its training does not depend on those before it.
    pin(params.seed)
    normalisation = Normalisation.learn(load_clips(features, train.clip_ids))
    network = build_network(tuple(features.description["shape"]))
    model = Model(network, features.description, normalisation)
    train_model(model, features, train, valid, params)
    return calibrate(model, features, valid)


def chosen(clips: LabelledClips, mask: np.ndarray) -> LabelledClips:
    """Return the clips at which a mask of shape (clips,) is true."""
    return LabelledClips(*(list(compress(values, mask)) for values in clips))
