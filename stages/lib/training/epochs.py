"""The epochs of a training: the loss, the learning rate, and the measures after each epoch."""

import numpy as np

from stages.lib.feature_store import Features, load_clips
from stages.lib.model.model_folder import Model
from stages.lib.runtime.faults import refuse
from stages.lib.training.inputs import LabelledClips, TrainParams

HISTORY_COLUMNS = ("epoch", "loss", "valid_loss", "accuracy", "valid_accuracy")
DIVERGED = (
    "params.yaml: the loss of the training is no longer a number; make train.learning_rate smaller, or the weights "
    "merge_labels.review_weight and merge_labels.model_labels.weight"
)


def train_model(
    model: Model, features: Features, train: LabelledClips, valid: LabelledClips, params: TrainParams
) -> list[tuple]:
    """Train a model.

    All epochs run. The learning rate falls to zero at the last epoch, so its weights are settled. Choosing an epoch by
    few validation clips would be luck, and would make these clips useless for the calibration.

    Parameters
    ----------
    model : Model
        A model with a network, which is trained in place.
    features : Features
    train, valid : LabelledClips
        The clips to learn from, and the clips to measure every epoch on.
    params : TrainParams

    Returns
    -------
    list of tuple
        The history: one row per epoch, columns as in `HISTORY_COLUMNS`.

    Raises
    ------
    InputFaults
        If the loss is no longer a number, because the steps or the weights of the clips are too large.
    """
    import keras
    import tensorflow
    from tqdm.keras import TqdmCallback

    normalisation = model.normalisation
    if normalisation is None:
        raise ValueError("a model without a network has nothing to train by epochs")

    def batched(positions: tensorflow.data.Dataset, clips: LabelledClips):
        """Load the clips at some positions, with only one batch in memory at a time."""
        targets, weights = clips.targets, np.array(clips.weights, np.float32)
        shape = model.network.input_shape[1:]

        def load(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            arrays = load_clips(features, [clips.clip_ids[position] for position in batch])
            return normalisation.apply(arrays), targets[batch], weights[batch]

        def with_shapes(batch):
            arrays, of_batch, weight = tensorflow.numpy_function(load, [batch], (np.float32,) * 3)
            return (
                tensorflow.ensure_shape(arrays, (None, *shape)),
                tensorflow.ensure_shape(of_batch, (None, 1)),
                tensorflow.ensure_shape(weight, (None,)),
            )

        # There is nothing to tune, and the thread that tunes would delay the end of each pass by a second (measured).
        options = tensorflow.data.Options()
        options.autotune.enabled = False
        return positions.batch(params.batch_size).map(with_shapes).prefetch(1).with_options(options)

    def positions_of(clips: LabelledClips) -> tensorflow.data.Dataset:
        return tensorflow.data.Dataset.range(len(clips.clip_ids))

    batches = batched(positions_of(train).shuffle(len(train.clip_ids), seed=params.seed), train)
    # The learning rate falls along a cosine to zero at the last epoch.
    rate = keras.optimizers.schedules.CosineDecay(params.learning_rate, params.epochs * len(batches))
    model.network.compile(keras.optimizers.Adam(rate), cross_entropy, weighted_metrics=[accuracy])
    history = model.network.fit(
        batches,
        epochs=params.epochs,
        validation_data=batched(positions_of(valid), valid) if valid.clip_ids else None,
        callbacks=[TqdmCallback(verbose=0, disable=None)],
        shuffle=False,  # The batches are shuffled already.
        verbose=0,
    ).history
    refuse([] if np.isfinite(history["loss"]).all() else [DIVERGED])
    unknown = [None] * params.epochs
    rows = zip(*(history.get(key, unknown) for key in ("loss", "val_loss", "accuracy", "val_accuracy")), strict=True)
    return [(epoch, *map(six_decimals, row)) for epoch, row in enumerate(rows, start=1)]


def cross_entropy(targets, log_odds):
    """Return the binary cross-entropy of each clip from log-odds, as the mean over the networks.

    Keras' own loss contains a logarithm. TensorFlow computes its gradient with a reciprocal, which processor
    manufacturers approximate differently. The gradient of this loss has a single division.

    Parameters
    ----------
    targets : tensor of float32, shape (clips, 1)
    log_odds : tensor of float32, shape (clips, networks)

    Returns
    -------
    tensor of float32, shape (clips,), at least 0
    """
    from keras import ops

    return ops.mean(ops.softplus(log_odds) - targets * log_odds, axis=-1)


def accuracy(targets, log_odds):
    """Return 1 for each clip that the mean of the networks gets right, and 0 otherwise; parameters as above."""
    from keras import ops

    return ops.cast(ops.equal(targets[:, 0] > 0, ops.mean(log_odds, axis=-1) > 0), "float32")


def six_decimals(value: float | None) -> str:
    """Format a number for the history; empty for None, as without validation clips."""
    return "" if value is None else f"{value:.6f}"
