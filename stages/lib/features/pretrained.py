"""A pretrained bioacoustic model: a folder of `models/pretrained/` with weights, their licence and a description."""

import hashlib
import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationError

from stages.lib.runtime.determinism import pin, quiet
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import Section

FOLDER, DESCRIPTION, LICENCE = Path("models/pretrained"), "pretrained.json", "LICENSE"
TFLITE = ".tflite"
BLOCK_BYTES = 1 << 20

Embed = Callable[[np.ndarray], np.ndarray]


class Pretrained(Section):
    """The description of a pretrained model.

    Attributes
    ----------
    weights : str
        The name of a LiteRT file or of the folder of a TensorFlow SavedModel, beside the description.
    sha256 : str
        Of the weights, as `weights_digest` takes it.
    sample_rate : int
        That the model expects, in Hz.
    window_s : float
        Length of the window that it looks at, in seconds.
    output : str
        The tensor that holds the embedding: any one of a LiteRT file, an output of a SavedModel.
    size : int
        Numbers in the embedding.
    licence, source : str
        What the weights may be used for, and where they come from.
    """

    weights: Annotated[str, Field(pattern=r"^[^/]+$")]
    sha256: str
    sample_rate: Annotated[int, Field(ge=100, le=1_000_000)]
    window_s: Annotated[float, Field(gt=0, le=600)]
    output: str
    size: Annotated[int, Field(ge=1)]
    licence: str
    source: str

    @property
    def window_samples(self) -> int:
        """Samples in a window."""
        return round(self.window_s * self.sample_rate)


def read_pretrained(folder: Path) -> Pretrained | None:
    """Read the description of the pretrained model of a folder; None for one that describes none.

    Raises
    ------
    InputFaults
        Where there is no such model, or its weights are not the ones it describes.
    """
    path = folder / DESCRIPTION
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        pretrained = Pretrained.model_validate(described) if described else None
    except FileNotFoundError:
        raise InputFaults([f"{path}: there is no such file; {remedy(folder)}"]) from None
    except (ValueError, ValidationError):
        raise InputFaults([f"{path}: does not describe a pretrained model; {remedy(folder)}"]) from None
    if pretrained and weights_digest(folder / pretrained.weights) != pretrained.sha256:
        raise InputFaults([f"{folder / pretrained.weights}: is not what {path} describes; {remedy(folder)}"])
    return pretrained


def remedy(folder: Path) -> str:
    """Say how the folder of a pretrained model comes back."""
    return f"run dvc pull {folder}.dvc, or bring it with python -m tools.add_pretrained"


def weights_digest(weights: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files in a folder."""
    files = [weights] if not weights.is_dir() else sorted(path for path in weights.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        if weights.is_dir():
            digest.update(f"{path.relative_to(weights).as_posix()}\0{path.stat().st_size}\0".encode())
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    digest.update(block)
        except FileNotFoundError:
            return ""
    return digest.hexdigest()


@cache
def pretrained_at_hand(folder: Path) -> tuple[Pretrained, Embed]:
    """Return the model of an absolute folder that stays as it is, and what it computes; it is loaded once a process."""
    pretrained = read_pretrained(folder)
    if pretrained is None:
        raise InputFaults([f"{folder / DESCRIPTION}: describes no model; {remedy(folder)}"])
    return pretrained, load_embedder(folder / pretrained.weights, pretrained.output)


def load_embedder(weights: Path, output: str) -> Embed:
    """Return the function that turns a window into its embedding.

    Returns
    -------
    callable
        From an ndarray of float32 of shape (samples of the window,) to one of shape (size,).
    """
    # Before the first tensor is made.
    pin(seed=0)
    outputs_of = tflite_model(weights, output) if weights.suffix == TFLITE else saved_model(weights, output)

    def embed(samples: np.ndarray) -> np.ndarray:
        values = outputs_of(samples)
        # Some models give several embeddings of a window, one after another.
        return values.reshape(-1, values.shape[-1]).mean(axis=0)

    return embed


def tflite_model(weights: Path, output: str) -> Embed:
    """Return the function that computes a tensor of a LiteRT file, in one thread.

    A tensor within the model is there to be read only if the interpreter keeps all of them.
    """
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That TensorFlow will leave LiteRT to another package.
        import tensorflow

        interpreter = tensorflow.lite.Interpreter(str(weights), num_threads=1, experimental_preserve_all_tensors=True)
        interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    index = next(tensor["index"] for tensor in interpreter.get_tensor_details() if tensor["name"] == output)
    # It holds the arrays of one call at a time.
    lock = Lock()

    def outputs_of(samples: np.ndarray) -> np.ndarray:
        with lock:
            interpreter.set_tensor(given["index"], samples.reshape(given["shape"]))
            interpreter.invoke()
            return interpreter.get_tensor(index)

    return outputs_of


def saved_model(weights: Path, output: str) -> Embed:
    """Return the function that computes an output of a TensorFlow SavedModel, by its default signature."""
    with quiet():
        import tensorflow

        model = tensorflow.saved_model.load(str(weights))
    signature = model.signatures["serving_default"]
    ((name, spec),) = signature.structured_input_signature[1].items()

    def outputs_of(samples: np.ndarray) -> np.ndarray:
        if spec.shape[-1] not in (None, len(samples)):
            raise ValueError(f"it takes {spec.shape[-1]}")
        # The signature is of the model, which has to stay.
        batch = samples.reshape([1] * (len(spec.shape) - 1) + [-1])
        return model.signatures["serving_default"](**{name: tensorflow.constant(batch)})[output].numpy()

    return outputs_of
