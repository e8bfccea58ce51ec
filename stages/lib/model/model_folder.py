"""A model on disk: a folder with the weights and a description of what they expect."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stages.lib.feature_store import Features, in_batches, load_clips
from stages.lib.model.calibration import probability, tempered
from stages.lib.model.network import build_network, embedding_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.runtime.atomic_write import atomic_write, write_json
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.faults import InputFaults

if TYPE_CHECKING:
    import keras

BASELINE, RETRAINED = Path("models/baseline"), Path("models/retrained")
WEIGHTS, DESCRIPTION = "network.weights.h5", "model.json"
HDF5_OVERHEAD = 2**20  # Bytes, generously.
# Clips are scored in batches of a fixed size, because the size can change the last bits of a score (measured: 1 and 7).
# Their place in a batch and what else is in it change nothing.
BATCH_SIZE = 64


class Model(NamedTuple):
    """A trained network and what belongs to it.

    Attributes
    ----------
    network : keras.Model
        Of `train.networks` networks side by side, as `build_network` returns it.
    features : dict
        The description of the features that it was trained on.
    normalisation : Normalisation
    temperature : float
        What its log-odds are divided by, so that the scores mean what they say.
    calibrated_by : tuple of int
        The calls and the no-calls that the temperature was fitted on.
    """

    network: "keras.Model"
    features: dict
    normalisation: Normalisation
    temperature: float = 1.0
    calibrated_by: tuple[int, int] = (0, 0)


def save_model(folder: Path, model: Model) -> None:
    """Write a model; the folder appears whole or not at all."""
    with atomic_write(folder) as partial:
        partial.mkdir()
        # HDF5 brings the process down when the disk is full, so the room is taken first by a writer that says so.
        weights_size = sum(weights.nbytes for weights in model.network.get_weights())
        (partial / WEIGHTS).write_bytes(bytes(2 * weights_size + HDF5_OVERHEAD))
        model.network.save_weights(partial / WEIGHTS)
        write_json(
            partial / DESCRIPTION,
            {
                "input_shape": model.features["shape"],
                "networks": model.network.output_shape[-1],
                "features": model.features,
                "temperature": model.temperature,
                "calibrated_by": model.calibrated_by,
                **model.normalisation.as_json(),
            },
        )


def load_model(folder: Path, features: Features) -> Model:
    """Load a model for use with some features.

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
    if "networks" not in description:
        raise InputFaults([f"{folder}: was trained by an older version of this program; run dvc repro"])
    network = build_network(tuple(description["input_shape"]), description["networks"])
    network.load_weights(folder / WEIGHTS)
    return Model(
        network,
        features.description,
        Normalisation.from_json(description),
        description["temperature"],
        tuple(description["calibrated_by"]),
    )


def open_model(folder: Path) -> Model:
    """Load a model for features of its own kind. Call it before the first tensor is made."""
    pin(seed=0)
    return load_model(folder, Features(folder, feature_description(folder), places={}))


def model_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Return the files of a model by name, as they are sent to the workers of a cluster."""
    return tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir()))


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
    if trained_on["shape"] != present["shape"]:
        differences.append(f"shape {trained_on['shape']} there, {present['shape']} here")
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
    """Return log(p_call / (1 - p_call)) of some clips as each network has it: float32 of shape (clips, networks)."""
    return through(model.network, model, features, clip_ids)


def embedding_of(model: Model, features: Features, clip_ids: Sequence[str], positions: Sequence[int]) -> np.ndarray:
    """Return what the last layers see of the clips at some positions: float32 of shape (positions, channels)."""
    return through(embedding_network(model.network), model, features, [clip_ids[position] for position in positions])


def through(network, model: Model, features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Send clips through a network, a batch at a time; the last one is filled up."""
    outputs = [np.empty((0, network.output_shape[-1]), np.float32)]
    for batch in in_batches(clip_ids, BATCH_SIZE):
        outputs.append(output_of(network, model, load_clips(features, batch)))
    return np.concatenate(outputs)


def log_odds_of_arrays(model: Model, arrays: np.ndarray) -> np.ndarray:
    """Return what `log_odds_of` does, for the arrays of one batch of clips at most."""
    return output_of(model.network, model, arrays).mean(axis=1)


def output_of(network, model: Model, arrays: np.ndarray) -> np.ndarray:
    """Send the arrays of one batch of clips at most through a network."""
    inputs = np.zeros((BATCH_SIZE, *arrays.shape[1:]), np.float32)
    inputs[: len(arrays)] = model.normalisation.apply(arrays)
    return network(inputs, training=False).numpy()[: len(arrays)]


def log_odds_by(files: tuple[tuple[str, bytes], ...], arrays: np.ndarray) -> np.ndarray:
    """Return what `log_odds_of_arrays` does, by the model with these files."""
    return log_odds_of_arrays(received_model(files), arrays)
