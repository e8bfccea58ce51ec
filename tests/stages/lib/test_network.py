import numpy as np
import pytest

from stages.lib.determinism import pin
from stages.lib.network import build_network
from stages.lib.spectrogram import SMALLEST_SIDE


@pytest.mark.parametrize("shape", [(128, 130), (40, 41), (33, 64)])
def test_the_network_gives_each_clip_a_probability(shape):
    pin(0)
    inputs = 10 * np.random.default_rng(0).standard_normal((3, *shape)).astype(np.float32)
    p_call = build_network(shape)(inputs, training=False).numpy()
    assert p_call.shape == (3, 1)
    assert ((p_call >= 0) & (p_call <= 1)).all()


def test_features_as_small_as_the_params_allow_have_a_network():
    assert build_network((SMALLEST_SIDE, SMALLEST_SIDE)).output_shape == (None, 1)
