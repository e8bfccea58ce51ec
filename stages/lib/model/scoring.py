"""Log-odds and embeddings of clips, by a model."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from stages.lib.feature_store import EMBEDDING, SPECTROGRAM, Features, in_batches, load_clips, load_views
from stages.lib.model.calibration import tempered
from stages.lib.model.model_folder import Model, received_model
from stages.lib.model.network import embedding_network
from stages.lib.model.normalisation import Normalisation

# Clips are scored in batches of a fixed size, because the size can change the last bits of a score (measured: 1 and 7).
# The place of a clip in its batch and the other clips there change nothing.
BATCH_SIZE = 64


def calibrated_log_odds(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return the log-odds of some clips, divided by the temperature of the model: float64 of shape (clips,)."""
    return tempered(log_odds_of(model, features, clip_ids), model.temperature)


def log_odds_of(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return log(p_call / (1 - p_call)) of some clips, the mean of the networks: float32 of shape (clips,)."""
    return log_odds_by_network(model, features, clip_ids).mean(axis=1)


def log_odds_by_network(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return log(p_call / (1 - p_call)) of some clips by each network: float32 of shape (clips, networks).

    If the model also has a probe, each column is the mean of a network and the probe. A probe alone is one column.
    """
    return through(partial(log_odds_of_views, model), features, clip_ids, model.networks)


def embedding_of(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return an embedding of some clips: float32 of shape (clips, channels).

    It comes from the pretrained model if there is one, and otherwise from the network before its last layers.
    """
    if model.probe or model.normalisation is None:
        return load_clips(features, clip_ids, EMBEDDING).astype(np.float32)
    network = embedding_network(model.network)
    return through(partial(output_of, network, model.normalisation), features, clip_ids, network.output_shape[-1])


def through(
    output: Callable[[Mapping[str, np.ndarray]], np.ndarray], features: Features, clip_ids: Sequence[str], width: int
) -> np.ndarray:
    """Apply a function that returns a row of some width per clip, one batch at a time."""
    batches = (load_views(features, batch) for batch in in_batches(clip_ids, BATCH_SIZE))
    return np.concatenate([np.empty((0, width), np.float32), *map(output, batches)])


def log_odds_of_views(model: Model, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the same as `log_odds_by_network`, for the features of at most one batch of clips, by view."""
    parts = []
    if model.network and model.normalisation:
        parts.append(output_of(model.network, model.normalisation, views) / np.float32(model.network_temperature))
    if model.probe:
        parts.append(model.probe.log_odds(views[EMBEDDING])[:, None])
    return np.mean(np.broadcast_arrays(*parts), axis=0)


def output_of(network, normalisation: Normalisation, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Apply a network to the spectrograms of at most one batch of clips; the batch is padded."""
    arrays = views[SPECTROGRAM]
    inputs = np.zeros((BATCH_SIZE, *arrays.shape[1:]), np.float32)
    inputs[: len(arrays)] = normalisation.apply(arrays)
    return network(inputs, training=False).numpy()[: len(arrays)]


def log_odds_by(files: tuple[tuple[str, bytes], ...], views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the mean over the networks of `log_odds_of_views`, by the model with these files: shape (clips,)."""
    return log_odds_of_views(received_model(files), views).mean(axis=1)
