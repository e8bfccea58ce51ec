import os

import numpy as np

from stages.lib.determinism import THREADS, pin
from stages.lib.network import build_network


def first_weights(seed: int) -> np.ndarray:
    pin(seed)
    return np.concatenate([weights.ravel() for weights in build_network((40, 41)).get_weights()])


def test_pin_makes_random_weights_repeat():
    np.testing.assert_array_equal(first_weights(1), first_weights(1))


def test_another_seed_gives_other_weights():
    assert not np.array_equal(first_weights(1), first_weights(2))


def test_pin_fixes_the_number_of_threads_and_the_instruction_set():
    import tensorflow

    pin(0)
    assert tensorflow.config.threading.get_intra_op_parallelism_threads() == THREADS
    assert os.environ["ONEDNN_MAX_CPU_ISA"] == "AVX2"
