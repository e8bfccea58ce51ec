import sys
import time
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY, commit, git, run_in
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.answer_rules import read_answers
from tests.support.label_repository import (
    EXPERT,
    HEADER,
    expert_rows,
    make_label_repository,
    without_outputs,
    write_label_files,
)
from tests.support.tool import run_tool
from tools.check_labels import check_labels

TABLE, ANSWERED = Path("labels/expert.csv"), Path("labels/answered.csv")


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(write_label_files(tmp_path / "repository"))
    return Path()


def faults(fix: bool = False) -> list[str]:
    before = TABLE.read_bytes()
    with pytest.raises(InputFaults) as caught:
        check_labels(fix)
    assert TABLE.read_bytes() == before
    return caught.value.lines


def test_a_table_without_faults_is_summed_up(repository):
    TABLE.write_text(EXPERT.replace("deep_0000000,call,val", "bay_0003000,call,zoe"))
    assert check_labels(fix=False) == ["labels/expert.csv: 2 answers by 2 annotators, 0 clips settled, 1 disputed"]


def test_the_faults_are_those_of_merge_labels(repository):
    TABLE.write_text(
        EXPERT + "test_0000000,call,val,2026-11-20,\nbay_0003000,call,val,22.11.2026,\n<<<<<<< HEAD\nx,y\n"
    )
    split = dict(row.split(",")[:2] for row in Path("labels/split.csv").read_text().splitlines()[1:])
    assert faults() == read_answers(TABLE, split)[1]
    assert len(faults()) == 5


def test_another_order_is_no_fault_but_is_named(repository):
    TABLE.write_text(HEADER + "".join(f"{row}\n" for row in reversed(EXPERT.splitlines()[1:])))
    before = TABLE.read_bytes()
    assert check_labels(fix=False)[0].endswith("; not in canonical form; --fix restores it")
    assert TABLE.read_bytes() == before
    assert check_labels(fix=True)[0].endswith("; put into canonical form")
    assert TABLE.read_text() == EXPERT
    assert "canonical" not in check_labels(fix=True)[0]


def test_fixing_keeps_every_cell_and_removes_what_is_repeated(repository):
    note = '"S01, ""faint""\nand far"'
    row = f"bay_0003000,nocall,ann,2026-11-21,{note}"
    text = f"{EXPERT}{row}\n{row}\n".replace("\n", "\r\n")
    TABLE.write_text(text, encoding="utf-8-sig", newline="")
    assert [fault.split(" ")[0] for fault in faults()] == ["labels/expert.csv:6:"]
    assert check_labels(fix=True) == [
        "labels/expert.csv: 3 answers by 2 annotators, 2 clips settled, 0 disputed; put into canonical form; "
        "1 repeated row removed"
    ]
    assert TABLE.read_bytes() == (HEADER + f"{row}\n" + EXPERT.removeprefix(HEADER)).encode()


def test_a_table_with_other_faults_is_not_fixed(repository):
    TABLE.write_text(EXPERT + EXPERT.splitlines()[1] + "\nbay_0000000,maybe,val,2026-11-20,\n")
    assert [fault.split(" ")[0] for fault in faults(fix=True)] == ["labels/expert.csv:5:"]


def test_two_answers_that_differ_are_not_fixed(repository):
    TABLE.write_text(EXPERT + "bay_0003000,call,val,2026-11-20,ferry\n")
    assert [fault.split(" ")[0] for fault in faults(fix=True)] == ["labels/expert.csv:4:"]


def test_without_the_split_clips_are_looked_up_in_the_data_set(repository):
    Path("labels/split.csv").unlink()
    TABLE.write_text(EXPERT + "test_0000000,call,val,2026-11-20,\n")
    summary, unchecked = check_labels(fix=False)
    assert summary == "labels/expert.csv: 3 answers by 1 annotator, 3 clips settled, 0 disputed"
    assert unchecked == (
        "labels/expert.csv: whether a clip is a test clip was not checked: labels/split.csv is missing; run dvc pull"
    )
    TABLE.write_text(EXPERT + "nowhere_0000000,call,val,2026-11-20,\n")
    assert "there is no clip 'nowhere_0000000'" in faults()[0]


def test_a_fresh_clone_checks_what_it_can(repository):
    without_outputs(repository)
    TABLE.write_text(EXPERT + "nowhere_0000000,call,val,2026-11-20,\n")
    assert check_labels(fix=False)[1].startswith(
        "labels/expert.csv: whether a clip exists and is not a test clip was not"
    )
    TABLE.write_text(EXPERT + "nowhere_0000000,orca,val,2026-11-20,\n")
    assert [fault.split(" ")[0] for fault in faults()] == ["labels/expert.csv:4:"]


def test_it_starts_and_ends_within_about_a_second(tmp_path):
    folder = write_label_files(tmp_path / "repository")
    start = time.perf_counter()
    done = run_tool(folder, "check_labels")
    assert (done.returncode, done.stdout) == (
        0,
        "labels/expert.csv: 2 answers by 1 annotator, 2 clips settled, 0 disputed\n",
    )
    assert time.perf_counter() - start < 5  # On a machine that does something else besides.
    lines = ["import sys, tools.check_labels", "print(sorted({'tensorflow', 'librosa', 'scipy'} & set(sys.modules)))"]
    loaded = run_in(folder, sys.executable, "-c", "\n".join(lines), PYTHONPATH=str(REPOSITORY))
    assert loaded.stdout == "[]\n"


def test_a_fault_is_an_exit_status_and_a_sentence(tmp_path):
    folder = write_label_files(tmp_path / "repository")
    (folder / TABLE).write_text(HEADER + "bay_0003000,maybe,val,2026-11-20,\n")
    done = run_tool(folder, "check_labels", "--fix")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "labels/expert.csv:2: unknown label 'maybe'; write call, nocall or unsure\n"


def test_what_gits_union_of_two_branches_leaves_behind_is_fixed(tmp_path, monkeypatch):
    folder = make_label_repository(tmp_path / "repository")
    (folder / ".gitattributes").write_text("labels/expert.csv merge=union\n")
    commit(folder, "Merge by union")
    both = "deep_0004000,call,ann,2026-11-21,"
    new = {"ours": f"{both}\nbay_0010500,call,ann,2026-11-21,", "theirs": f"bay_0010500,call,zoe,2026-11-21,\n{both}"}
    for branch, rows in new.items():
        git(folder, "switch", "--quiet", "--create", branch, "main")
        with (folder / TABLE).open("a") as file:
            file.write(f"{rows}\n")
        commit(folder, branch)
    git(folder, "merge", "--quiet", "--message", "Both", "ours")
    monkeypatch.chdir(folder)
    assert "check_labels --fix" in faults()[0]
    assert "1 repeated row removed" in check_labels(fix=True)[0]
    assert len(expert_rows(folder)) == 5


def test_a_clip_of_another_data_set_is_no_fault_and_is_noted_where_that_is_asked_for(repository):
    Path("data/old").mkdir()
    Path("data/old/clips.csv").write_text("clip_id,recording\nold_0000000,old.wav\n")
    TABLE.write_text(EXPERT + "old_0000000,call,val,2026-11-20,\n")
    assert check_labels(fix=False) == ["labels/expert.csv: 3 answers by 1 annotator, 3 clips settled, 0 disputed"]
    assert not ANSWERED.exists()
    assert check_labels(fix=True)[1:] == ["labels/answered.csv: 1 clip noted; commit it with the answers"]
    assert ANSWERED.read_text() == "clip_id\nold_0000000\n"
    # From now on the folder of the other data set may be missing.
    Path("data/old/clips.csv").unlink()
    assert len(check_labels(fix=True)) == 1


def test_a_clip_that_a_commit_has_had_is_noted_and_one_that_none_has_had_is_refused(tmp_path, monkeypatch):
    folder = make_label_repository(tmp_path / "repository")
    monkeypatch.chdir(folder)
    Path("labels/queue.csv").write_text(f"{HEADER}deep_0000000,,,,\n")
    TABLE.write_text(EXPERT + "gone_0000001,call,val,2026-11-20,\n")
    commit(folder, "Another queue, and a typing error among the answers")
    clips = Path("data/reef/clips.csv")
    clips.write_text("".join(line for line in clips.read_text().splitlines(True) if "bay_0010500" not in line))
    split = Path("labels/split.csv")
    split.write_text("".join(line for line in split.read_text().splitlines(True) if "bay_0010500" not in line))
    assert [fault.partition(" in train")[0] for fault in faults(fix=True)] == [
        "labels/expert.csv:4: there is no clip 'gone_0000001'"
    ]
    TABLE.write_text(EXPERT + "bay_0010500,call,val,2026-11-20,\n")
    assert "there is no clip 'bay_0010500'" in faults()[0]
    assert "labels/answered.csv: 1 clip noted; commit it with the answers" in check_labels(fix=True)
    assert len(check_labels(fix=False)) == 1


def test_a_clip_that_a_commit_has_had_is_found_by_a_git_that_writes_in_colour(tmp_path, monkeypatch):
    folder = make_label_repository(tmp_path / "repository")
    monkeypatch.chdir(folder)
    Path("labels/queue.csv").write_text(f"{HEADER}old_0000000,,,,\n")
    commit(folder, "Another queue")
    for name in ("ui", "diff"):
        git(folder, "config", f"color.{name}", "always")
    TABLE.write_text(EXPERT + "old_0000000,call,val,2026-11-20,\n")
    assert "labels/answered.csv: 1 clip noted; commit it with the answers" in check_labels(fix=True)


@pytest.mark.parametrize(
    "text",
    [
        "clip_id;recording;start_s;label;site\nold_0000000;old.wav;0,0;call;\n",
        "recording,clip_id,start_s,label,site\nold.wav,old_0000000,0,call,\n",
        'site\t"clip_id"\n\t"old_0000000"\n',
    ],
)
@pytest.mark.parametrize("committed", [False, True])
def test_a_clip_is_known_whatever_the_form_of_the_table_that_has_it(tmp_path, monkeypatch, text, committed):
    """Spreadsheets write other separators, and columns may have any order."""
    folder = make_label_repository(tmp_path / "repository")
    (folder / ".gitignore").unlink()
    monkeypatch.chdir(folder)
    table = Path("data/old/clips.csv")
    table.parent.mkdir()
    table.write_text(text, encoding="utf-8-sig")
    if committed:
        commit(folder, "Another data set")
        table.unlink()
    TABLE.write_text(EXPERT + "old_0000000,call,val,2026-11-20,\n")
    assert "labels/answered.csv: 1 clip noted; commit it with the answers" in check_labels(fix=True)
    TABLE.write_text(EXPERT + "call,nocall,val,2026-11-20,\n")
    assert "there is no clip 'call'" in faults(fix=True)[0]


def test_a_clip_that_was_held_out_once_is_known(tmp_path, monkeypatch):
    """Its data set is made by a stage, so Git never had its table."""
    folder = make_label_repository(tmp_path / "repository")
    monkeypatch.chdir(folder)
    held_out = Path("labels/held_out.csv")
    held_out.write_text("dataset,clip_id,part,size,seed,group_by,clip_s\nold,old_0000000,valid,1,2020,recording,3.0\n")
    commit(folder, "Another data set")
    held_out.unlink()
    TABLE.write_text(EXPERT + "old_0000000,call,val,2026-11-20,\n")
    assert "labels/answered.csv: 1 clip noted; commit it with the answers" in check_labels(fix=True)


def test_an_answer_for_a_test_clip_is_not_noted(repository):
    TABLE.write_text(EXPERT + "test_0000000,call,val,2026-11-20,\n")
    assert "belongs to the test set" in faults(fix=True)[0]
    assert not ANSWERED.exists()
