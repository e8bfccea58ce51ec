import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from stages.lib.split.drawing import draw, group_clips, split_by_count
from stages.lib.split.params import SplitParams
from stages.lib.split.parts import parts_of
from stages.lib.tables.clips import Clip, make_clip_id, read_clips
from stages.lib.tables.held_out import HELD_OUT, read_held_out
from stages.lib.tables.settled import SETTLED, SettledClip, learn_from, write_settled
from stages.lib.tables.split import SPLIT, read_split
from stages.split import main
from tests.stages.conftest import write_data_set
from tests.support.edit import replace_in
from tools.lib.split.hold_out import hold_out, shortages

COUNTS = {"seed": 1, "group_by": "recording", "train": 12, "valid": 4, "pool": 4, "test": 4}
SHARES = {"seed": 1, "group_by": "recording", "train": 0.6, "valid": 0.1, "pool": 0.1, "test": 0.2}
LABELS = ("call", "nocall", "")


def make_clips(labels_of: Sequence[Sequence[str]], sites: Sequence[str] = ("",)) -> list[Clip]:
    """Make the clips of some recordings from their labels; sites are given to the recordings in turn."""
    return [
        Clip(
            2,
            make_clip_id(f"sea{number}.wav", position),
            f"sea{number}.wav",
            position,
            label,
            sites[number % len(sites)],
        )
        for number, labels in enumerate(labels_of)
        for position, label in enumerate(labels)
    ]


def split(clips: Sequence[Clip], params: SplitParams) -> tuple[dict[str, str], list[str]]:
    """Draw what is held out and give all clips their parts, as when a data set is put to use."""
    held_out, faults = draw(clips, params)
    return parts_of(clips, params, held_out), faults or shortages(clips, params, held_out)


def count_parts(clips: Sequence[Clip], parts: dict[str, str]) -> Counter[tuple[str, str]]:
    return Counter((parts[clip.clip_id], clip.label) for clip in clips if clip.clip_id in parts)


def parts_by(attribute: str, clips: Sequence[Clip], parts: dict[str, str]) -> dict[str, set[str]]:
    found = defaultdict(set)
    for clip in clips:
        if clip.clip_id in parts:
            found[getattr(clip, attribute)].add(parts[clip.clip_id])
    return found


some_recordings = st.lists(st.lists(st.sampled_from(LABELS), min_size=1, max_size=6), max_size=12)
some_sites = st.lists(st.sampled_from(["north", "south", "east", ""]), min_size=1, max_size=12)
some_sizes = st.fixed_dictionaries(dict.fromkeys(("train", "valid", "pool", "test"), st.integers(0, 12)))
shares_or_counts = st.sampled_from([COUNTS, SHARES])


def test_the_study_is_split_as_it_was():
    clips = make_clips([["call"]] * 886 + [["nocall"]] * 885)
    parts, faults = split(clips, SplitParams(**{**COUNTS, "train": 1254, "valid": 140, "pool": 176, "test": 201}))
    counts = count_parts(clips, parts)
    assert faults == []
    assert (counts["test", "call"], counts["test", "nocall"]) == (101, 100)
    assert (counts["pool", "call"], counts["pool", "nocall"]) == (88, 88)
    assert counts["train", "call"] + counts["valid", "call"] == 697
    assert counts["train", "nocall"] + counts["valid", "nocall"] == 697


@given(st.lists(st.sampled_from(["call", "nocall"]), max_size=40), st.integers(0, 5), st.data())
def test_counts_are_met_exactly_where_every_recording_is_one_clip(labels, seed, data):
    sizes, left = {}, len(labels)
    for part in ("train", "valid", "pool", "test"):
        sizes[part] = data.draw(st.integers(0, left))
        left -= sizes[part]
    clips = make_clips([[label] for label in labels])
    parts, faults = split_by_count(group_clips(clips, "recording"), sizes, seed)
    counts = Counter(parts.values())
    assert ({part: counts[part] for part in sizes}, faults) == (sizes, [])


def test_all_clips_can_be_asked_for():
    clips = make_clips([["call"]] * 3 + [["nocall"]] * 3)
    sizes = {"train": 3, "valid": 1, "pool": 1, "test": 1}
    parts, faults = split_by_count(group_clips(clips, "recording"), sizes, seed=0)
    assert (Counter(parts.values()), faults) == (sizes, [])


@given(some_recordings, some_sizes)
def test_a_count_is_met_exactly_or_named_as_a_fault(labels_of, sizes):
    clips = make_clips(labels_of)
    parts, faults = split_by_count(group_clips(clips, "recording"), sizes, seed=0)
    counts = Counter(parts.values())
    assert not {clip.clip_id for clip in clips if not clip.label} & set(parts)
    short = {part for part in sizes if counts[part] != sizes[part]}
    assert {fault.split(":")[0] for fault in faults} == short
    assert all(counts[part] <= sizes[part] for part in sizes)


@given(some_recordings, some_sizes)
def test_parts_have_the_calls_and_nocalls_of_the_whole(labels_of, sizes):
    clips = make_clips(labels_of)
    parts, faults = split_by_count(group_clips(clips, "recording"), sizes, seed=0)
    whole = Counter(clip.label for clip in clips)
    labelled = whole["call"] + whole["nocall"]
    counts = count_parts(clips, parts)
    if not faults and labelled:
        for part in sizes:
            calls, of_part = counts[part, "call"], counts[part, "call"] + counts[part, "nocall"]
            assert abs(calls - of_part * whole["call"] / labelled) <= 1


def sides_by(attribute: str, clips: Sequence[Clip], parts: dict[str, str]) -> dict[str, set[str]]:
    """Return what a recording or site serves: its labelled clips one part, the unlabelled ones training at the most."""
    found = parts_by(attribute, [clip for clip in clips if clip.label], parts)
    for name, unlabelled in parts_by(attribute, [clip for clip in clips if not clip.label], parts).items():
        if found[name] & {"valid", "test"}:
            found[name] |= unlabelled
    return found


@given(some_recordings, shares_or_counts, st.integers(0, 9))
def test_no_recording_is_on_two_sides(labels_of, sizes, seed):
    clips = make_clips(labels_of)
    parts, _ = split(clips, SplitParams(**{**sizes, "seed": seed}))
    assert all(len(found) <= 1 for found in sides_by("recording", clips, parts).values())


@given(some_recordings, some_sites, shares_or_counts)
def test_no_site_is_on_two_sides_where_sites_are_groups(labels_of, sites, sizes):
    clips = make_clips(labels_of, sites)
    parts, _ = split(clips, SplitParams(**{**sizes, "group_by": "site"}))
    by_site = sides_by("site", clips, parts)
    by_site.pop("", None)
    assert all(len(found) <= 1 for found in by_site.values())
    assert all(len(found) <= 1 for found in sides_by("recording", clips, parts).values())


def test_a_recording_that_has_two_sites_is_refused_or_stays_on_one_side(tmp_path):
    table = tmp_path / "clips.csv"
    rows = [
        (make_clip_id(f"sea{number}.wav", position), f"sea{number}.wav", position, label, site)
        for number in range(30)
        for position, (label, site) in enumerate([("call", f"north{number}"), ("nocall", f"south{number}")])
    ]
    write_table(table, ("clip_id", "recording", "start_s", "label", "site"), rows)
    try:
        clips = read_clips(table)
    except InputFaults:
        return
    parts, _ = split(clips, SplitParams(**{**COUNTS, "group_by": "site"}))
    assert all(len(found) == 1 for found in parts_by("recording", clips, parts).values())


@given(some_recordings, some_sites, shares_or_counts, st.sampled_from(["recording", "site"]))
def test_unlabelled_clips_are_only_ever_pool(labels_of, sites, sizes, group_by):
    clips = make_clips(labels_of, sites)
    parts, _ = split(clips, SplitParams(**{**sizes, "group_by": group_by}))
    assert {parts.get(clip.clip_id, "pool") for clip in clips if clip.label == ""} <= {"pool"}


def test_unlabelled_clips_join_the_pool_besides_the_labelled_ones_asked_for():
    clips = make_clips([["call"]] * 20 + [["nocall"]] * 20 + [[""]] * 3)
    parts, faults = split(clips, SplitParams(**COUNTS))
    counts = count_parts(clips, parts)
    assert faults == []
    assert (counts["pool", ""], counts["pool", "call"] + counts["pool", "nocall"]) == (3, 4)


@pytest.mark.parametrize("sizes", [COUNTS, SHARES])
def test_unlabelled_clips_of_a_site_that_is_held_out_are_in_no_part(sizes):
    clips = make_clips([["call", "nocall"]] * 40 + [["", ""]] * 40, sites=[f"site{number}" for number in range(40)])
    parts, _ = split(clips, SplitParams(**{**sizes, "group_by": "site"}))
    part_of_site = {clip.site: parts.get(clip.clip_id) for clip in clips if clip.label}
    for clip in clips[80:]:
        assert parts.get(clip.clip_id) == (None if part_of_site[clip.site] in ("valid", "test") else "pool")


def test_a_listed_test_recording_without_labels_is_held_out_too():
    clips = make_clips([["call", "nocall"]] * 40 + [["", ""]])
    parts, _ = split(clips, SplitParams(**{**COUNTS, "test": ["sea0.wav", "sea40.wav"]}))
    assert not {clip.clip_id for clip in clips if clip.recording == "sea40.wav"} & set(parts)


@given(some_recordings, st.lists(st.integers(1, 6), max_size=6), shares_or_counts, some_sites)
def test_new_recordings_join_the_pool_and_move_nothing_else(labels_of, new_clip_counts, sizes, sites):
    params = SplitParams(**{**sizes, "group_by": "site"})
    old = make_clips(labels_of, sites)
    both = make_clips(labels_of + [[""] * count for count in new_clip_counts], sites)
    before, after = split(old, params)[0], split(both, params)[0]
    assert {clip.clip_id: before.get(clip.clip_id) for clip in old} == {
        clip.clip_id: after.get(clip.clip_id) for clip in old
    }
    assert {after.get(clip.clip_id) for clip in both[len(old) :]} <= {"pool", None}


@given(some_recordings, st.randoms(use_true_random=False), shares_or_counts)
def test_the_order_of_rows_does_not_matter(labels_of, random, sizes):
    clips = make_clips(labels_of)
    shuffled = random.sample(clips, len(clips))
    assert split(clips, SplitParams(**sizes)) == split(shuffled, SplitParams(**sizes))


@pytest.mark.parametrize("sizes", [COUNTS, SHARES])
def test_one_seed_gives_one_split_and_another_seed_another(sizes):
    clips = make_clips([["call", "nocall"]] * 40)
    first, again = (split(clips, SplitParams(**sizes))[0] for _ in range(2))
    assert first == again
    assert first != split(clips, SplitParams(**{**sizes, "seed": 2}))[0]


@given(some_recordings, some_recordings, st.integers(0, 9))
def test_with_shares_new_recordings_never_move_an_old_clip(labels_of, new_labels_of, seed):
    params = SplitParams(**{**SHARES, "seed": seed})
    old = make_clips(labels_of)
    before, _ = split(old, params)
    after, _ = split(make_clips(labels_of + new_labels_of), params)
    assert {clip.clip_id: before.get(clip.clip_id) for clip in old} == {
        clip.clip_id: after.get(clip.clip_id) for clip in old
    }


def test_shares_are_met_on_average():
    parts, faults = split(make_clips([["call", "nocall"]] * 2000), SplitParams(**SHARES))
    counts = Counter(parts.values())
    assert faults == []
    # A share of p has a standard deviation of at most sqrt(2000 p (1 - p)) recordings; 5 of them are allowed.
    assert counts["train"] / 2 == pytest.approx(1200, abs=110)
    assert counts["test"] / 2 == pytest.approx(400, abs=90)


def test_what_is_left_over_by_shares_is_in_no_part():
    params = SplitParams(**{**SHARES, "train": 0.1, "valid": 0.1, "pool": 0.1, "test": 0.1})
    parts, _ = split(make_clips([["call", "nocall"]] * 500), params)
    assert 300 < len(parts) < 500


def test_with_shares_recordings_without_labels_go_to_the_pool():
    clips = make_clips([["", ""]] * 20)
    parts, _ = split(clips, SplitParams(**SHARES))
    assert Counter(parts.values()) == {"pool": 40}


@pytest.mark.parametrize("sizes", [COUNTS, SHARES])
def test_a_list_of_recordings_is_the_test_part(sizes):
    clips = make_clips([["call", "nocall", ""]] * 40)
    parts, faults = split(clips, SplitParams(**{**sizes, "test": ["sea3.wav", "sea7.wav"]}))
    expected = {clip.clip_id for clip in clips if clip.recording in ("sea3.wav", "sea7.wav") and clip.label}
    assert {clip_id for clip_id, part in parts.items() if part == "test"} == expected
    assert faults == []


def test_a_listed_recording_that_is_not_there_is_a_fault():
    clips = make_clips([["call", "nocall"]] * 40)
    _, faults = split(clips, SplitParams(**{**COUNTS, "test": ["sea3.wav", "lake.wav"]}))
    assert faults == ["test: recording lake.wav has no clip in clips.csv"]


def test_a_list_that_would_divide_a_site_is_a_fault_that_names_the_other_recordings():
    clips = make_clips([["call", "nocall"]] * 40, sites=[f"site{number}" for number in range(20)])
    _, faults = split(clips, SplitParams(**{**COUNTS, "group_by": "site", "test": ["sea3.wav"]}))
    assert faults == ["test: list sea23.wav too, because its site site3 is listed"]


def test_an_impossible_count_is_a_fault_that_says_what_was_asked_and_what_there_is():
    clips = make_clips([["call"]] * 12 + [["nocall"]] * 12)
    _, faults = split(clips, SplitParams(**{**COUNTS, "train": 100}))
    assert faults == ["train: 100 labelled clips asked for, 12 left to take"]


@pytest.mark.parametrize("missing", ["call", "nocall"])
def test_parts_without_one_of_the_classes_are_a_fault(missing):
    present = {"call": "nocall", "nocall": "call"}[missing]
    _, faults = split(make_clips([[present]] * 40), SplitParams(**COUNTS))
    assert [fault.split(";")[0] for fault in faults] == [
        f"{part}: not one {missing} clip" for part in ("train", "valid", "test")
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"train": 0.5},
        {"train": -1},
        {"train": True},
        {"train": "12"},
        {"train": 1.0},
        {"train": 0.0, "valid": 0.1, "pool": 0.1, "test": 0.1},
        {"train": 0.5, "valid": 0.3, "pool": 0.2, "test": 0.1},
        {"train": ["sea1.wav"]},
        {"test": []},
        {"test": [1, 2]},
        {"group_by": "hydrophone"},
        {"seed": -1},
    ],
)
def test_sizes_that_cannot_be_are_refused(changes):
    with pytest.raises(ValidationError):
        SplitParams(**{**COUNTS, **changes})


def test_shares_may_make_exactly_one_whole():
    assert SplitParams(**{**SHARES, "train": 0.7, "valid": 0.1, "pool": 0.1, "test": 0.1}).by_share


def change_sizes(folder: Path, **sizes: int) -> None:
    lines = (folder / "params.yaml").read_text().splitlines()
    start = lines.index("split:")
    for position in range(start, start + 7):
        name = lines[position].split(":")[0].strip()
        if name in sizes:
            lines[position] = f"  {name}: {sizes[name]}"
    (folder / "params.yaml").write_text("\n".join(lines) + "\n")


def test_main_writes_the_parts_in_the_order_of_clip_ids(pipeline):
    clips = read_split(pipeline / "labels" / "split.csv")
    assert Counter(clip.part for clip in clips) == {"train": 24, "valid": 8, "pool": 8, "test": 8}
    assert [clip.clip_id for clip in clips] == sorted(clip.clip_id for clip in clips)
    truth = {clip.clip_id: clip.label for clip in read_clips(pipeline / "data" / "tiny" / "clips.csv")}
    assert {clip.clip_id: clip.label for clip in clips} == truth


def test_what_cannot_be_met_is_not_held_out(data_set):
    with pytest.raises(InputFaults) as refusal:
        hold_out()
    message = "\n".join(refusal.value.lines)
    assert all(line.startswith("params.yaml") for line in refusal.value.lines)
    assert "split.pool: 8 labelled clips requested (4 calls, 4 nocalls), 4 available" in message
    assert "6 call, 6 nocall clips from 3 recordings" in message
    assert not HELD_OUT.exists()


def test_main_does_not_need_the_recordings(data_set):
    for recording in (data_set / "data" / "tiny" / "recordings").iterdir():
        recording.unlink()
    change_sizes(data_set, train=4, valid=4, pool=0, test=4)
    hold_out()
    main()
    assert len(read_split()) == 12


def settled(*clip_ids: str, label: str = "call") -> list[SettledClip]:
    return [SettledClip(clip_id, label, 1) for clip_id in clip_ids]


def test_a_settled_pool_clip_moves_to_training_with_the_label_of_the_experts():
    clips = make_clips([["", "call", "nocall"]])
    parts = dict.fromkeys((clip.clip_id for clip in clips), "pool")
    first, second, third = (clip.clip_id for clip in clips)
    labelled, moved = learn_from(settled(first) + settled(second, label="nocall"), clips, parts)
    assert moved == {first: "train", second: "train", third: "pool"}
    assert [clip.label for clip in labelled] == ["call", "nocall", "nocall"]


@pytest.mark.parametrize("part", ["train", "valid"])
def test_a_settled_clip_of_another_part_stays_there_with_the_label_of_the_experts(part):
    (clip,) = clips = make_clips([["nocall"]])
    labelled, parts = learn_from(settled(clip.clip_id), clips, {clip.clip_id: part})
    assert (parts, [clip.label for clip in labelled]) == ({clip.clip_id: part}, ["call"])


@given(some_recordings, shares_or_counts, st.sets(st.integers(0, 60)))
def test_what_is_settled_moves_no_other_clip(labels_of, sizes, positions):
    clips = make_clips(labels_of)
    parts, _ = split(clips, SplitParams(**sizes))
    chosen = [clip for number, clip in enumerate(clips) if number in positions and parts.get(clip.clip_id) == "pool"]
    _, moved = learn_from(settled(*(clip.clip_id for clip in chosen)), clips, parts)
    assert moved == parts | {clip.clip_id: "train" for clip in chosen}


@pytest.fixture
def data_set_with_pool(data_set):
    """Three recordings of labelled clips, and one whose two clips have no label."""
    with (data_set / "data" / "tiny" / "clips.csv").open("a") as table:
        table.write("sea03_0000000,sea03.wav,0.0,,bay\nsea03_0000500,sea03.wav,0.5,,bay\n")
    change_sizes(data_set, train=4, valid=4, pool=0, test=4)
    hold_out()
    main()
    return data_set


def test_main_learns_from_the_settled_clips(data_set_with_pool):
    assert [clip for clip in read_split() if clip.part == "pool"] == [
        ("sea03_0000000", "pool", ""),
        ("sea03_0000500", "pool", ""),
    ]
    write_settled(SETTLED, settled("sea03_0000500"))
    main()
    assert [clip for clip in read_split() if clip.clip_id.startswith("sea03")] == [
        ("sea03_0000000", "pool", ""),
        ("sea03_0000500", "train", "call"),
    ]


@pytest.mark.parametrize("evidence", ["data set", "answered.csv"])
def test_main_passes_over_settled_clips_of_another_data_set(data_set_with_pool, evidence, capsys):
    write_settled(SETTLED, settled("sea03_0000500"))
    main()
    before = SPLIT.read_bytes()
    if evidence == "data set":
        (data_set_with_pool / "data" / "old").mkdir()
        (data_set_with_pool / "data" / "old" / "clips.csv").write_text("clip_id,recording\nold_0000000,old.wav\n")
    else:
        Path("labels/answered.csv").write_text("clip_id\nold_0000000\n")
    write_settled(SETTLED, settled("old_0000000", "sea03_0000500"))
    main()
    assert SPLIT.read_bytes() == before
    assert "skipped settled clips that are not in this split: 1" in capsys.readouterr().out


def test_main_refuses_what_leaves_a_part_without_a_class(data_set_with_pool):
    before = SPLIT.read_bytes()
    valid_calls = [clip.clip_id for clip in read_split() if (clip.part, clip.label) == ("valid", "call")]
    write_settled(SETTLED, settled(*valid_calls, label="nocall"))
    with pytest.raises(InputFaults) as refusal:
        main()
    (fault,) = refusal.value.lines
    assert fault.startswith("labels/settled.csv: leaves no call in valid: its labels differ from ")
    assert SPLIT.read_bytes() == before


def test_main_never_gives_a_test_clip_the_label_of_a_settled_one(data_set_with_pool):
    before = SPLIT.read_bytes()
    test_clip = next(clip for clip in read_split() if clip.part == "test")
    Path("labels/answered.csv").write_text(f"clip_id\n{test_clip.clip_id}\n")
    write_settled(SETTLED, settled(test_clip.clip_id, label={"call": "nocall", "nocall": "call"}[test_clip.label]))
    main()
    assert SPLIT.read_bytes() == before


def test_main_refuses_settled_clips_that_the_split_holds_out_and_names_their_lines(data_set_with_pool):
    before = SPLIT.read_bytes()
    test_clip = next(clip.clip_id for clip in read_split() if clip.part == "test")
    write_settled(SETTLED, settled("no_such_0000000", test_clip))
    with pytest.raises(InputFaults) as refusal:
        main()
    assert [line.partition(",")[0].partition(" of the split")[0] for line in refusal.value.lines] == [
        "labels/settled.csv:2: 'no_such_0000000' is in no part",
        f"labels/settled.csv:3: '{test_clip}' is a test clip",
    ]
    assert SPLIT.read_bytes() == before


def test_main_lists_every_fault_of_the_settled_clips(data_set_with_pool):
    SETTLED.write_text("clip_id,label,round\nsea03_0000000,unsure,1\nsea03_0000000,call,one\n")
    with pytest.raises(InputFaults) as refusal:
        main()
    assert refusal.value.lines == [
        "labels/settled.csv:2: unknown label 'unsure'; write call or nocall",
        "labels/settled.csv:3: round 'one' is not a number; write the round's number from labels/rounds.csv",
        "labels/settled.csv:3: 'sea03_0000000' is on line 2 already; remove one",
    ]


@pytest.fixture
def put_to_use(tmp_path, monkeypatch) -> Path:
    """Twelve recordings of four clips, of which the parts have been drawn and the split made."""
    write_data_set(tmp_path, recording_count=12)
    monkeypatch.chdir(tmp_path)
    main()
    return tmp_path


def parts_now() -> dict[str, str]:
    main()
    return {clip.clip_id: clip.part for clip in read_split()}


def fault_of(call: Callable[[], object]) -> str:
    with pytest.raises(InputFaults) as refusal:
        call()
    (fault,) = refusal.value.lines
    return fault


TABLE = Path("data/tiny/clips.csv")


def test_a_corrected_label_moves_no_clip(put_to_use):
    before = parts_now()
    for clip_id, part in before.items():
        if part != "train" and "_0000500" in clip_id:
            TABLE.write_text(re.sub(f"({clip_id},.*),call,", r"\1,nocall,", TABLE.read_text()))
    after = parts_now()
    assert {clip_id for clip_id in before if after[clip_id] != before[clip_id]} == set()


def test_a_training_recording_that_is_removed_is_no_reason_to_refuse(put_to_use):
    before = parts_now()
    recording = next(clip_id for clip_id, part in before.items() if part == "train").partition("_")[0]
    rows = [row for row in TABLE.read_text().splitlines() if not row.startswith(recording)]
    TABLE.write_text("\n".join(rows) + "\n")
    assert parts_now() == {clip_id: part for clip_id, part in before.items() if not clip_id.startswith(recording)}


def test_held_out_clips_that_are_gone_are_counted(put_to_use, capsys):
    before = parts_now()
    assert "held-out" not in capsys.readouterr().out
    gone = [clip_id for clip_id, part in before.items() if part == "test"][:3]
    rows = [row for row in TABLE.read_text().splitlines() if row.split(",")[0] not in gone]
    TABLE.write_text("\n".join(rows) + "\n")
    assert parts_now() == {clip_id: part for clip_id, part in before.items() if clip_id not in gone}
    assert "held-out clips that are no longer labelled clips of data/tiny/clips.csv: 3 of 24" in capsys.readouterr().out


def test_a_data_set_that_was_not_put_to_use_is_refused_with_the_command_that_does(put_to_use):
    shutil.copytree("data/tiny", "data/bay")
    replace_in(Path("params.yaml"), "dataset: tiny", "dataset: bay")
    before = SPLIT.read_bytes()
    assert fault_of(main) == (
        "labels/held_out.csv: has no clips of bay yet; run python -m tools.hold_out, and commit it"
    )
    assert SPLIT.read_bytes() == before
    hold_out()
    assert Counter(parts_now().values()) == {"train": 24, "valid": 8, "pool": 8, "test": 8}


def test_a_data_set_that_holds_nothing_out_is_put_to_use_as_well(put_to_use):
    """Otherwise its labels would pass for windows of any length."""
    change_sizes(put_to_use, train=40, valid=0, pool=0, test=0)
    HELD_OUT.unlink()
    assert fault_of(main).endswith("has no clips of tiny yet; run python -m tools.hold_out, and commit it")
    hold_out()
    assert Counter(parts_now().values()) == {"train": 40}


def test_data_sets_can_be_switched_forth_and_back(put_to_use):
    params, before = Path("params.yaml").read_text(), SPLIT.read_bytes()
    shutil.copytree("data/tiny", "data/bay")
    replace_in(Path("params.yaml"), "dataset: tiny", "dataset: bay")
    change_sizes(put_to_use, train=12, valid=12, pool=12, test=12)
    hold_out()
    assert Counter(parts_now().values()) == {"train": 12, "valid": 12, "pool": 12, "test": 12}
    Path("params.yaml").write_text(params)
    main()
    assert SPLIT.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "seed: 1\n  group_by",
            "seed: 2\n  group_by",
            "split.seed is 2, but the held-out clips were drawn with 1",
        ),
        ("group_by: recording", "group_by: site", "split.group_by is site, but "),
        ("valid: 8", "valid: 12", "split.valid is 12, but the held-out clips were drawn with 8"),
        ("  test: 8", "  test: [sea00.wav]", "split.test is 1 recordings "),
        (
            "clip_s: 0.5",
            "clip_s: 0.25",
            "featurize.clip_s is 0.25, but the labels of tiny are for windows of 0.5 s (labels/held_out.csv); set it",
        ),
    ],
)
def test_another_draw_than_the_one_that_is_held_out_is_refused(put_to_use, old, new, fault):
    before, params = SPLIT.read_bytes(), Path("params.yaml").read_text().splitlines()
    replace_in(Path("params.yaml"), old, new)
    found = fault_of(main)
    now = Path("params.yaml").read_text().splitlines()
    line = 1 + next(number for number, both in enumerate(zip(params, now, strict=True)) if both[0] != both[1])
    assert found.startswith(f"params.yaml:{line}: {fault}")
    assert "python -m tools.hold_out --again" in found
    assert SPLIT.read_bytes() == before


def test_what_is_held_out_is_drawn_again_only_if_that_is_asked_for(put_to_use):
    before = read_held_out()
    replace_in(Path("params.yaml"), "seed: 1\n  group_by", "seed: 5\n  group_by")
    assert "already holds out 24 clips of tiny; --again draws others" in fault_of(hold_out)
    assert read_held_out() == before
    said = hold_out(again=True)
    assert said[0].startswith("labels/held_out.csv: now holds out 8 valid, 8 pool, 8 test clips of tiny")
    assert "of 8 earlier test clips are kept" in said[1]
    assert Counter(parts_now().values()) == {"train": 24, "valid": 8, "pool": 8, "test": 8}


def test_a_test_part_that_has_lost_a_class_is_refused(put_to_use):
    for clip_id, part in parts_now().items():
        if part == "test":
            TABLE.write_text(re.sub(f"({clip_id},.*),(call|nocall),", r"\1,call,", TABLE.read_text()))
    fault = fault_of(main)
    assert fault.startswith("data/tiny/clips.csv: test: not one nocall clip is left (48 clips of 12 recordings: ")
    assert "python -m tools.hold_out --again" in fault


def test_a_table_that_two_draws_have_been_merged_into_is_refused(put_to_use):
    rows = HELD_OUT.read_text().splitlines()
    HELD_OUT.write_text(
        "\n".join([*rows, rows[1].replace(",1,recording,", ",2,recording,"), "tiny,a,train,,1,x"]) + "\n"
    )
    with pytest.raises(InputFaults) as refusal:
        main()
    assert refusal.value.lines == [
        "labels/held_out.csv:27: 6 cells where 7 are expected: dataset,clip_id,part,size,seed,group_by,clip_s",
        "labels/held_out.csv:26: split.seed is 2 here and 1 on line 2; a data set is drawn once: keep the rows of one "
        "draw of tiny",
    ]
