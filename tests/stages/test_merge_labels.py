import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from stages.lib.tables.expert import Answer
from stages.lib.tables.merged import MergedClip
from stages.lib.tables.pool import PoolClip, write_pool
from stages.lib.tables.reviews import REVIEWS, Review, write_reviews
from stages.lib.tables.settled import SETTLED, SettledClip, write_settled
from stages.lib.tables.split import SplitClip
from stages.merge_labels import label_metrics, main, merge

EVERY_CLASS = {"call": 1.0, "nocall": 1.0}


def merged_as(clip: SplitClip, decision: str = "uncertain", **settled: str | None) -> list[tuple[str, str]]:
    """Return label and source of the one clip, whose id is `a`."""
    return [(merged.label, merged.source) for merged in merge([clip], {"a": decision}, settled, EVERY_CLASS)]


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize("label", ["call", "nocall"])
def test_a_train_or_valid_clip_has_the_label_of_the_data_set(part, label):
    assert merged_as(SplitClip("a", part, label)) == [(label, "dataset")]


@pytest.mark.parametrize("part", ["train", "valid"])
def test_experts_outrank_the_data_set(part):
    assert merged_as(SplitClip("a", part, "call"), a="nocall") == [("nocall", "expert")]


@pytest.mark.parametrize("decision", ["call", "nocall", "uncertain"])
def test_experts_outrank_the_model(decision):
    assert merged_as(SplitClip("a", "pool", ""), decision, a="call") == [("call", "expert")]


@pytest.mark.parametrize("part", ["train", "valid", "pool"])
def test_a_disputed_clip_is_left_out(part):
    assert merged_as(SplitClip("a", part, "call"), "call", a=None) == []


@pytest.mark.parametrize("decision", ["call", "nocall"])
def test_a_confident_pool_clip_takes_the_label_of_the_model(decision):
    assert merged_as(SplitClip("a", "pool", "call"), decision) == [(decision, "model")]


def test_an_uncertain_pool_clip_waits():
    assert merged_as(SplitClip("a", "pool", "call"), "uncertain") == []


def test_a_test_clip_is_never_merged():
    assert merged_as(SplitClip("a", "test", "call")) == []


def test_a_merged_clip_keeps_its_part():
    clips = [SplitClip("a", "pool", ""), SplitClip("b", "train", "call"), SplitClip("c", "valid", "call")]
    merged = merge(clips, {"a": "call"}, {}, EVERY_CLASS)
    assert [(clip.clip_id, clip.part) for clip in merged] == [("a", "pool"), ("b", "train"), ("c", "valid")]


def test_a_model_label_has_the_weight_of_its_class_and_one_that_is_not_used_is_left_out():
    clips = [SplitClip("a", "pool", ""), SplitClip("b", "pool", ""), SplitClip("c", "train", "call")]
    merged = merge(clips, {"a": "call", "b": "nocall"}, {}, {"call": 0.25})
    assert [(clip.clip_id, clip.source, clip.weight) for clip in merged] == [
        ("a", "model", 0.25),
        ("c", "dataset", 1.0),
    ]


def test_a_reviewed_window_has_its_weight_in_training_wherever_the_experts_label_stands():
    clips = [
        SplitClip("answered", "pool", ""),
        SplitClip("settled", "train", "nocall"),
        SplitClip("waiting", "pool", ""),
        SplitClip("disputed", "pool", ""),
        SplitClip("other", "pool", ""),
        SplitClip("valid", "valid", "call"),
        SplitClip("dataset", "train", "call"),
    ]
    decisions = {"answered": "uncertain", "waiting": "call", "disputed": "call", "other": "uncertain"}
    settled = {"answered": "nocall", "disputed": None, "other": "call", "valid": "nocall"}
    reviewed = dict.fromkeys(["answered", "settled", "waiting", "disputed", "valid", "dataset"], 5.0)
    merged = merge(clips, decisions, settled, EVERY_CLASS, {"settled"}, review_weight=reviewed)
    assert {clip.clip_id: (clip.source, clip.weight) for clip in merged} == {
        "answered": ("expert", 5.0),
        "settled": ("expert", 5.0),
        "waiting": ("model", 1.0),
        "other": ("expert", 1.0),
        "valid": ("expert", 1.0),
        "dataset": ("dataset", 1.0),
    }


def test_the_metrics_count_what_is_left_out():
    pool = [
        PoolClip("a", 0.9, "call", "audit"),
        PoolClip("b", 0.9, "call", ""),
        PoolClip("c", 0.1, "nocall", ""),
        PoolClip("d", 0.5, "uncertain", "chosen"),
    ]
    clips = [SplitClip(clip.clip_id, "pool", "") for clip in pool]
    answers = [Answer("a", "nocall", "val")]
    merged = merge(clips, {clip.clip_id: clip.decision for clip in pool}, {"a": "nocall"}, {"nocall": 1.0})
    metrics = label_metrics(clips, pool, answers, merged)
    assert (metrics["model"], metrics["left_out"]) == ({"calls": 0, "nocalls": 1}, {"calls": 1, "nocalls": 0})


labels = st.sampled_from(["call", "nocall"])
clip_table = st.dictionaries(
    st.integers(0, 99).map(lambda number: f"clip{number:02d}"),
    st.tuples(
        st.sampled_from(["train", "valid", "pool", "test"]),
        labels,
        st.sampled_from(["call", "nocall", "uncertain"]),
        st.sampled_from(["call", "nocall", None, "nobody"]),
    ),
    max_size=20,
)


def tables(rows: dict[str, tuple]) -> tuple[list[SplitClip], dict[str, str], dict[str, str | None]]:
    """Return clips, decisions and settled labels."""
    clips = [SplitClip(clip_id, part, label) for clip_id, (part, label, _, _) in rows.items()]
    decisions = {clip_id: decision for clip_id, (part, _, decision, _) in rows.items() if part == "pool"}
    settled = {clip_id: answer for clip_id, (part, *_, answer) in rows.items() if answer != "nobody" and part != "test"}
    return clips, decisions, settled


@given(clip_table, st.lists(st.sampled_from(["call", "nocall", ""]), min_size=20, max_size=20))
def test_the_truth_of_pool_clips_does_not_change_the_merged_labels(rows, other_labels):
    clips, decisions, settled = tables(rows)
    others = [
        clip._replace(label=label) if clip.part == "pool" else clip
        for clip, label in zip(clips, other_labels, strict=False)
    ]
    assert merge(others, decisions, settled, EVERY_CLASS) == merge(clips, decisions, settled, EVERY_CLASS)


@given(clip_table)
def test_every_clip_is_merged_at_most_once_and_no_test_clip_is(rows):
    clips, decisions, settled = tables(rows)
    ids = [clip.clip_id for clip in merge(clips, decisions, settled, EVERY_CLASS)]
    assert len(set(ids)) == len(ids)
    assert not {clip.clip_id for clip in clips if clip.part == "test"} & set(ids)


def test_metrics_count_answers_disputes_and_what_waits():
    clips = [SplitClip(clip_id, "pool", "") for clip_id in "abcdef"]
    decisions = ["uncertain"] * 4 + ["call", "nocall"]
    pool = [PoolClip(clip.clip_id, 0.5, decision) for clip, decision in zip(clips, decisions, strict=True)]
    answers = [
        Answer("a", "call", "val"),
        Answer("a", "unsure", "scott"),
        Answer("b", "nocall", "val"),
        Answer("c", "call", "val"),
        Answer("c", "nocall", "scott"),
    ]
    settled = {"a": "call", "b": "nocall", "c": None}
    merged = merge(clips, {clip.clip_id: clip.decision for clip in pool}, settled, EVERY_CLASS)
    nothing = {"checked": 0, "wrong": 0}
    assert label_metrics(clips, pool, answers, merged) == {
        "expert": {"answers": 5, "calls": 1, "nocalls": 1, "reviewed": 0, "unsure": 1, "passed_over": 0},
        "disputed": 1,
        "waiting": 1,
        "model": {"calls": 1, "nocalls": 1},
        "left_out": {"calls": 0, "nocalls": 0},
        "model_error": {"all": nothing, "calls": nothing, "nocalls": nothing},
        "audit_error": dict.fromkeys(("all", "calls", "nocalls"), {**nothing, "unsure": 0}),
    }


def test_the_audit_counts_the_confident_labels_that_the_experts_say_are_wrong():
    pool = [
        PoolClip("a", 0.9, "call", "audit"),
        PoolClip("b", 0.9, "call", "audit"),
        PoolClip("c", 0.1, "nocall", "audit"),
        PoolClip("d", 0.1, "nocall", "audit"),
        PoolClip("e", 0.1, "nocall", "audit"),
        PoolClip("f", 0.9, "call", ""),
        PoolClip("g", 0.5, "uncertain", "chosen"),
    ]
    clips = [SplitClip(clip.clip_id, "pool", "") for clip in pool]
    # Nobody has answered for d, and nobody is sure about e; f and g were not drawn.
    given_labels = {"a": "call", "b": "nocall", "c": "nocall", "e": "unsure", "f": "nocall", "g": "call"}
    answers = [Answer(clip_id, label, "val") for clip_id, label in given_labels.items()]
    error = label_metrics(clips, pool, answers, [])["audit_error"]
    assert {name: (counts["checked"], counts["wrong"], counts["unsure"]) for name, counts in error.items()} == {
        "all": (3, 1, 1),
        "calls": (2, 1, 0),
        "nocalls": (1, 0, 1),
    }
    assert error["calls"]["rate"] == 0.5


def test_the_labels_that_the_study_gave_itself_were_wrong_in_28_percent():
    # 8 of 44 calls and 31 of 95 no-calls were wrong; 36 clips were uncertain and 1 has no label to check with.
    plan = [("call", "nocall", 8), ("call", "call", 36), ("nocall", "call", 31), ("nocall", "nocall", 64)]
    plan += [("uncertain", "call", 36), ("call", "", 1)]
    rows = [(decision, truth) for decision, truth, count in plan for _ in range(count)]
    clips = [SplitClip(f"clip{number:03d}", "pool", truth) for number, (_, truth) in enumerate(rows)]
    pool = [PoolClip(clip.clip_id, 0.5, decision) for clip, (decision, _) in zip(clips, rows, strict=True)]
    merged = merge(clips, {clip.clip_id: clip.decision for clip in pool}, {}, EVERY_CLASS)
    error = label_metrics(clips, pool, [], merged)["model_error"]
    assert {name: (counts["checked"], counts["wrong"], round(counts["rate"], 2)) for name, counts in error.items()} == {
        "all": (139, 39, 0.28),
        "calls": (44, 8, 0.18),
        "nocalls": (95, 31, 0.33),
    }


def test_an_expert_label_is_not_counted_as_an_error_of_the_model():
    clips, pool = [SplitClip("a", "pool", "nocall")], [PoolClip("a", 0.9, "call")]
    merged = [MergedClip("a", "call", "expert", 1.0, "pool")]
    error = label_metrics(clips, pool, [Answer("a", "call", "val")], merged)["model_error"]
    assert error["all"] == {"checked": 0, "wrong": 0}


@pytest.fixture
def labels_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a split and pool scores, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(
        "merge_labels: {model_labels: {use: true, weight: 1.0, highest_error: 0.5}, review_weight: 5.0}\n"
    )
    rows = [("p1", "pool", "call"), ("p2", "pool", "nocall"), ("t1", "train", "call"), ("x1", "test", "call")]
    write_table(Path("labels/split.csv"), ("clip_id", "part", "label"), rows)
    write_settled(SETTLED, [])
    write_reviews(REVIEWS, [])
    write_pool(Path("labels/pool_scores.csv"), [PoolClip("p1", 0.5, "uncertain"), PoolClip("p2", 0.9, "call")])
    return tmp_path


def write_expert(folder: Path, *rows: str, ending: str = "\n") -> None:
    text = ending.join(["clip_id,label,annotator,date,note", *rows, ""])
    (folder / "labels" / "expert.csv").write_bytes(text.encode())


def test_main_writes_the_merged_labels_and_the_metrics(labels_folder):
    write_expert(labels_folder, "p1,nocall,val,2026-11-22,faint")
    main()
    assert Path("labels/merged.csv").read_text() == (
        "clip_id,label,source,weight,part\n"
        "p1,nocall,expert,1.0,pool\n"
        "p2,call,model,1.0,pool\n"
        "t1,call,dataset,1.0,train\n"
    )
    metrics = json.loads(Path("metrics/labels.json").read_text())
    assert (metrics["expert"]["nocalls"], metrics["waiting"], metrics["model_error"]["all"]["wrong"]) == (1, 0, 1)


def review(clip_id: str) -> Review:
    return Review("0123456789ab", "", clip_id, "sea.wav", 3.0, "bay", None, "", None)


def test_main_gives_reviewed_windows_their_weight_and_says_so(labels_folder, capsys):
    write_expert(labels_folder, "p1,nocall,val,2026-11-22,")
    write_reviews(REVIEWS, [review("p1"), review("p2"), review("of_another_data_set")])
    main()
    merged = Path("labels/merged.csv").read_text().splitlines()
    assert merged[1:3] == ["p1,nocall,expert,5.0,pool", "p2,call,model,1.0,pool"]
    assert expert_metrics()["reviewed"] == 1
    assert "Reviewed windows: 1, each of weight 5 in training." in capsys.readouterr().out


def test_an_edit_that_changes_nothing_that_matters_gives_the_same_bytes(labels_folder):
    answers = ["p1,call,val,2026-11-22,", "p2,nocall,val,2026-11-22,", "t1,call,val,2026-11-22,"]
    write_expert(labels_folder, *answers)
    main()
    before = Path("labels/merged.csv").read_bytes()
    Path("labels/merged.csv").unlink()
    write_expert(labels_folder, *(f"{answer}a note" for answer in answers[::-1]), ending="\r\n")
    main()
    assert Path("labels/merged.csv").read_bytes() == before


def test_main_lists_all_faults_and_leaves_the_outputs_as_they_were(labels_folder):
    write_expert(labels_folder, "p1,call,val,2026-11-22,")
    main()
    outputs = [Path("labels/merged.csv"), Path("metrics/labels.json")]
    before = [output.read_bytes() for output in outputs]
    write_expert(labels_folder, "p1,nocall,val,2026-11-22,", "x1,call,val,2026-11-22,", "p2,maybe,val,2026-11-22,")
    with pytest.raises(InputFaults) as refusal:
        main()
    places = [fault.split(" ")[0] for fault in refusal.value.lines]
    assert places == ["labels/expert.csv:3:", "labels/expert.csv:4:"]
    assert [output.read_bytes() for output in outputs] == before


def test_main_never_writes_the_answers(labels_folder):
    write_expert(labels_folder, "p1,call,val,2026-11-22,  faint ", ending="\r\n")
    before = Path("labels/expert.csv").read_bytes()
    main()
    assert Path("labels/expert.csv").read_bytes() == before


def write_other_data_set(*clip_ids: str) -> None:
    rows = [(clip_id, "old.wav", 0.0, "", "") for clip_id in clip_ids]
    write_table(Path("data/other/clips.csv"), ("clip_id", "recording", "start_s", "label", "site"), rows)


def expert_metrics() -> dict:
    return json.loads(Path("metrics/labels.json").read_text())["expert"]


OLD_ANSWERS = ("old_0000000,call,val,2026-11-22,", "old_0003000,unsure,val,2026-11-22,")


@pytest.mark.parametrize("evidence", ["data set", "answered.csv"])
def test_answers_about_clips_of_another_data_set_are_counted_and_passed_over(labels_folder, evidence, capsys):
    write_expert(labels_folder, "p1,nocall,val,2026-11-22,")
    main()
    merged, alone = Path("labels/merged.csv").read_bytes(), Path("metrics/labels.json").read_text()
    if evidence == "data set":
        write_other_data_set("old_0000000", "old_0003000")
    else:
        Path("labels/answered.csv").write_text("clip_id\nold_0000000\nold_0003000\n")
    write_expert(labels_folder, "p1,nocall,val,2026-11-22,", *OLD_ANSWERS)
    answers = Path("labels/expert.csv").read_bytes()
    main()
    assert Path("labels/merged.csv").read_bytes() == merged
    expected = {"answers": 1, "calls": 0, "nocalls": 1, "reviewed": 0, "unsure": 0, "passed_over": 2}
    assert expert_metrics() == expected
    assert json.loads(Path("metrics/labels.json").read_text())["disputed"] == json.loads(alone)["disputed"] == 0
    assert Path("labels/expert.csv").read_bytes() == answers
    assert "Skipped answers about clips that are not in this split: 2." in capsys.readouterr().out


def test_an_id_that_nothing_has_ever_had_is_still_refused(labels_folder):
    write_other_data_set("old_0000000")
    write_expert(labels_folder, "old_0000000,call,val,2026-11-22,", "old_0000001,call,val,2026-11-22,")
    with pytest.raises(InputFaults) as refusal:
        main()
    (fault,) = refusal.value.lines
    assert fault.startswith("labels/expert.csv:3: there is no clip 'old_0000001' in train, valid or pool, ")
    assert "check_labels --fix" in fault


def test_a_test_clip_is_passed_over_where_it_was_answered_for_in_another_data_set(labels_folder):
    write_expert(labels_folder, "x1,nocall,val,2026-11-22,")
    with pytest.raises(InputFaults, match="belongs to the test set"):
        main()
    Path("labels/answered.csv").write_text("clip_id\nx1\n")
    main()
    assert expert_metrics()["passed_over"] == 1
    assert "x1" not in Path("labels/merged.csv").read_text()


def test_switching_the_data_set_forth_and_back_gives_the_old_merged_labels(labels_folder):
    write_other_data_set("p1", "p2", "t1", "x1")
    write_expert(labels_folder, "p1,nocall,val,2026-11-22,", "t1,unsure,val,2026-11-22,")
    main()
    tables = {name: Path(f"labels/{name}.csv").read_bytes() for name in ("merged", "split", "pool_scores")}
    write_table(Path("labels/split.csv"), ("clip_id", "part", "label"), [("b1", "pool", ""), ("b2", "train", "call")])
    write_pool(Path("labels/pool_scores.csv"), [PoolClip("b1", 0.9, "call")])
    main()
    assert expert_metrics()["passed_over"] == 2
    for name in ("split", "pool_scores"):
        Path(f"labels/{name}.csv").write_bytes(tables[name])
    main()
    assert Path("labels/merged.csv").read_bytes() == tables["merged"]
    assert expert_metrics()["passed_over"] == 0


def write_both_classes(*more: tuple[str, str, str]) -> None:
    """Write a split with a call and a no-call to train on and to validate with."""
    rows = [(f"{part}_{label}", part, label) for part in ("train", "valid", "test") for label in ("call", "nocall")]
    write_table(Path("labels/split.csv"), ("clip_id", "part", "label"), sorted([*rows, *more]))
    write_pool(Path("labels/pool_scores.csv"), [PoolClip(clip_id, 0.5, "uncertain") for clip_id, part, _ in more])


@pytest.mark.parametrize(
    ("answers", "lost"),
    [
        (["valid_call,unsure", "valid_nocall,unsure"], ["no call in valid", "no nocall in valid"]),
        (["valid_call,nocall"], ["no call in valid"]),
        (["train_call,unsure"], ["no call in train"]),
        (["train_nocall,call"], ["no nocall in train"]),
    ],
)
def test_a_class_that_the_answers_leave_nothing_of_is_named_and_nothing_is_written(labels_folder, answers, lost):
    write_both_classes()
    write_expert(labels_folder, *(f"{answer},val,2026-11-22," for answer in answers))
    with pytest.raises(InputFaults) as refusal:
        main()
    assert [line.partition("leaves ")[2].partition(":")[0] for line in refusal.value.lines] == lost
    clip_id = answers[0].partition(",")[0]
    assert f"the answers for {clip_id} have another label or are disputed; correct" in refusal.value.lines[0]
    assert not Path("labels/merged.csv").exists()
    assert not Path("metrics/labels.json").exists()


def test_a_class_of_train_that_an_expert_has_found_in_the_pool_is_there(labels_folder):
    write_both_classes(("p1", "pool", ""))
    write_expert(labels_folder, "train_call,unsure,val,2026-11-22,", "p1,call,val,2026-11-22,")
    main()


def test_what_was_settled_counts_as_the_experts_own_without_their_answers(labels_folder):
    write_both_classes(("a", "train", "call"), ("b", "train", "nocall"), ("c", "train", "call"))
    write_settled(SETTLED, [SettledClip("a", "call", 1), SettledClip("b", "nocall", 1), SettledClip("c", "call", 1)])
    Path("labels/answered.csv").write_text("clip_id\ngone\n")
    write_expert(labels_folder, "b,nocall,val,2026-11-22,", "c,unsure,val,2026-11-22,")
    main()
    rows = Path("labels/merged.csv").read_text().splitlines()
    assert {row for row in rows if row[0] in "abc" and row[1] == ","} == {
        "a,call,expert,1.0,train",
        "b,nocall,expert,1.0,train",
    }
    assert "train_call,call,dataset,1.0,train" in rows
    assert (expert_metrics()["answers"], expert_metrics()["calls"], expert_metrics()["nocalls"]) == (2, 1, 1)
