"""The embedding of a window of sound, computed by a pretrained model."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from threading import Lock

import numpy as np

from stages.lib.runtime.determinism import pin, quiet

TFLITE = ".tflite"
SIGNATURE = "serving_default"  # The signature of a SavedModel that is used.

Embed = Callable[[np.ndarray], np.ndarray]


def load_embedder(weights: Path, output: str) -> Embed:
    """Return the function that turns a window into its embedding.

    Returns
    -------
    callable
        Takes an ndarray of float32, shape (samples of the window,); returns one of shape (size,).
    """
    tensor_of = load_tensor(weights, output)

    def embed(samples: np.ndarray) -> np.ndarray:
        # Some models return several embeddings per window, one after another.
        return rows_of(tensor_of(samples)).mean(axis=0)

    return embed


def rows_of(values: np.ndarray) -> np.ndarray:
    """Return the embeddings in a tensor as an array of shape (embeddings, size)."""
    return values.reshape(-1, values.shape[-1] if values.ndim else 1)


def load_tensor(weights: Path, output: str) -> Embed:
    """Return the function that turns a window into one tensor of a model, of any shape.

    Parameters
    ----------
    weights : Path
        A LiteRT file or the folder of a SavedModel.
    output : str

    Raises
    ------
    ValueError
        If the model needs any input but the samples of a window.
    """
    # This must come before the first tensor.
    pin(seed=0)
    return tflite_tensor(weights, output) if weights.suffix == TFLITE else saved_tensor(weights, output)


def tflite_tensor(weights: Path, output: str) -> Embed:
    """Return the function that computes a tensor of a LiteRT file, in one thread.

    The interpreter keeps all tensors, because otherwise only the outputs of the model could be read.
    """
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow warns that LiteRT will move to another package.
        import tensorflow

        interpreter = tensorflow.lite.Interpreter(str(weights), num_threads=1, experimental_preserve_all_tensors=True)
    inputs = {tensor["name"]: tensor for tensor in interpreter.get_input_details()}
    given = inputs[only_input({name: tensor["dtype"] for name, tensor in inputs.items()})]
    index = next(tensor["index"] for tensor in interpreter.get_tensor_details() if tensor["name"] == output)
    # The interpreter holds the arrays of one window at a time, and is set up for windows of one size.
    lock = Lock()
    allocated: list[tuple[int, ...]] = []

    def tensor_of(samples: np.ndarray) -> np.ndarray:
        shape = batch_shape(given["shape_signature"], len(samples))
        with lock:
            if allocated != [shape]:
                with quiet():
                    interpreter.resize_tensor_input(given["index"], shape)
                    interpreter.allocate_tensors()
                allocated[:] = [shape]
            interpreter.set_tensor(given["index"], samples.reshape(shape))
            interpreter.invoke()
            return interpreter.get_tensor(index)

    return tensor_of


def saved_tensor(weights: Path, output: str) -> Embed:
    """Return the function that computes an output of a TensorFlow SavedModel, using its default signature."""
    with quiet():
        import tensorflow

        model = tensorflow.saved_model.load(str(weights))
    specs = model.signatures[SIGNATURE].structured_input_signature[1]
    name = only_input({name: spec.dtype.as_numpy_dtype for name, spec in specs.items()})
    sizes = specs[name].shape
    shape = (-1, -1) if sizes.rank is None else [-1 if size is None else size for size in sizes]

    def tensor_of(samples: np.ndarray) -> np.ndarray:
        batch = tensorflow.constant(samples.reshape(batch_shape(shape, len(samples))))
        # The model is looked up each time, because a signature does not keep its model alive.
        return model.signatures[SIGNATURE](**{name: batch})[output].numpy()

    return tensor_of


def only_input(inputs: Mapping[str, type]) -> str:
    """Return the name of a model's only input, given the type of each input."""
    if len(inputs) != 1:
        raise ValueError(f"takes {len(inputs)} inputs ({', '.join(inputs)}); save it so that it takes samples alone")
    ((name, kind),) = inputs.items()
    if kind != np.float32:
        raise ValueError(f"takes {np.dtype(kind).name} samples; save it so that it takes float32")
    return name


def batch_shape(shape: Sequence[int], samples: int) -> tuple[int, ...]:
    """Return the shape of a batch of one window.

    Parameters
    ----------
    shape : sequence of int
        The shape of the model's input; -1 where it takes any size.
    samples : int
        Number of samples in the window.

    Raises
    ------
    ValueError
        If the input does not take that many samples.
    """
    batch = [int(size) for size in shape]
    if len(batch) > 1 and batch[0] == -1:
        batch[0] = 1
    free = [place for place, size in enumerate(batch) if size == -1]
    known = prod(size for size in batch if size != -1)
    for place in free:
        batch[place] = samples // known if place == free[-1] else 1
    if prod(batch) != samples:
        raise ValueError(f"takes {known} samples, not {samples}; correct --sample-rate or --window")
    return tuple(batch)
