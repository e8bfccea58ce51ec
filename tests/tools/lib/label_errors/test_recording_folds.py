import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.lib.model.folds import fold_of_each
from stages.lib.runtime.faults import InputFaults
from tools.lib.label_errors.recording_folds import refuse_too_many_folds


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


@pytest.mark.parametrize("fold_count", [-1, 2, 7])
def test_folds_that_the_clips_do_not_allow_are_refused_with_what_would_do(fold_count):
    labels, recordings = ["call", "nocall"] * 6, [f"sea{number // 2}" for number in range(12)]
    with pytest.raises(InputFaults) as faults:
        refuse_too_many_folds("labels/split.csv", labels, recordings, fold_count)
    allowed = "labels/split.csv allows 3 to 6 (6 call, 6 nocall, 6 recordings); give a number in this range"
    assert faults.value.lines == [f"--folds {fold_count}: {allowed}"]


@pytest.mark.parametrize("labels", [[], ["call"] * 9, ["call", "nocall", "nocall", "nocall", "nocall"]])
def test_too_little_to_learn_from_is_refused(labels):
    with pytest.raises(InputFaults, match="has too few clips for a cross-validation"):
        refuse_too_many_folds("labels/split.csv", labels, [f"sea{number}" for number in range(len(labels))], 3)
