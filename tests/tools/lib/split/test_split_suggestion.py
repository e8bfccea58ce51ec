from hypothesis import given, settings
from hypothesis import strategies as st

from stages.lib.split.drawing import empty_classes, group_clips, split_by_count
from stages.lib.tables.clips import Clip
from tools.lib.split.split_suggestion import suggested_counts


def data_set(*recordings: tuple[int, int]) -> list[Clip]:
    """Return clips of recordings with as many calls and no-calls each."""
    return [
        Clip(2, f"r{number:02d}_{position:07d}", f"r{number:02d}.wav", position / 1000, label, "")
        for number, (calls, nocalls) in enumerate(recordings)
        for position, label in enumerate(["call"] * calls + ["nocall"] * nocalls)
    ]


def test_many_recordings_are_divided_in_the_proportions_of_the_study():
    counts = suggested_counts(data_set(*[(3, 3)] * 60), seed=1, group_by="recording")
    assert counts == {"test": 40, "pool": 35, "valid": 28, "train": 251}


def test_where_the_test_part_is_set_already_the_others_share_the_rest():
    counts = suggested_counts(data_set(*[(3, 3)] * 60), 1, "recording", parts=("pool", "valid", "train"))
    assert counts == {"pool": 40, "valid": 32, "train": 281}


def test_of_few_recordings_the_pool_gets_none_where_training_would_lack_them():
    """Of four, three in the pool, validation and test would leave a quarter to learn from."""
    counts = suggested_counts(data_set(*[(20, 20)] * 4), seed=1, group_by="recording")
    assert counts == {"test": 18, "pool": 0, "valid": 12, "train": 79}


def test_too_few_recordings_are_not_divided():
    assert suggested_counts(data_set((50, 50), (50, 50)), 1, "recording") is None
    assert suggested_counts(data_set(*[(3, 0)] * 60), 1, "recording") is None
    assert suggested_counts([], 1, "recording") is None


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), st.integers(0, 5))
def test_whatever_is_suggested_can_be_had(recordings, seed):
    clips = data_set(*recordings)
    counts = suggested_counts(clips, seed, "recording")
    if counts:
        parts, faults = split_by_count(group_clips(clips, "recording"), counts, seed)
        assert faults == empty_classes(clips, parts, ("train", "valid", "test")) == []
