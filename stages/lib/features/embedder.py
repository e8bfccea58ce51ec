"""From a window of sound to its embedding, by the weights of a pretrained model."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from threading import Lock

import numpy as np

from stages.lib.runtime.determinism import pin, quiet

TFLITE = ".tflite"
SIGNATURE = "serving_default"  # Of a SavedModel: the one that is computed.

Embed = Callable[[np.ndarray], np.ndarray]


def load_embedder(weights: Path, output: str) -> Embed:
    """Return the function that turns a window into its embedding.

    Returns
    -------
    callable
        From an ndarray of float32 of shape (samples of the window,) to one of shape (size,).
    """
    tensor_of = load_tensor(weights, output)

    def embed(samples: np.ndarray) -> np.ndarray:
        # Some models give several embeddings of a window, one after another.
        return rows_of(tensor_of(samples)).mean(axis=0)

    return embed


def rows_of(values: np.ndarray) -> np.ndarray:
    """Return the embeddings in a tensor: an array of shape (embeddings, size)."""
    return values.reshape(-1, values.shape[-1] if values.ndim else 1)


def load_tensor(weights: Path, output: str) -> Embed:
    """Return the function that turns a window into a tensor of a model, of any shape.

    Parameters
    ----------
    weights : Path
        A LiteRT file or the folder of a SavedModel.
    output : str

    Raises
    ------
    ValueError
        Where the model takes more than the samples of a window.
    """
    # Before the first tensor is made.
    pin(seed=0)
    return tflite_tensor(weights, output) if weights.suffix == TFLITE else saved_tensor(weights, output)


def tflite_tensor(weights: Path, output: str) -> Embed:
    """Return the function that computes a tensor of a LiteRT file, in one thread.

    A tensor within the model is there to be read only if the interpreter keeps all of them.
    """
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That TensorFlow will leave LiteRT to another package.
        import tensorflow

        interpreter = tensorflow.lite.Interpreter(str(weights), num_threads=1, experimental_preserve_all_tensors=True)
    inputs = {tensor["name"]: tensor for tensor in interpreter.get_input_details()}
    given = inputs[only_input({name: tensor["dtype"] for name, tensor in inputs.items()})]
    index = next(tensor["index"] for tensor in interpreter.get_tensor_details() if tensor["name"] == output)
    # It holds the arrays of one call at a time, for windows of one size.
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
    """Return the function that computes an output of a TensorFlow SavedModel, by its default signature."""
    with quiet():
        import tensorflow

        model = tensorflow.saved_model.load(str(weights))
    specs = model.signatures[SIGNATURE].structured_input_signature[1]
    name = only_input({name: spec.dtype.as_numpy_dtype for name, spec in specs.items()})
    sizes = specs[name].shape
    shape = (-1, -1) if sizes.rank is None else [-1 if size is None else size for size in sizes]

    def tensor_of(samples: np.ndarray) -> np.ndarray:
        batch = tensorflow.constant(samples.reshape(batch_shape(shape, len(samples))))
        # The signature is of the model, which has to stay.
        return model.signatures[SIGNATURE](**{name: batch})[output].numpy()

    return tensor_of


def only_input(inputs: Mapping[str, type]) -> str:
    """Return the name of the one input of a model, given the types of all of them."""
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
        Of the input of a model; -1 where any size will do.
    samples : int
        In the window.

    Raises
    ------
    ValueError
        Where the input does not take so many.
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
