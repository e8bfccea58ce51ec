"""Training: the same recipe for the baseline and for the retrained model."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from stages.lib.feature_store import EMBEDDING, SPECTROGRAM, Features, in_batches, load_clips, recordings_of
from stages.lib.model.calibration import fit_temperature
from stages.lib.model.model_folder import BATCH_SIZE, Model, log_odds_of
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.model.probe import Probe, cross_entropy_of, train_probe
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
    def is_call(self) -> np.ndarray:
        """Whether each is a call: bool of shape (clips,)."""
        return np.array([label == CALL for label in self.labels], bool)

    @property
    def targets(self) -> np.ndarray:
        """1 for a call and 0 for a no-call: float32 of shape (clips, 1)."""
        return self.is_call.astype(np.float32)[:, None]


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
    """Train what the features ask for: networks from random weights, a probe, or both; calibrate it.

    Parameters
    ----------
    features : Features
    train, valid : LabelledClips
        What to learn from, and what to calibrate by.
    params : TrainParams
    normalisation : Normalisation, optional
        Of the spectrogram. Learnt from the clips to train on where it is not given.

    Returns
    -------
    model : Model
    history : list of tuple
        As of `train_model`; of a probe one row.
    """
    if SPECTROGRAM not in features.views:
        return train_parts(Model(None, features.description, None), features, train, valid, params)
    # Before every training, so that none depends on those before it.
    pin(params.seed)
    normalisation = normalisation or Normalisation.learn(
        load_clips(features, batch) for batch in in_batches(train.clip_ids, BATCH_SIZE)
    )
    network = build_network(tuple(features.description["shapes"][SPECTROGRAM]), params.networks)
    model = Model(network, features.description, normalisation)
    return train_parts(model, features, train, valid, params)


def with_new_network(model: Model, params: TrainParams) -> Model:
    """Return a model with random weights in place of those of its network, if it has one."""
    if model.network is None:
        return model
    return model._replace(network=build_network(model.network.input_shape[1:], params.networks))


def train_parts(
    model: Model, features: Features, train: LabelledClips, valid: LabelledClips, params: TrainParams
) -> tuple[Model, list[tuple]]:
    """Train the network of a model in place, if it has one, and a probe, if there are embeddings; calibrate both."""
    history = [] if model.network is None else train_model(model, features, train, valid, params)
    if EMBEDDING not in features.views:
        return calibrate(model, features, valid), history
    recordings = recordings_of(features, train.clip_ids)
    embeddings = load_clips(features, train.clip_ids, EMBEDDING)
    probe, temperature, calibrated_by = train_probe(embeddings, train.is_call, np.array(train.weights), recordings)
    if model.network is None:
        model = model._replace(probe=probe, temperature=temperature, calibrated_by=calibrated_by)
        return model, [probe_row(probe, features, train, valid)]
    # Each by itself first, so that the one which is too sure of itself does not outweigh the other.
    alone = calibrate(model._replace(probe=None), features, valid).temperature
    both = model._replace(probe=probe.tempered(temperature), network_temperature=alone)
    return calibrate(both, features, valid), history


def probe_row(probe: Probe, features: Features, train: LabelledClips, valid: LabelledClips) -> tuple:
    """Return the history of a probe, which has no epochs: one row."""
    row = {}
    for name, clips in (("", train), ("valid_", valid)):
        log_odds = probe.log_odds(load_clips(features, clips.clip_ids, EMBEDDING))
        known = len(log_odds) > 0
        row[f"{name}loss"] = cross_entropy_of(log_odds, clips.is_call, np.array(clips.weights)) if known else None
        row[f"{name}accuracy"] = np.mean((log_odds > 0) == clips.is_call) if known else None
    return 1, *(six_decimals(row[column]) for column in HISTORY_COLUMNS[1:])


def train_model(
    model: Model, features: Features, train: LabelledClips, valid: LabelledClips, params: TrainParams
) -> list[tuple]:
    """Train a model.

    All epochs run. The learning rate has fallen to zero at the last one, so its weights are settled; choosing an epoch
    by the validation clips would choose by luck where these are few, and spoil them for the calibration.

    Parameters
    ----------
    model : Model
        With a network, which is trained in place.
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

    normalisation = model.normalisation
    if normalisation is None:
        raise ValueError("a model without a network has nothing to train by epochs")

    def batched(positions: tensorflow.data.Dataset, clips: LabelledClips):
        """Load the clips at some positions, a batch at a time, so that memory holds no more than that."""
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
        validation_data=batched(positions_of(valid), valid) if valid.clip_ids else None,
        callbacks=[TqdmCallback(verbose=0, disable=None)],
        shuffle=False,  # The batches are shuffled already.
        verbose=0,
    ).history
    unknown = [None] * params.epochs
    rows = zip(*(history.get(key, unknown) for key in ("loss", "val_loss", "accuracy", "val_accuracy")), strict=True)
    return [(epoch, *map(six_decimals, row)) for epoch, row in enumerate(rows, start=1)]


def six_decimals(value: float | None) -> str:
    """Return a number as the history has it; nothing where it is not known, for want of validation clips."""
    return "" if value is None else f"{value:.6f}"


def calibrate(model: Model, features: Features, valid: LabelledClips) -> Model:
    """Return a trained model with the temperature that the validation clips ask for."""
    is_call = valid.is_call
    return model._replace(
        temperature=fit_temperature(log_odds_of(model, features, valid.clip_ids), is_call),
        calibrated_by=(int(is_call.sum()), int((~is_call).sum())),
    )
