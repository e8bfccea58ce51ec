"""Held out means for good: what happens to a data set moves no valid or test clip and makes no other clip one."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.lib.split.drawing import draw
from stages.lib.split.params import SplitParams
from stages.lib.split.parts import parts_of
from stages.lib.tables.clips import Clip, make_clip_id

LABELS = ("call", "nocall", "")
SITES = ("north", "south", "east", "")

Recording = tuple[str, list[str]]  # Its site, and the labels of its clips.

recordings = st.tuples(st.sampled_from(SITES), st.lists(st.sampled_from(LABELS), min_size=1, max_size=5))
counts = st.fixed_dictionaries(dict.fromkeys(("train", "valid", "pool", "test"), st.integers(0, 12)))
shares = st.sampled_from(
    [
        {"train": 0.4, "valid": 0.2, "pool": 0.2, "test": 0.2},
        {"train": 0.3, "valid": 0.1, "pool": 0.1, "test": 0.3},
    ]
)
some_params = st.builds(
    lambda sizes, group_by, seed: SplitParams(seed=seed, group_by=group_by, **sizes),
    counts | shares,
    st.sampled_from(["recording", "site"]),
    st.integers(0, 5),
)


def clips_of(table: dict[int, Recording]) -> list[Clip]:
    return [
        Clip(2, make_clip_id(f"sea{number}.wav", position), f"sea{number}.wav", position, label, site)
        for number, (site, labels) in sorted(table.items())
        for position, label in enumerate(labels)
    ]


def correct_labels(table: dict[int, Recording], data: st.DataObject) -> None:
    """Give any clips other labels, none among them."""
    for number in data.draw(st.sets(st.sampled_from(sorted(table))), "corrected"):
        site, labels = table[number]
        table[number] = site, [data.draw(st.sampled_from(LABELS), "label") for _ in labels]


def annotate(table: dict[int, Recording], data: st.DataObject) -> None:
    """Label all clips of some recordings, and add clips to them."""
    for number in data.draw(st.sets(st.sampled_from(sorted(table))), "annotated"):
        site, labels = table[number]
        more = data.draw(st.integers(0, 3), "more clips")
        table[number] = site, ["call" if label == "" else label for label in labels] + ["nocall"] * more


def add(table: dict[int, Recording], data: st.DataObject) -> None:
    for number, recording in enumerate(data.draw(st.lists(recordings, min_size=1, max_size=6), "added"), start=100):
        table[number] = recording


def remove(table: dict[int, Recording], data: st.DataObject) -> None:
    for number in data.draw(st.sets(st.sampled_from(sorted(table))), "removed"):
        del table[number]


@pytest.mark.parametrize("change", [correct_labels, annotate, add, remove])
@given(st.lists(recordings, min_size=1, max_size=12), some_params, st.booleans(), st.data())
def test_no_change_moves_a_clip_into_or_out_of_what_is_held_out(change: Callable, table, params, as_list, data):
    assert_held_out_stays(change, dict(enumerate(table)), params, as_list, data)


def assert_held_out_stays(change, table: dict[int, Recording], params: SplitParams, as_list: bool, data) -> None:
    if as_list:
        listed = data.draw(st.sets(st.sampled_from(sorted(table)), min_size=1), "listed")
        params = SplitParams(**{**params.model_dump(), "test": [f"sea{number}.wav" for number in sorted(listed)]})
    old = clips_of(table)
    held_out, _ = draw(old, params)
    before = parts_of(old, params, held_out)
    change(table, data)
    new = clips_of(table)
    after = parts_of(new, params, held_out)
    # A clip that has lost its label can be trained on and tested with no more.
    there = {clip.clip_id for clip in new if clip.label}
    unheard = {clip_id for clip_id, part in before.items() if part in ("valid", "test")}
    assert {clip_id: after.get(clip_id) for clip_id in unheard & there} == {
        clip_id: before[clip_id] for clip_id in unheard & there
    }
    assert {clip_id for clip_id, part in after.items() if part in ("valid", "test")} <= unheard
    one_side(new, params, after)


def one_side(clips: Sequence[Clip], params: SplitParams, parts: dict[str, str]) -> None:
    """Assert that no group is both heard and held out."""
    heard = {group(clip, params) for clip in clips if parts.get(clip.clip_id) in ("train", "pool")}
    unheard = {group(clip, params) for clip in clips if parts.get(clip.clip_id) in ("valid", "test")}
    assert not heard & unheard


def group(clip: Clip, params: SplitParams) -> str:
    return clip.site if params.group_by == "site" and clip.site else clip.recording


@given(st.lists(recordings, min_size=1, max_size=12), some_params)
def test_what_is_held_out_is_what_was_drawn(table, params):
    clips = clips_of(dict(enumerate(table)))
    held_out, _ = draw(clips, params)
    parts = parts_of(clips, params, held_out)
    assert set(held_out.values()) <= {"valid", "pool", "test"}
    assert {clip_id: parts[clip_id] for clip_id in held_out} == held_out
    one_side(clips, params, parts)


@given(st.lists(recordings, min_size=1, max_size=12), some_params, st.data())
def test_a_pool_clip_keeps_its_part_when_another_label_is_corrected(table, params, data):
    table = dict(enumerate(table))
    held_out, _ = draw(clips_of(table), params)
    correct_labels(table, data)
    clips = clips_of(table)
    parts = parts_of(clips, params, held_out)
    labelled = {clip.clip_id for clip in clips if clip.label}
    assert {parts[clip_id] for clip_id, part in held_out.items() if part == "pool" and clip_id in labelled} <= {"pool"}


def test_training_takes_what_has_come_since_if_it_asks_for_it():
    table = {number: ("", ["call", "nocall"]) for number in range(20)}
    params = SplitParams(seed=1, group_by="recording", train=28, valid=4, pool=4, test=4)
    held_out, faults = draw(clips_of(table), params)
    assert faults == []
    table |= {100 + number: ("", ["call", "nocall"]) for number in range(5)}
    parts = parts_of(clips_of(table), params.model_copy(update={"train": 38}), held_out)
    assert sum(part == "train" for part in parts.values()) == 38
    parts = parts_of(clips_of(table), params.model_copy(update={"train": 1000}), held_out)
    assert sum(part == "train" for part in parts.values()) == 38


def test_a_recording_of_which_the_test_clips_are_gone_is_not_trained_on():
    table = {number: ("", ["call", "nocall"]) for number in range(20)}
    params = SplitParams(seed=1, group_by="recording", train=28, valid=4, pool=4, test=4)
    clips = clips_of(table)
    held_out, _ = draw(clips, params)
    recording = next(clip.recording for clip in clips if held_out.get(clip.clip_id) == "test")
    # As when the annotations are imported again, with the calls at other times.
    moved = [
        clip._replace(clip_id=make_clip_id(recording, clip.start_s + 0.5)) if clip.recording == recording else clip
        for clip in clips
    ]
    parts = parts_of(moved, params, held_out)
    assert not {clip.clip_id for clip in moved if clip.recording == recording} & set(parts)
