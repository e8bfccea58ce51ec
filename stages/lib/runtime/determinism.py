"""Settings that make results bit-identical on any x86-64 processor with AVX2 and FMA, whatever its number of cores.

The comment on each setting says what it pins and what changed without it. docs/reproducibility.md says how this was
measured. Fourier transforms need no setting: NumPy and SciPy both use pocketfft, which does not depend on the
processor.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# The user's own settings of these libraries are removed, because they would change the results: KERAS_MAX_EPOCHS=1
# shortens training, TF_XLA_FLAGS selects other kernels, and so on.
PREFIXES = ("KERAS_", "LIBROSA_", "NPY_", "NUMBA_", "ONEDNN_", "OPENBLAS_", "TF_", "XLA_")
ENVIRONMENT = {
    # Keras reads ~/.keras/keras.json, which could set half precision. Measured: other scores.
    "KERAS_HOME": os.devnull,
    "KERAS_BACKEND": "tensorflow",
    # By default, TensorFlow uses oneDNN only on processors with instructions for neural networks (AVX512_VNNI and
    # newer). Measured: without this setting, other processors give other weights from the first epoch on.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # oneDNN chooses its kernels by the machine's best instruction set. Measured: AVX-512 gives other weights.
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    # So does OpenBLAS, which NumPy and SciPy use; Haswell was the first with AVX2. Measured: other features.
    "OPENBLAS_CORETYPE": "Haswell",
    # OpenBLAS splits sums across its threads. Measured: other features.
    "OPENBLAS_NUM_THREADS": "1",
    # NumPy has its own AVX-512 kernels for exponentials and other functions. Measured: other features.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
# TensorFlow splits the sums within an operation across its threads, so their number must not depend on the cores.
# Measured: 4 threads give other weights than 2. With one thread, no sum is split. The cores are used by operations that
# run at the same time, such as those of several networks. Measured: one or two at a time give the same bytes.
THREADS = 1
# Whether the settings come before the first library: all libraries load NumPy, and this module is the first of ours.
PINNED_IN_TIME = "numpy" not in sys.modules


def pin_libraries() -> None:
    """Pin the libraries that read settings from the environment. Call this before importing them."""
    for name in [name for name in os.environ if name.startswith(PREFIXES)]:
        del os.environ[name]
    os.environ |= ENVIRONMENT


def stable_random(name: str) -> float:
    """Return a pseudo-random number in [0, 1) that depends only on the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def pin(seed: int) -> None:
    """Fix seeds, kernels and threads of TensorFlow, NumPy and Python. Call this before creating the first tensor."""
    with quiet():
        import keras
        import tensorflow

        # A GPU would give results that differ from the CPU's in the last bits.
        tensorflow.config.set_visible_devices([], "GPU")
    tensorflow.config.threading.set_intra_op_parallelism_threads(THREADS)
    tensorflow.config.threading.set_inter_op_parallelism_threads(os.cpu_count() or 1)
    tensorflow.config.experimental.enable_op_determinism()
    # These optimisations replace divisions by approximate reciprocals, which differ between processor manufacturers.
    tensorflow.config.optimizer.set_experimental_options({"arithmetic_optimization": False, "constant_folding": False})
    keras.utils.set_random_seed(seed)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress what C++ libraries print to the terminal while they load.

    TensorFlow warns that there is no GPU, and this cannot be switched off otherwise.
    """
    terminal, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nothing)
