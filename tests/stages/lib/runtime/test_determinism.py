import ast
import os
import subprocess
import sys

import numpy as np
import pytest

from experiments.clone import REPOSITORY
from stages.lib.model.network import build_network
from stages.lib.runtime.determinism import ENVIRONMENT, PREFIXES, THREADS, pin


def first_weights(seed: int) -> np.ndarray:
    pin(seed)
    return np.concatenate([weights.ravel() for weights in build_network((40, 41)).get_weights()])


def test_pin_makes_random_weights_repeat():
    np.testing.assert_array_equal(first_weights(1), first_weights(1))


def test_another_seed_gives_other_weights():
    assert not np.array_equal(first_weights(1), first_weights(2))


def test_pin_fixes_the_number_of_threads_and_keeps_divisions_as_they_are():
    import tensorflow

    pin(0)
    assert tensorflow.config.threading.get_intra_op_parallelism_threads() == THREADS
    options = tensorflow.config.optimizer.get_experimental_options()
    assert (options["arithmetic_optimization"], options["constant_folding"]) == (False, False)


def test_what_the_user_has_set_does_not_reach_the_libraries():
    others = dict.fromkeys((*ENVIRONMENT, "KERAS_MAX_EPOCHS", "TF_XLA_FLAGS", "LIBROSA_CACHE_DIR"), "another")
    done = subprocess.run(
        [sys.executable, "-c", "import os, stages; print({name: os.environ[name] for name in os.environ})"],
        cwd=REPOSITORY,
        env={**os.environ, **others},
        capture_output=True,
        text=True,
        check=True,
    )
    reached = ast.literal_eval(done.stdout)
    assert {name: value for name, value in reached.items() if name.startswith(PREFIXES)} == ENVIRONMENT


@pytest.mark.parametrize("module", ["stages", "tools", "experiments", "benchmarks", "data.synthetic"])
def test_libraries_are_pinned_before_the_first_of_them_is_imported(module):
    code = f"import sys, {module}; print([name for name in ('stages', 'numpy', 'tensorflow') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "['stages']\n"
