import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.lib.model.folds import fold_of_each


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=4, max_size=15), st.integers(0, 9))
def test_a_recording_is_never_divided(sizes, seed):
    labels, recordings = [], []
    for number, (calls, nocalls) in enumerate(sizes):
        labels += ["call"] * calls + ["nocall"] * nocalls
        recordings += [f"sea{number}"] * (calls + nocalls)
    folds = fold_of_each(labels, recordings, 3, seed)
    assert set(folds) <= {0, 1, 2}
    for recording in set(recordings):
        assert len({fold for fold, other in zip(folds, recordings, strict=True) if other == recording}) == 1


def test_recordings_of_one_clip_are_dealt_out_by_label():
    labels = ["call"] * 20 + ["nocall"] * 10
    folds = fold_of_each(labels, [f"sea{number}" for number in range(30)], 5, seed=1)
    counts = [
        [np.sum((folds == fold) & (np.array(labels) == label)) for label in ("call", "nocall")] for fold in range(5)
    ]
    assert counts == [[4, 2]] * 5


def test_the_seed_decides_and_repeats():
    labels, recordings = ["call", "nocall"] * 20, [f"sea{number // 2}" for number in range(40)]
    first = fold_of_each(labels, recordings, 5, seed=1)
    assert (fold_of_each(labels, recordings, 5, seed=1) == first).all()
    assert (fold_of_each(labels, recordings, 5, seed=2) != first).any()
