"""A trial of a pretrained model on noise: whether it can be used, and the size of its embedding."""

import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.features.embedder import SIGNATURE, TFLITE, load_tensor, rows_of
from stages.lib.features.pretrained import Pretrained, weights_digest
from stages.lib.runtime.determinism import pin, quiet
from stages.lib.runtime.faults import InputFaults

EMBEDDING = "embedding"


class GivenModel(NamedTuple):
    """A pretrained model before the trial.

    Attributes
    ----------
    weights : Path
        A LiteRT file or the folder of a SavedModel.
    licence_file : Path or None
    sample_rate : int
    window_s : float
    output : str or None
        Tensor of the embedding; None for the default (`default_output`).
    licence, source : str
    """

    weights: Path
    licence_file: Path | None
    sample_rate: int
    window_s: float
    output: str | None
    licence: str
    source: str


def first_line(error: Exception) -> str:
    """Return the first line of an error message, because faults have one line."""
    return str(error).strip().partition("\n")[0]


def tried(given: GivenModel) -> tuple[Pretrained, int]:
    """Describe a model in a separate process, because a damaged file may crash the process that loads it."""
    with ProcessPoolExecutor(1) as executor:
        try:
            return executor.submit(described, given).result()
        except BrokenProcessPool:
            raise InputFaults([f"{given.weights}: is damaged; fetch it again"]) from None


def described(given: GivenModel) -> tuple[Pretrained, int]:
    """Try a model on noise; return its description, and the number of embeddings per window.

    Raises
    ------
    InputFaults
        If it cannot be loaded, lacks the output, or does not accept the window.
    """
    try:
        outputs, names = tensors_of(given.weights)
    except InputFaults:
        raise
    except Exception as error:  # Each kind of model raises different errors.
        raise InputFaults([f"{given.weights}: cannot be loaded ({first_line(error)}); fetch it again"]) from None
    output = given.output or default_output(outputs)
    if output not in names:
        near = get_close_matches(output, names, n=5, cutoff=0.3) if output else []
        fault = f"has no tensor {output}" if output else "does not say which output is the embedding"
        shown = ", ".join(near or outputs[:5])
        raise InputFaults([f"{given.weights}: {fault}; name one with --output, such as {shown}"])
    samples = round(given.sample_rate * given.window_s)
    noises = (0.1 * np.random.default_rng(0).standard_normal((2, samples))).astype(np.float32)
    try:
        tensor_of = load_tensor(given.weights, output)
        first, again, other = (np.array(tensor_of(noises[number])) for number in (0, 0, 1))
    except ValueError as error:
        raise InputFaults([f"{given.weights}: {first_line(error)}"]) from None
    except Exception as error:  # As above.
        fault = f"does not take {samples} samples ({first_line(error)}); correct --sample-rate or --window"
        raise InputFaults([f"{given.weights}: {fault}"]) from None
    if fault := embedding_fault(first, again, other):
        raise InputFaults([f"{given.weights}: {output} {fault}; name another with --output"])
    embeddings = rows_of(first)
    pretrained = Pretrained(
        weights="weights.tflite" if given.weights.suffix == TFLITE else "saved_model",
        sha256=weights_digest(given.weights),
        sample_rate=given.sample_rate,
        window_s=given.window_s,
        output=output,
        size=embeddings.shape[1],
        licence=given.licence,
        source=given.source,
    )
    return pretrained, len(embeddings)


def default_output(outputs: Sequence[str]) -> str | None:
    """Return the output named `embedding`, or the only output; None if there is neither."""
    return EMBEDDING if EMBEDDING in outputs else outputs[0] if len(outputs) == 1 else None


def tensors_of(weights: Path) -> tuple[list[str], list[str]]:
    """Return the names of a model's outputs, and of all tensors that can be read.

    Parameters
    ----------
    weights : Path
        A LiteRT file or the folder of a SavedModel.

    Raises
    ------
    InputFaults
        If a SavedModel has no default signature.
    """
    pin(seed=0)
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow

        if weights.suffix == TFLITE:
            interpreter = tensorflow.lite.Interpreter(str(weights))
            outputs = [tensor["name"] for tensor in interpreter.get_output_details()]
            return outputs, [tensor["name"] for tensor in interpreter.get_tensor_details()]
        signatures = tensorflow.saved_model.load(str(weights)).signatures
    if SIGNATURE not in signatures:
        has = f"it has {', '.join(signatures)}" if signatures else "it has none"
        raise InputFaults([f"{weights}: has no signature {SIGNATURE} ({has}); save it with one"])
    outputs = sorted(signatures[SIGNATURE].structured_outputs)
    return outputs, outputs


def embedding_fault(first: np.ndarray, again: np.ndarray, other: np.ndarray) -> str:
    """Say why a tensor is not an embedding, given two values for one sound and one for another; empty if it is."""
    if first.dtype.kind not in "fiu":
        return "holds no numbers"
    if first.size < 2:
        return "is a single number"
    if not np.isfinite(first).all():
        return "holds values that are not finite"
    if np.abs(first).max() > np.finfo(np.float16).max:
        return f"holds numbers above {np.finfo(np.float16).max:g}, the maximum of float16"
    if not np.array_equal(first, again):
        return "is not the same for the same sound"
    return "does not depend on the sound" if np.array_equal(first, other) else ""
