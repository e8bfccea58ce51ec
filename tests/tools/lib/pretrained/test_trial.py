"""Models of all shapes, made on the spot: what can be used gives its embedding, and the others a sentence."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow

from stages.lib.features.embedder import batch_shape, load_embedder
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.faults import InputFaults
from tools.lib.pretrained.trial import GivenModel, described, embedding_fault, tried

RATE, WINDOW_S, SAMPLES, FRAMES, SIZE = 4000, 0.1, 400, 4, 12
SAMPLE = tensorflow.TensorSpec((1, SAMPLES), tensorflow.float32, "samples")
WAVES = np.random.default_rng(0).standard_normal((SAMPLES // FRAMES, SIZE)).astype(np.float32)
NOISE = np.random.default_rng(1).standard_normal(SAMPLES).astype(np.float32)


def frames(samples):
    return tensorflow.reshape(samples, (1, FRAMES, -1)) @ WAVES


def mean(samples):
    return tensorflow.reduce_mean(frames(samples), axis=1)


def write(folder: Path, function, *inputs, kind: str = "tflite", signature: str = "serving_default") -> Path:
    """Write a model that computes `embedding`, as a LiteRT file or as a SavedModel."""
    pin(seed=0)
    module = tensorflow.Module()
    module.compute = tensorflow.function(lambda *given: {"embedding": function(*given)}, input_signature=inputs)
    if kind == "saved":
        tensorflow.saved_model.save(module, str(folder / "model"), {signature: module.compute})
        return folder / "model"
    concrete = module.compute.get_concrete_function()
    path = folder / "model.tflite"
    path.write_bytes(tensorflow.lite.TFLiteConverter.from_concrete_functions([concrete], module).convert())
    return path


def given(weights: Path, output: str | None = None) -> GivenModel:
    return GivenModel(weights, None, RATE, WINDOW_S, output, "CC0", "made on the spot")


def spec(*shape, kind=tensorflow.float32):
    return tensorflow.TensorSpec(shape, kind, "samples")


@pytest.mark.parametrize("kind", ["tflite", "saved"])
@pytest.mark.parametrize("shape", [(1, SAMPLES), (None, SAMPLES), (1, None), (SAMPLES,), (1, SAMPLES, 1), (1, 1, None)])
def test_samples_go_in_in_any_shape(tmp_path, kind, shape):
    weights = write(tmp_path, mean, spec(*shape), kind=kind)
    pretrained, rows = described(given(weights))
    assert (pretrained.size, rows) == (SIZE, 1)
    np.testing.assert_allclose(load_embedder(weights, pretrained.output)(NOISE), mean(NOISE)[0], rtol=1e-3, atol=1e-3)


def test_of_embeddings_of_frames_the_mean_is_taken(tmp_path):
    weights = write(tmp_path, frames, SAMPLE)
    pretrained, rows = described(given(weights))
    assert (pretrained.size, rows) == (SIZE, FRAMES)
    np.testing.assert_allclose(load_embedder(weights, pretrained.output)(NOISE), mean(NOISE)[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["tflite", "saved"])
@pytest.mark.parametrize(
    ("function", "inputs", "fault"),
    [
        (lambda samples, gain: mean(samples) * gain, (SAMPLE, spec(1)), "takes 2 inputs ("),
        (
            lambda samples: mean(tensorflow.cast(samples, tensorflow.float32)),
            (spec(1, SAMPLES, kind=tensorflow.int32),),
            "takes int32 samples; save it so that it takes float32",
        ),
        (lambda samples: mean(samples[:, :SAMPLES]), (spec(1, 2 * SAMPLES),), "takes 800 samples, not 400; correct"),
        (lambda samples: tensorflow.reduce_mean(mean(samples)), (SAMPLE,), "is a single number; name another with"),
        (lambda samples: mean(samples) * 0, (SAMPLE,), "does not depend on the sound; name another with --output"),
        (lambda samples: mean(samples) * 1e7, (SAMPLE,), "holds numbers above 65504, the maximum of float16; name"),
        (
            lambda samples: tensorflow.math.log(-abs(mean(samples))),
            (SAMPLE,),
            "holds values that are not finite; name another",
        ),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, kind, function, inputs, fault):
    with pytest.raises(InputFaults) as refusal:
        described(given(write(tmp_path, function, *inputs, kind=kind)))
    (line,) = refusal.value.lines
    assert line.startswith(f"{tmp_path}/model")
    assert fault in line


def test_a_saved_model_without_the_default_signature_says_which_it_has(tmp_path):
    weights = write(tmp_path, mean, SAMPLE, kind="saved", signature="embed")
    with pytest.raises(InputFaults, match=r"has no signature serving_default \(it has embed\); save it with one"):
        described(given(weights))


@pytest.mark.parametrize("kind", ["tflite", "saved"])
def test_a_model_that_was_fetched_in_part_is_refused(tmp_path, kind):
    """LiteRT ends the process that loads such a file."""
    weights = write(tmp_path, mean, SAMPLE, kind=kind)
    damaged = weights if kind == "tflite" else weights / "saved_model.pb"
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    with pytest.raises(InputFaults, match=r"model(\.tflite)?: (is damaged|cannot be loaded \(.*\)); fetch it again"):
        tried(given(weights))


def test_numbers_that_are_none_or_differ_each_time_are_no_embedding():
    one, other = np.arange(3.0), np.ones(3)
    assert embedding_fault(np.array([b"a", b"b"]), one, one) == "holds no numbers"
    assert embedding_fault(one, other, other) == "is not the same for the same sound"
    assert embedding_fault(one, one, other) == ""


@pytest.mark.parametrize(
    ("shape", "batch"),
    [((-1, 8), (1, 8)), ((1, -1), (1, 8)), ((-1, -1), (1, 8)), ((-1,), (8,)), ((-1, -1, 1), (1, 8, 1)), ((8,), (8,))],
)
def test_a_batch_holds_one_window(shape, batch):
    assert batch_shape(shape, 8) == batch


@pytest.mark.parametrize("shape", [(-1, 4), (2, 8), (1, 16), (3, -1), ()])
def test_a_batch_of_another_size_is_refused(shape):
    with pytest.raises(ValueError, match=r"takes \d+ samples, not 8; correct --sample-rate or --window"):
        batch_shape(shape, 8)
