"""A model on disk: a folder with the weights and a description of what they expect."""

import hashlib
import json
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
    description = read_description(folder)
    if description["features"] != features.description:
        raise InputFaults([misfit(folder, description["features"], features)])
    return model_of(folder, description, seed)


def open_model(folder: Path) -> Model:
    """Load a model for features of its own kind, whatever those of the pipeline are now."""
    return model_of(folder, read_description(folder))


def feature_description(folder: Path) -> dict:
    """Return what a model says of the features that it was trained on."""
    return read_description(folder)["features"]


def read_description(folder: Path) -> dict:
    """Read the description of a model."""
    try:
        return json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFaults([f"{folder}: holds no model; run dvc repro, or dvc pull"]) from None


def model_of(folder: Path, description: dict, seed: int = 0) -> Model:
    """Load the parts of a model that its description names."""
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
