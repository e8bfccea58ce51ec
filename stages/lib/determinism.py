"""What makes TensorFlow repeat its results to the last bit; `stages/__init__.py` pins the libraries below it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Sums are divided among the threads, so their number must not follow the machine's cores.
THREADS = 2


def pin(seed: int) -> None:
    """Fix seeds, kernels and threads of TensorFlow, NumPy and Python. Call it before the first tensor is made."""
    with quiet():
        import keras
        import tensorflow

        # A graphics card would give other last bits than the processor.
        tensorflow.config.set_visible_devices([], "GPU")
    tensorflow.config.threading.set_intra_op_parallelism_threads(THREADS)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    tensorflow.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep from the terminal what libraries written in C++ print while they load.

    TensorFlow announces the absence of a graphics card, which is no news and cannot be switched off otherwise.
    """
    terminal, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nothing)
