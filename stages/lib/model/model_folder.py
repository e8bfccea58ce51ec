"""A model on disk: a folder with the weights and a description of what they expect, and how it scores clips."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stages.lib.feature_store import EMBEDDING, SPECTROGRAM, Features, in_batches, load_clips, load_views
from stages.lib.model.calibration import probability, tempered
from stages.lib.model.network import build_network, embedding_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.model.probe import Probe
from stages.lib.runtime.atomic_write import atomic_write, write_json
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.faults import InputFaults

if TYPE_CHECKING:
    import keras

BASELINE, RETRAINED = Path("models/baseline"), Path("models/retrained")
WEIGHTS, PROBE, DESCRIPTION = "network.weights.h5", "probe.npy", "model.json"
HDF5_OVERHEAD = 2**20  # Bytes, generously.
# Clips are scored in batches of a fixed size, because the size can change the last bits of a score (measured: 1 and 7).
# Their place in a batch and what else is in it change nothing.
BATCH_SIZE = 64


class Model(NamedTuple):
    """What its features ask for: networks for the spectrogram, a probe for the embedding, or the mean of both.

    Attributes
    ----------
    network : keras.Model or None
        Of `train.networks` networks side by side, as `build_network` returns it.
    features : dict
        The description of the features that it was trained on.
    normalisation : Normalisation or None
        Of the spectrogram.
    temperature : float
        What its log-odds are divided by, so that the scores mean what they say.
    calibrated_by : tuple of int
        The calls and the no-calls that the temperature was fitted on.
    probe : Probe or None
        Calibrated by itself where there is a network beside it.
    network_temperature : float
        What the log-odds of the network are divided by before they meet those of a probe.
    """

    network: "keras.Model"
    features: dict
    normalisation: Normalisation | None
    temperature: float = 1.0
    calibrated_by: tuple[int, int] = (0, 0)
    probe: Probe | None = None
    network_temperature: float = 1.0

    @property
    def networks(self) -> int:
        """How many networks there are side by side; a probe without any counts for one."""
        return 1 if self.network is None else self.network.output_shape[-1]


def save_model(folder: Path, model: Model) -> None:
    """Write a model; the folder appears whole or not at all."""
    with atomic_write(folder) as partial:
        partial.mkdir()
        description = {
            "features": model.features,
            "temperature": model.temperature,
            "calibrated_by": model.calibrated_by,
        }
        if model.network and model.normalisation:
            save_weights(partial / WEIGHTS, model.network)
            description |= {"networks": model.networks, **model.normalisation.as_json()}
        if model.probe:
            np.save(partial / PROBE, model.probe.coefficients)
            description |= {"intercept": model.probe.intercept, "strength": model.probe.strength}
        if model.network and model.probe:
            description["network_temperature"] = model.network_temperature
        write_json(partial / DESCRIPTION, description)


def save_weights(path: Path, network) -> None:
    """Write the weights of networks."""
    # HDF5 brings the process down when the disk is full, so the room is taken first by a writer that says so.
    size = sum(weights.nbytes for weights in network.get_weights())
    path.write_bytes(bytes(2 * size + HDF5_OVERHEAD))
    network.save_weights(path)


def load_model(folder: Path, features: Features, seed: int = 0) -> Model:
    """Load a model for use with some features. One with a network pins TensorFlow, so load it before the first tensor.

    Parameters
    ----------
    folder : Path
    features : Features
    seed : int
        Of random weights and batches afterwards.

    Raises
    ------
    InputFaults
        Where the folder holds no model, or one that was trained on features of another kind.
    """
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFaults([f"{folder}: holds no model; run dvc repro"]) from None
    if description["features"] != features.description:
        raise InputFaults([misfit(folder, description["features"], features)])
    network = normalisation = probe = None
    if SPECTROGRAM in features.views:
        if "networks" not in description:
            raise InputFaults([f"{folder}: was trained by an older version of this program; run dvc repro"])
        pin(seed)
        network = build_network(tuple(features.description["shapes"][SPECTROGRAM]), description["networks"])
        network.load_weights(folder / WEIGHTS)
        normalisation = Normalisation.from_json(description)
    if EMBEDDING in features.views:
        coefficients = np.load(folder / PROBE, allow_pickle=False)
        probe = Probe(coefficients, description["intercept"], description["strength"])
    return Model(
        network,
        features.description,
        normalisation,
        description["temperature"],
        tuple(description["calibrated_by"]),
        probe,
        description.get("network_temperature", 1.0),
    )


def open_model(folder: Path) -> Model:
    """Load a model for features of its own kind."""
    return load_model(folder, Features(folder, feature_description(folder), places={}))


def model_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Return the files of a model by name, as they are sent to the workers of a cluster."""
    return tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir()))


def model_digest(folder: Path) -> str:
    """Return the SHA-256 digest, in hexadecimal digits, of the names and contents of a model's files."""
    digest = hashlib.sha256()
    for name, content in model_files(folder):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def received_model(files: tuple[tuple[str, bytes], ...]) -> Model:
    """Load the model that `model_files` has read elsewhere; the last one stays loaded."""
    with TemporaryDirectory() as folder:
        for name, content in files:
            (Path(folder) / name).write_bytes(content)
        return open_model(Path(folder))


def feature_description(folder: Path) -> dict:
    """Return what a model says of the features that it was trained on."""
    try:
        return json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))["features"]
    except FileNotFoundError:
        raise InputFaults([f"{folder}: holds no model; run dvc repro, or dvc pull"]) from None


def misfit(folder: Path, trained_on: dict, features: Features) -> str:
    """Say in which params the features of a model and the present ones differ."""
    present = features.description
    differences = [
        f"{key} {trained_on['params'].get(key)} there, {value} here"
        for key, value in present["params"].items()
        if trained_on["params"].get(key) != value
    ]
    if trained_on.get("shapes") != present["shapes"]:
        differences.append(f"shapes {trained_on.get('shapes')} there, {present['shapes']} here")
    if trained_on.get("pretrained") != present.get("pretrained"):
        differences.append("another pretrained model")
    return (
        f"{folder}: was trained on other features than those in {features.folder} ({'; '.join(differences)}); "
        "train it again with dvc repro, or restore the featurize params"
    )


def score_clips(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return `p_call` of some clips.

    Returns
    -------
    ndarray of float64, shape (clips,), in [0, 1]
        To six decimals.
    """
    return probability(log_odds_of(model, features, clip_ids), model.temperature)


def calibrated_log_odds(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return the log-odds behind `score_clips`, which no rounding makes equal: float64 of shape (clips,)."""
    return tempered(log_odds_of(model, features, clip_ids), model.temperature)


def log_odds_of(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return log(p_call / (1 - p_call)) of some clips, the mean of the networks: float32 of shape (clips,)."""
    return log_odds_by_network(model, features, clip_ids).mean(axis=1)


def log_odds_by_network(model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Return log(p_call / (1 - p_call)) of some clips as each network has it: float32 of shape (clips, networks).

    A probe is in each of them; without a network beside it, it is the only one.
    """
    return through(partial(log_odds_of_views, model), features, clip_ids, model.networks)


def embedding_of(model: Model, features: Features, clip_ids: Sequence[str], positions: Sequence[int]) -> np.ndarray:
    """Return an embedding of the clips at some positions: float32 of shape (positions, channels).

    That of the pretrained model, if there is one; otherwise what the last layers of the network see.
    """
    chosen = [clip_ids[position] for position in positions]
    if model.probe or model.normalisation is None:
        return load_clips(features, chosen, EMBEDDING).astype(np.float32)
    network = embedding_network(model.network)
    return through(partial(output_of, network, model.normalisation), features, chosen, network.output_shape[-1])


def through(
    output: Callable[[Mapping[str, np.ndarray]], np.ndarray], features: Features, clip_ids: Sequence[str], width: int
) -> np.ndarray:
    """Send clips through what gives a row of some width for each, a batch at a time."""
    batches = (load_views(features, batch) for batch in in_batches(clip_ids, BATCH_SIZE))
    return np.concatenate([np.empty((0, width), np.float32), *map(output, batches)])


def log_odds_of_views(model: Model, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what `log_odds_by_network` does, for the features of one batch of clips at most, in each view."""
    parts = []
    if model.network and model.normalisation:
        parts.append(output_of(model.network, model.normalisation, views) / np.float32(model.network_temperature))
    if model.probe:
        parts.append(model.probe.log_odds(views[EMBEDDING])[:, None])
    return np.mean(np.broadcast_arrays(*parts), axis=0)


def output_of(network, normalisation: Normalisation, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Send the spectrograms of one batch of clips at most through a network; the batch is filled up."""
    arrays = views[SPECTROGRAM]
    inputs = np.zeros((BATCH_SIZE, *arrays.shape[1:]), np.float32)
    inputs[: len(arrays)] = normalisation.apply(arrays)
    return network(inputs, training=False).numpy()[: len(arrays)]


def log_odds_by(files: tuple[tuple[str, bytes], ...], views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the mean of what `log_odds_of_views` does, by the model with these files: float32 of shape (clips,)."""
    return log_odds_of_views(received_model(files), views).mean(axis=1)
