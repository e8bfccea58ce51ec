import keras
import numpy as np
import pytest

from stages.lib.model.batch_normalisation import BatchNormalisation
from stages.lib.runtime.determinism import pin


@pytest.fixture(autouse=True)
def pinned() -> None:
    pin(0)


@pytest.fixture
def batch() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 2, (8, 6, 5, 4)).astype(np.float32)


def layers(batch: np.ndarray) -> tuple[BatchNormalisation, keras.layers.BatchNormalization]:
    """Return our layer and Keras' own with the same weights, which are not those of the start."""
    ours, theirs = BatchNormalisation(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    draws = np.random.default_rng(1)
    for layer in (ours, theirs):
        layer.build(batch.shape)
    weights = [draws.uniform(0.5, 2, weight.shape) for weight in ours.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


@pytest.mark.parametrize("training", [True, False])
def test_it_agrees_with_keras(batch, training):
    ours, theirs = layers(batch)
    np.testing.assert_allclose(ours(batch, training=training), theirs(batch, training=training), rtol=1e-5, atol=1e-5)


def test_its_running_statistics_agree_with_keras(batch):
    ours, theirs = layers(batch)
    for layer in (ours, theirs):
        layer(batch, training=True)
    for our_weights, their_weights in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our_weights, their_weights, rtol=1e-6)


def test_scoring_leaves_the_running_statistics_alone(batch):
    ours, _ = layers(batch)
    before = ours.get_weights()
    ours(batch, training=False)
    for one, other in zip(before, ours.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
