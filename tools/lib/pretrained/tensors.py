"""The tensors of a pretrained model that could hold its embedding."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from stages.lib.features.embedder import SIGNATURE, TFLITE
from stages.lib.runtime.determinism import pin, quiet
from stages.lib.runtime.faults import InputFaults

EMBEDDING = "embedding"


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
