"""What makes results repeat to the last bit on any x86-64 processor with AVX2 and FMA, whatever its number of cores.

Each setting says what it pins and what changed without it; docs/reproducibility.md says how that was measured. Nothing
needs pinning for Fourier transforms: NumPy and SciPy each carry pocketfft, which does not look at the processor.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# The user's own settings of these libraries are forgotten, because the results would follow them: KERAS_MAX_EPOCHS=1
# cuts the training short, TF_XLA_FLAGS gives other kernels, and so on.
PREFIXES = ("KERAS_", "LIBROSA_", "NPY_", "NUMBA_", "ONEDNN_", "OPENBLAS_", "TF_", "XLA_")
ENVIRONMENT = {
    # Keras reads ~/.keras/keras.json, which could ask for numbers of half precision. Measured: other scores.
    "KERAS_HOME": os.devnull,
    "KERAS_BACKEND": "tensorflow",
    # TensorFlow uses oneDNN by default only where the processor has instructions for neural networks (AVX512_VNNI and
    # newer). Measured: without this a processor that has none gives other weights from the first epoch on.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # oneDNN chooses its kernels by the machine's best instruction set. Measured: AVX-512 gives other weights.
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    # So does OpenBLAS, below NumPy and SciPy; Haswell was the first with AVX2. Measured: other features.
    "OPENBLAS_CORETYPE": "Haswell",
    # OpenBLAS divides sums among its threads. Measured: other features.
    "OPENBLAS_NUM_THREADS": "1",
    # NumPy has AVX-512 kernels of its own for exponentials and the like. Measured: other features.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
# TensorFlow divides the sums within an operation among its threads, so their number must not follow the cores.
# Measured: 4 instead of 2 give other weights. With one thread nothing is divided; what uses the cores are operations
# that run at the same time, such as those of networks side by side. Measured: one at a time or two give the same
# bytes.
THREADS = 1
# Whether the settings come before the first library: all libraries load NumPy, and this module is the first of ours.
PINNED_IN_TIME = "numpy" not in sys.modules


def pin_libraries() -> None:
    """Pin the libraries that read their settings from the environment. Call it before they are imported."""
    for name in [name for name in os.environ if name.startswith(PREFIXES)]:
        del os.environ[name]
    os.environ |= ENVIRONMENT


def stable_random(name: str) -> float:
    """Return a number in [0, 1) that is random, and always the same for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def pin(seed: int) -> None:
    """Fix seeds, kernels and threads of TensorFlow, NumPy and Python. Call it before the first tensor is made."""
    with quiet():
        import keras
        import tensorflow

        # A graphics card would give other last bits than the processor.
        tensorflow.config.set_visible_devices([], "GPU")
    tensorflow.config.threading.set_intra_op_parallelism_threads(THREADS)
    tensorflow.config.threading.set_inter_op_parallelism_threads(os.cpu_count() or 1)
    tensorflow.config.experimental.enable_op_determinism()
    # These would turn a division by a square root, and a division of one, into reciprocals, which makers of processors
    # approximate differently.
    tensorflow.config.optimizer.set_experimental_options({"arithmetic_optimization": False, "constant_folding": False})
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
