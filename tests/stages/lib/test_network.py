import numpy as np
import pytest

from stages.lib.determinism import pin
from stages.lib.network import build_network, embedding_network
from stages.lib.spectrogram import SMALLEST_SIDE


@pytest.mark.parametrize("shape", [(128, 130), (40, 41), (33, 64)])
def test_the_network_gives_each_clip_its_log_odds(shape):
    pin(0)
    inputs = 10 * np.random.default_rng(0).standard_normal((3, *shape)).astype(np.float32)
    log_odds = build_network(shape)(inputs, training=False).numpy()
    assert log_odds.shape == (3, 1)
    assert np.isfinite(log_odds).all()


def test_the_log_odds_are_a_weighted_sum_of_the_embedding():
    pin(0)
    inputs = np.random.default_rng(0).standard_normal((5, 40, 41)).astype(np.float32)
    network = build_network((40, 41))
    embedding = embedding_network(network)(inputs, training=False).numpy()
    weights, bias = network.layers[-1].get_weights()
    np.testing.assert_allclose(embedding @ weights + bias, network(inputs, training=False).numpy(), atol=1e-5)


def test_features_as_small_as_the_params_allow_have_a_network():
    assert build_network((SMALLEST_SIDE, SMALLEST_SIDE)).output_shape == (None, 1)
