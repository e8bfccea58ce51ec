from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import Row
from stages.lib.tables.answer_rules import read_answers
from stages.lib.tables.expert import COLUMNS, LABELS
from tests.support.label_repository import (
    EXPERT,
    HEADER,
    QUEUE,
    expert_rows,
    without_outputs,
    write_label_files,
)
from tests.support.tool import run_tool
from tools.add_labels import Signature, add_labels
from tools.lib.answers.answer_merging import GivenAnswer, key_of, merge

SIGNATURE = Signature(None, "2026-11-22")


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(write_label_files(tmp_path / "repository"))
    return Path()


def export(name: str, *rows: str) -> Path:
    Path(name).write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return Path(name)


def add(*paths: Path) -> str:
    return add_labels(paths, SIGNATURE)[0]


def refused(*paths: Path, signature: Signature = SIGNATURE) -> list[str]:
    """Return the faults for which files are refused; the table must stay as it was."""
    before = Path("labels/expert.csv").read_bytes()
    with pytest.raises(InputFaults) as caught:
        add_labels(paths, signature)
    assert Path("labels/expert.csv").read_bytes() == before
    return caught.value.lines


def test_answers_are_added_in_the_canonical_order(repository):
    paths = [
        export("b.csv", "deep_0004000,unsure,val,2026-11-22,"),
        export("a.csv", "bay_0003000,call,ann,2026-11-22,x"),
    ]
    assert add(*paths) == "labels/expert.csv: 2 answers added (ann 1, val 1)"
    assert expert_rows(repository) == [
        "bay_0003000,call,ann,2026-11-22,x",
        "bay_0003000,nocall,val,2026-11-20,ferry",
        "deep_0000000,call,val,2026-11-20,",
        "deep_0004000,unsure,val,2026-11-22,",
    ]


def test_a_changed_mind_replaces_ones_own_answer_and_nobody_elses(repository):
    add(export("a.csv", "bay_0003000,call,ann,2026-11-21,"))
    assert (
        add(export("b.csv", "bay_0003000,unsure,val,2026-11-22,"))
        == "labels/expert.csv: 0 answers added, 1 changed (val 1)"
    )
    assert expert_rows(repository)[:2] == ["bay_0003000,call,ann,2026-11-21,", "bay_0003000,unsure,val,2026-11-22,"]


def test_of_equal_dates_the_file_wins(repository):
    add(export("a.csv", "bay_0003000,call,val,2026-11-20,"))
    assert expert_rows(repository)[0] == "bay_0003000,call,val,2026-11-20,"


def test_an_older_answer_is_not_taken_and_named(repository):
    said = add_labels([export("a.csv", "bay_0003000,call,val,2026-11-19,")], SIGNATURE)
    assert said == [
        "labels/expert.csv: 0 answers added, 1 older than the present answer, so not taken (val 1)",
        "a.csv:2: older than the present answer, so not taken",
    ]
    assert expert_rows(repository) == EXPERT.splitlines()[1:]


def test_what_is_there_already_stays_as_before(repository):
    path = export("a.csv", "bay_0003000,nocall,val,2026-11-20,ferry")
    assert add(path, path) == "labels/expert.csv: 0 answers added, 1 unchanged (val 1)"
    assert Path("labels/expert.csv").read_text() == EXPERT


def test_files_may_repeat_one_another_and_themselves(repository):
    row = "deep_0004000,unsure,val,2026-11-22,"
    assert add(export("a.csv", row, row), export("b.csv", row)) == "labels/expert.csv: 1 answer added (val 1)"


def test_rows_without_a_label_are_passed_over_and_counted(repository):
    path = Path("queue.csv")
    path.write_text(QUEUE.replace("bay_0010500,,,,", "bay_0010500,call,val,2026-11-22,"))
    assert add(path) == "labels/expert.csv: 1 answer added, 3 not filled in (val 1)"


def test_a_table_that_a_spreadsheet_has_written_is_read(repository):
    text = "note,clip_id,label,annotator,date\r\n,deep_0004000,call,Ann Öberg,2026-11-22\r\n"
    Path("sheet.csv").write_text(text, encoding="utf-8-sig", newline="")
    add(Path("sheet.csv"))
    assert expert_rows(repository)[-1] == "deep_0004000,call,Ann Öberg,2026-11-22,"


@pytest.mark.parametrize("text", ["sep=;\n{}", "{}", "\n{}"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_table_that_a_spreadsheet_of_another_country_has_written_is_read(repository, text, separator):
    rows = 'clip_id,label,annotator,date,note\ndeep_0004000,Call,ann,2026-11-22,"S01, faint"\n'.replace(",", separator)
    if separator == ";" or not text.startswith("sep"):
        Path("sheet.csv").write_text(text.format(rows.replace(f"S01{separator}", "S01,")))
        add(Path("sheet.csv"))
        assert expert_rows(repository)[-1] == 'deep_0004000,call,ann,2026-11-22,"S01, faint"'


def test_rows_and_columns_of_such_a_table_are_checked_as_ever(repository):
    text = "clip_id;label;annotator;date;note;more\ndeep_0004000;call;ann;2026-11-22;;\n"
    Path("a.csv").write_text(text)
    assert refused(Path("a.csv"))[0].startswith("a.csv:1: unknown column 'more'")
    Path("a.csv").write_text(text.replace(";more", "").replace(";;", ";").replace("2026-11-22;", "2026-11-22;x;y"))
    assert refused(Path("a.csv"))[0].startswith("a.csv:2: 6 cells where 5 are expected")


def test_a_spreadsheet_is_refused_for_what_it_is(repository):
    Path("answers.xlsx").write_bytes(b"PK\x03\x04\n\n\xff")
    (fault,) = refused(Path("answers.xlsx"))
    assert fault == (
        "answers.xlsx: is a spreadsheet (or a zip archive); save the sheet as CSV in UTF-8, and give that file"
    )


def test_all_faults_are_refused_at_once_with_file_and_line(repository):
    Path("labels/expert.csv").write_text(EXPERT + "bay_0000000,maybe,val,2026-11-20,\n")
    faults = refused(
        export("a.csv", "test_0000000,call,val,2026-11-22,", "deep_0004000,call,,22.11.2026,"),
        export("b.csv", "nowhere_0000000,call,val,2026-11-22,", "bay_0003000,call,val,2026-11-22"),
        Path("missing.csv"),
        Path("labels"),
    )
    assert sorted(fault.split(" ")[0] for fault in faults) == [
        "a.csv:2:",
        "a.csv:3:",
        "a.csv:3:",
        "b.csv:2:",
        "b.csv:3:",
        "labels/expert.csv:4:",
        "labels:",
        "missing.csv:",
    ]


def test_an_annotator_who_contradicts_herself_in_a_file_is_refused(repository):
    faults = refused(export("a.csv", "deep_0004000,call,val,2026-11-22,", "deep_0004000,nocall,val,2026-11-23,"))
    assert [fault.startswith("a.csv:3: 'val' already answered") for fault in faults] == [True]


def test_an_annotator_who_contradicts_herself_on_a_day_in_two_files_is_refused(repository):
    # The shell sorts "val (1).csv", the newer download, before "val.csv": the order of files tells nothing.
    paths = [
        export("b.csv", "deep_0004000,call,val,2026-11-22,"),
        export("a.csv", "deep_0004000,nocall,val,2026-11-22,"),
    ]
    assert refused(*paths) == [
        "a.csv:2: val says nocall for deep_0004000, but call on the same day in b.csv:2; keep one"
    ]


def test_of_two_files_the_newer_answer_is_taken_whatever_their_order(repository):
    paths = [
        export("a.csv", "deep_0004000,call,val,2026-11-23,"),
        export("b.csv", "deep_0004000,nocall,val,2026-11-22,"),
    ]
    add(*paths)
    assert expert_rows(repository)[-1] == "deep_0004000,call,val,2026-11-23,"


def test_without_the_split_it_says_what_to_run(repository):
    without_outputs(repository)
    faults = refused(export("a.csv", "deep_0004000,call,val,2026-11-22,"))
    assert faults == ["labels/split.csv: there is no such file; run dvc pull, or dvc repro split"]


def test_it_runs_as_the_documentation_says(tmp_path):
    folder = write_label_files(tmp_path / "repository")
    (folder / "a.csv").write_text(HEADER + "deep_0004000,call,val,2026-11-22,\n")
    (folder / "deep.txt").write_text("0.1\t2.9\tcall: S01, faint\n4\t7\t\n")
    unsigned = run_tool(folder, "add_labels", "a.csv", "deep.txt")
    assert (unsigned.returncode, unsigned.stderr) == (
        1,
        "deep.txt: selections do not say who made them; add --annotator NAME\n",
    )
    done = run_tool(folder, "add_labels", "a.csv", "deep.txt", "--annotator", " ann ")
    assert done.stdout == "labels/expert.csv: 2 answers added, 1 not filled in (ann 1, val 1)\n"
    assert f'deep_0000000,call,ann,{date.today()},"S01, faint"' in expert_rows(folder)
    options = run_tool(folder, "add_labels", "a.csv", "--annotator", "", "--date", "today")
    assert [line.split(":")[0] for line in options.stderr.splitlines()] == ["--annotator", "--date"]


CLIP_IDS = ["bay_0003000", "deep_0004000", "bay_0000000"]
DATES = ["2026-11-20", "2026-11-21", "2026-11-22"]


@st.composite
def tables(draw, annotators: list[str]) -> list[Row]:
    """Rows of which no two are of one annotator and clip."""
    keys = draw(st.lists(st.tuples(st.sampled_from(CLIP_IDS), st.sampled_from(annotators)), unique=True))
    rows = []
    for line, (clip_id, annotator) in enumerate(keys, start=2):
        rest = st.tuples(
            st.sampled_from(LABELS), st.just(annotator), st.sampled_from(DATES), st.sampled_from(["", "S01"])
        )
        rows.append(Row(line, dict(zip(COLUMNS, (clip_id, *draw(rest)), strict=True))))
    return rows


def file_of(name: str, rows: list[Row]) -> list[GivenAnswer]:
    return [GivenAnswer(row, f"{name}:{row.line}", row.cells["clip_id"]) for row in rows]


def cells(rows: list[Row]) -> list[tuple]:
    return sorted(tuple(row.cells.values()) for row in rows)


@settings(max_examples=50)
@given(tables(["ann", "val"]), tables(["ann", "val"]), tables(["ann", "val"]))
def test_adding_twice_is_adding_once(present, first, second):
    answers = [*file_of("a.csv", first), *file_of("b.csv", second)]
    once, _ = merge(present, answers)
    twice, outcomes = merge(once, answers)
    assert cells(twice) == cells(once)
    assert {what for what, _ in outcomes} <= {"unchanged", "older than the present answer, so not taken"}


@settings(max_examples=50)
@given(tables(["ann", "val", "eve"]), tables(["ann"]), tables(["val"]))
def test_the_order_of_files_of_different_annotators_does_not_matter(present, first, second):
    one, other = file_of("a.csv", first), file_of("b.csv", second)
    assert cells(merge(present, [*one, *other])[0]) == cells(merge(present, [*other, *one])[0])


@settings(max_examples=50)
@given(tables(["ann", "val", "eve"]), tables(["ann", "val"]))
def test_nothing_of_others_is_lost_and_no_clip_is_answered_twice(present, incoming):
    rows, _ = merge(present, file_of("a.csv", incoming))
    of_eve = [row for row in present if row.cells["annotator"] == "eve"]
    assert all(row in rows for row in of_eve)
    assert {key_of(row) for row in rows} == {key_of(row) for row in [*present, *incoming]}
    assert len({key_of(row) for row in rows}) == len(rows)


def test_what_is_written_has_no_fault(repository):
    part_of = {"bay_0003000": "pool", "deep_0000000": "pool", "deep_0004000": "pool"}
    add(export("a.csv", 'deep_0004000,call,=Ann,2026-11-22,"@all ""x"", y"'))
    answers, faults = read_answers(Path("labels/expert.csv"), part_of)
    assert ([answer.annotator for answer in answers], faults) == (["val", "val", "=Ann"], [])


def test_answers_about_clips_of_another_data_set_are_taken_and_noted(repository):
    Path("data/old").mkdir()
    Path("data/old/clips.csv").write_text("clip_id,recording\nold_0000000,old.wav\n")
    said = add_labels([export("a.csv", "old_0000000,call,val,2026-11-22,")], SIGNATURE)
    assert said[1:] == ["labels/answered.csv: 1 clip noted; commit it with the answers"]
    assert "old_0000000,call,val,2026-11-22," in expert_rows(repository)
    assert "there is no clip 'old_0000001'" in refused(export("b.csv", "old_0000001,call,val,2026-11-22,"))[0]


def test_an_answer_in_other_capitals_replaces_that_of_the_same_person(repository):
    assert add(export("a.csv", "bay_0003000,call,VAL,2026-11-22,")) == (
        "labels/expert.csv: 0 answers added, 1 changed (val 1)"
    )
    assert expert_rows(repository)[0] == "bay_0003000,call,val,2026-11-22,"


def test_two_files_in_other_capitals_contradict_each_other(repository):
    labels = {"Zoe": "call", "ZOE": "nocall"}
    files = [export(f"{name}.csv", f"bay_0000000,{label},{name},2026-11-22,") for name, label in labels.items()]
    assert "Zoe says nocall for bay_0000000, but call on the same day" in refused(*files)[0]


def test_the_same_answer_on_another_day_is_no_change(repository):
    assert "1 unchanged" in add(export("a.csv", "bay_0003000,nocall,val,2026-11-22,"))
    assert Path("labels/expert.csv").read_text() == EXPERT
    assert "1 changed" in add(export("b.csv", "bay_0003000,nocall,val,2026-11-22,a ship"))
