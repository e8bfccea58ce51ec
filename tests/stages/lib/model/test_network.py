import keras
import numpy as np
import pytest

from stages.lib.features.feature_params import SMALLEST_SIDE
from stages.lib.model.network import build_network, embedding_network
from stages.lib.runtime.determinism import pin


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("shape", [(128, 130), (40, 41), (33, 64)])
def test_each_network_gives_each_clip_its_log_odds(shape, networks):
    pin(0)
    inputs = 10 * np.random.default_rng(0).standard_normal((3, *shape)).astype(np.float32)
    log_odds = build_network(shape, networks)(inputs, training=False).numpy()
    assert log_odds.shape == (3, networks)
    assert np.isfinite(log_odds).all()
    assert len(np.unique(log_odds)) == log_odds.size


@pytest.mark.parametrize("networks", [1, 3])
def test_the_log_odds_are_weighted_sums_of_the_embedding(networks):
    pin(0)
    inputs = np.random.default_rng(0).standard_normal((5, 40, 41)).astype(np.float32)
    network = build_network((40, 41), networks)
    embedding = embedding_network(network)(inputs, training=False).numpy()
    last = [layer.get_weights() for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    log_odds = [
        part @ weights + bias for part, (weights, bias) in zip(np.split(embedding, networks, axis=1), last, strict=True)
    ]
    np.testing.assert_allclose(np.hstack(log_odds), network(inputs, training=False).numpy(), atol=1e-5)


def test_features_as_small_as_the_params_allow_have_a_network():
    assert build_network((SMALLEST_SIDE, SMALLEST_SIDE)).output_shape == (None, 1)
