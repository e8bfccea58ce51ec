"""A model on disk: a folder with the weights, and a description of the features they need."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stages.lib.feature_store import EMBEDDING, SPECTROGRAM, Features
from stages.lib.model.network import build_network
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


class Model(NamedTuple):
    """The model for some features: networks for the spectrogram, a probe for the embedding, or the mean of both.

    Attributes
    ----------
    network : keras.Model or None
        `train.networks` networks side by side, as `build_network` returns them.
    features : dict
        The description of the features that the model was trained on.
    normalisation : Normalisation or None
        The normalisation of the spectrogram.
    temperature : float
        Divides the log-odds, so that the scores are calibrated.
    calibrated_by : tuple of int
        The numbers of calls and no-calls that the temperature was fitted on.
    probe : Probe or None
        If there is also a network, the probe is calibrated separately.
    network_temperature : float
        Divides the log-odds of the network before they are averaged with those of a probe.
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
        """Number of networks side by side; 1 for a probe alone."""
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
    # HDF5 crashes if the disk is full. So the space is reserved first, by a write that reports the error.
    size = sum(weights.nbytes for weights in network.get_weights())
    path.write_bytes(bytes(2 * size + HDF5_OVERHEAD))
    network.save_weights(path)


def load_model(folder: Path, features: Features, seed: int = 0) -> Model:
    """Load a model for use with some features. A model with a network pins TensorFlow: load it before the first tensor.

    Parameters
    ----------
    folder : Path
    features : Features
    seed : int
        Seed of random weights and batches afterwards.

    Raises
    ------
    InputFaults
        If the folder has no model, a damaged one, or one that was trained on other features.
    """
    with refused_if_damaged(folder):
        description = read_description(folder)
        if description["features"] != features.description:
            raise InputFaults([misfit(folder, description["features"], features)])
        return model_of(folder, description, seed)


def open_model(folder: Path) -> Model:
    """Load a model for the features that it was trained on, whatever those of the pipeline are now."""
    with refused_if_damaged(folder):
        return model_of(folder, read_description(folder))


def feature_description(folder: Path) -> dict:
    """Return a model's description of the features that it was trained on."""
    with refused_if_damaged(folder):
        return read_description(folder)["features"]


@contextmanager
def refused_if_damaged(folder: Path) -> Iterator[None]:
    """Refuse a model whose files are damaged."""
    try:
        yield
    except PermissionError:
        raise
    except (OSError, ValueError, KeyError, TypeError):
        remedy = f"restore it with dvc checkout --force {folder}, or run dvc repro"
        raise InputFaults([f"{folder}: is damaged; {remedy}"]) from None


def read_description(folder: Path) -> dict:
    """Read the description of a model."""
    try:
        return json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFaults([f"{folder}: holds no model; run dvc repro, or dvc pull"]) from None


def model_of(folder: Path, description: dict, seed: int = 0) -> Model:
    """Load the parts of a model according to its description."""
    network = normalisation = probe = None
    shapes = description["features"].get("shapes")
    if shapes is None or (SPECTROGRAM in shapes and "networks" not in description):
        raise InputFaults([f"{folder}: was trained by an older version of this program; run dvc repro"])
    if SPECTROGRAM in shapes:
        pin(seed)
        network = build_network(tuple(shapes[SPECTROGRAM]), description["networks"])
        network.load_weights(folder / WEIGHTS)
        normalisation = Normalisation.from_json(description)
    if EMBEDDING in shapes:
        coefficients = np.load(folder / PROBE, allow_pickle=False)
        probe = Probe(coefficients, description["intercept"], description["strength"])
    return Model(
        network,
        description["features"],
        normalisation,
        description["temperature"],
        tuple(description["calibrated_by"]),
        probe,
        description.get("network_temperature", 1.0),
    )


def model_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Return the names and contents of a model's files, to be sent to the workers of a cluster."""
    return tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir()))


def model_digest(folder: Path) -> str:
    """Return the SHA-256 digest, in hexadecimal digits, of the names and contents of a model's files."""
    digest = hashlib.sha256()
    for name, content in model_files(folder):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def received_model(files: tuple[tuple[str, bytes], ...]) -> Model:
    """Load the model from files that `model_files` read on another machine; the last model stays loaded."""
    with TemporaryDirectory() as folder:
        for name, content in files:
            (Path(folder) / name).write_bytes(content)
        return model_of(Path(folder), read_description(Path(folder)))


def misfit(folder: Path, trained_on: dict, features: Features) -> str:
    """Say how the features of a model differ from the current ones."""
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
