"""Pretrained models made on the spot: the loudness of a window in some bands, as a LiteRT file and as a SavedModel."""

from pathlib import Path

import numpy as np
import tensorflow

from stages.lib.features.pretrained import DESCRIPTION, FOLDER, Pretrained, weights_digest
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.determinism import pin

RATE, WINDOW_S, SIZE = 4000, 0.5, 12
SAMPLES, FRAME = round(RATE * WINDOW_S), 100
HZ = np.linspace(100, 1900, SIZE)


class Bands(tensorflow.Module):
    """From windows of shape (windows, SAMPLES) to `embedding`, the loudness in bands, and `label`, what is above."""

    def __init__(self):
        pin(seed=0)  # Before the first tensor.
        super().__init__()
        angles = 2 * np.pi * np.outer(np.arange(FRAME) / RATE, HZ)
        self.waves = tensorflow.constant(np.hstack([np.cos(angles), np.sin(angles)]), tensorflow.float32)
        self.last = tensorflow.constant(np.ones((SIZE, 3)), tensorflow.float32)

    @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, SAMPLES), tensorflow.float32, "inputs")])
    def __call__(self, inputs):
        """Compute both."""
        frames = tensorflow.reshape(inputs, (-1, SAMPLES // FRAME, FRAME))
        power = tensorflow.reduce_mean(tensorflow.square(frames @ self.waves), axis=1)
        loudness = tensorflow.math.log(power[:, :SIZE] + power[:, SIZE:] + 1e-6)
        return {"embedding": loudness, "label": loudness @ self.last}


def loudness(samples: np.ndarray) -> np.ndarray:
    """Return what the models should give, by NumPy: an ndarray of shape (SIZE,)."""
    angles = 2 * np.pi * np.outer(np.arange(FRAME) / RATE, HZ)
    frames = samples.astype(np.float64).reshape(-1, FRAME)
    power = [((frames @ wave(angles)) ** 2).mean(axis=0) for wave in (np.cos, np.sin)]
    return np.log(power[0] + power[1] + 1e-6)


def write_saved_model(folder: Path) -> Path:
    """Write the SavedModel."""
    module = Bands()
    tensorflow.saved_model.save(module, str(folder), {"serving_default": module.__call__})
    return folder


def write_tflite(path: Path) -> Path:
    """Write the LiteRT file. Its only output is `label`; the embedding is a tensor within (`inner_tensor`)."""
    module = Bands()

    @tensorflow.function(input_signature=[tensorflow.TensorSpec((1, SAMPLES), tensorflow.float32)])
    def label(inputs):
        return module(inputs)["label"]

    converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([label.get_concrete_function()], module)
    path.write_bytes(converter.convert())
    return path


def inner_tensor(path: Path) -> str:
    """Return the name of the tensor of a LiteRT file that holds the embedding: the last of its shape."""
    details = tensorflow.lite.Interpreter(str(path)).get_tensor_details()
    return [tensor["name"] for tensor in details if list(tensor["shape"]) == [1, SIZE]][-1]


def put_in_place(repository: Path) -> None:
    """Write `models/pretrained/tiny` of a repository."""
    folder = repository / FOLDER / "tiny"
    folder.mkdir(parents=True)
    weights = write_tflite(folder / "weights.tflite")
    pretrained = Pretrained(
        weights=weights.name,
        sha256=weights_digest(weights),
        sample_rate=RATE,
        window_s=WINDOW_S,
        output=inner_tensor(weights),
        size=SIZE,
        licence="CC0",
        source="made on the spot",
    )
    write_json(folder / DESCRIPTION, pretrained.model_dump())
