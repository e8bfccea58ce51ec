"""Training: the same recipe for the baseline and for the retrained model."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from stages.lib.feature_store import Features, in_batches, load_clips
from stages.lib.model.calibration import fit_temperature
from stages.lib.model.model_folder import BATCH_SIZE, Model, log_odds_of
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.params import Section
from stages.lib.tables.clips import CALL

HISTORY_COLUMNS = ("epoch", "loss", "valid_loss", "accuracy", "valid_accuracy")


class TrainParams(Section):
    """Section `train` of params.yaml."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    networks: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]


class LabelledClips(NamedTuple):
    """Clips to learn from: their ids, `call` or `nocall` for each, and what each counts for."""

    clip_ids: list[str]
    labels: list[str]
    weights: list[float]

    @classmethod
    def alike(cls, clip_ids: Sequence[str], labels: Sequence[str]) -> "LabelledClips":
        """Return clips that each count for one."""
        return cls(list(clip_ids), list(labels), [1.0] * len(clip_ids))

    @property
    def targets(self) -> np.ndarray:
        """1 for a call and 0 for a no-call: float32 of shape (clips, 1)."""
        return np.array([[label == CALL] for label in self.labels], np.float32)


def cross_entropy(targets, log_odds):
    """Return the binary cross-entropy of each clip, from log-odds; the mean over the networks.

    Its gradient holds one division. Keras' own holds the gradient of a logarithm, for which TensorFlow takes a
    reciprocal that makers of processors approximate differently.

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
    """Return 1 for each clip of which the mean of the networks is right, otherwise 0; parameters as above."""
    from keras import ops

    return ops.cast(ops.equal(targets[:, 0] > 0, ops.mean(log_odds, axis=-1) > 0), "float32")


def train_new_model(
    features: Features,
    train: LabelledClips,
    valid: LabelledClips,
    params: TrainParams,
    normalisation: Normalisation | None = None,
) -> tuple[Model, list[tuple]]:
    """Train a model from random weights, and calibrate it.

    Parameters
    ----------
    features : Features
    train, valid : LabelledClips
        What to learn from, and what to calibrate by.
    params : TrainParams
    normalisation : Normalisation, optional
        Learnt from the clips to train on where it is not given.

    Returns
    -------
    model : Model
    history : list of tuple
        As of `train_model`.
    """
    # Before every training, so that none depends on those before it.
    pin(params.seed)
    normalisation = normalisation or Normalisation.learn(
        load_clips(features, batch) for batch in in_batches(train.clip_ids, BATCH_SIZE)
    )
    network = build_network(tuple(features.description["shape"]), params.networks)
    model = Model(network, features.description, normalisation)
    history = train_model(model, features, train, valid, params)
    return calibrate(model, features, valid), history


def train_model(
    model: Model, features: Features, train: LabelledClips, valid: LabelledClips, params: TrainParams
) -> list[tuple]:
    """Train a model.

    All epochs run. The learning rate has fallen to zero at the last one, so its weights are settled; choosing an epoch
    by the validation clips would choose by luck where these are few, and spoil them for the calibration.

    Parameters
    ----------
    model : Model
        Its network is trained in place.
    features : Features
    train, valid : LabelledClips
        What to learn from, and what to measure every epoch on for the history.
    params : TrainParams

    Returns
    -------
    list of tuple
        The history: one row an epoch, columns as in `HISTORY_COLUMNS`.
    """
    import keras
    import tensorflow
    from tqdm.keras import TqdmCallback

    def batched(positions: tensorflow.data.Dataset, clips: LabelledClips):
        """Load the clips at some positions, a batch at a time, so that memory holds no more than that."""
        targets, weights = clips.targets, np.array(clips.weights, np.float32)
        shape = model.network.input_shape[1:]

        def load(batch: np.ndarray) -> tuple[np.ndarray, ...]:
            arrays = load_clips(features, [clips.clip_ids[position] for position in batch])
            return model.normalisation.apply(arrays), targets[batch], weights[batch]

        def with_shapes(batch):
            arrays, of_batch, weight = tensorflow.numpy_function(load, [batch], (np.float32,) * 3)
            return (
                tensorflow.ensure_shape(arrays, (None, *shape)),
                tensorflow.ensure_shape(of_batch, (None, 1)),
                tensorflow.ensure_shape(weight, (None,)),
            )

        return positions.batch(params.batch_size).map(with_shapes).prefetch(1)

    def positions_of(clips: LabelledClips) -> tensorflow.data.Dataset:
        return tensorflow.data.Dataset.range(len(clips.clip_ids))

    batches = batched(positions_of(train).shuffle(len(train.clip_ids), seed=params.seed), train)
    # The learning rate falls along a cosine to zero at the last epoch.
    rate = keras.optimizers.schedules.CosineDecay(params.learning_rate, params.epochs * len(batches))
    model.network.compile(keras.optimizers.Adam(rate), cross_entropy, weighted_metrics=[accuracy])
    history = model.network.fit(
        batches,
        epochs=params.epochs,
        validation_data=batched(positions_of(valid), valid),
        callbacks=[TqdmCallback(verbose=0, disable=None)],
        shuffle=False,  # The batches are shuffled already.
        verbose=0,
    ).history
    rows = zip(*(history[key] for key in ("loss", "val_loss", "accuracy", "val_accuracy")), strict=True)
    return [(epoch, *(f"{value:.6f}" for value in row)) for epoch, row in enumerate(rows, start=1)]


def calibrate(model: Model, features: Features, valid: LabelledClips) -> Model:
    """Return a trained model with the temperature that the validation clips ask for."""
    is_call = valid.targets[:, 0] == 1
    return model._replace(
        temperature=fit_temperature(log_odds_of(model, features, valid.clip_ids), is_call),
        calibrated_by=(int(is_call.sum()), int((~is_call).sum())),
    )
