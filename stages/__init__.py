"""The stages of the pipeline, one module each, run as `python -m stages.<name>`.

This file is read before any library. It pins what would otherwise follow the machine and change the last bits of a
result; what was measured stands in docs/results.md. What TensorFlow needs besides is in `stages.lib.determinism`.
"""

import os

os.environ |= {
    # oneDNN, below TensorFlow, chooses its kernels by the machine's best instruction set; all have AVX2.
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    # So does OpenBLAS, below NumPy and SciPy; Haswell was the first with AVX2.
    "OPENBLAS_CORETYPE": "Haswell",
    # Sums are divided among threads.
    "OPENBLAS_NUM_THREADS": "1",
    # NumPy's own AVX-512 kernels for exponentials and the like.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
