import fcntl
import re
import shutil
from datetime import date
from hashlib import md5
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.clone import REPOSITORY, commit, git, overlay, repro, run_in
from stages.lib.cards.field_results import FIELD
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import Row
from stages.lib.tables.expert import COLUMNS, EXPERT, read_rows, write_rows
from stages.lib.tables.pool import PoolClip
from stages.lib.tables.settled import SETTLED, SettledClip, read_settled, write_settled
from stages.lib.tables.undecided import UNDECIDED, UndecidedClip, write_undecided
from tests.support.label_repository import make_label_repository
from tests.support.tool import run_tool
from tools.lib.review.accuracy_change import LOCK
from tools.lib.rounds.earlier_round import asked_about, commit_of, scored_after
from tools.lib.rounds.round_checks import decided_remarks, rounds_remarks
from tools.lib.rounds.rounds_table import METRICS, ROUNDS, Round, figures, read_rounds, write_rounds
from tools.next_round import close_round, settle_round, state_faults, still_undecided
from tools.up_to_date import different_outputs, unrepeated_stages

labels = st.sampled_from(["call", "nocall"])
clip_ids = st.integers(0, 9).map(str)


def test_what_was_settled_before_keeps_its_round():
    before = [SettledClip("a", "call", 1, line=2)]
    assert settle_round(before, {"a": "call", "b": "nocall"}, 2) == (
        [SettledClip("a", "call", 1), SettledClip("b", "nocall", 2)],
        [SettledClip("b", "nocall", 2)],
    )


def test_a_label_that_the_experts_have_changed_is_settled_anew():
    assert settle_round([SettledClip("a", "call", 1)], {"a": "nocall"}, 3)[1] == [SettledClip("a", "nocall", 3)]
    assert settle_round([SettledClip("a", "call", 3)], {"a": "call"}, 3)[1] == []


def test_a_clip_that_the_experts_have_come_to_disagree_about_is_settled_no_longer():
    assert settle_round([SettledClip("a", "call", 1)], {"a": None}, 2) == ([], [])


@given(st.dictionaries(clip_ids, labels), st.dictionaries(clip_ids, labels | st.none()))
def test_all_that_the_experts_agree_about_is_settled_and_nothing_else(before, by_experts):
    table = [SettledClip(clip_id, label, 1) for clip_id, label in before.items()]
    settled, new = settle_round(table, by_experts, 2)
    assert {clip.clip_id: clip.label for clip in settled} == {key: label for key, label in by_experts.items() if label}
    assert {clip.clip_id for clip in new} == {
        clip_id for clip_id, label in by_experts.items() if label and before.get(clip_id) != label
    }


@pytest.mark.prove
def test_a_data_set_that_is_not_in_use_keeps_no_round_open(with_own_data, monkeypatch):
    assert not (with_own_data / "data" / "synthetic" / "recordings").exists()
    monkeypatch.chdir(with_own_data)
    assert state_faults() == []


@pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning:dvc.*")
@pytest.mark.parametrize(("dataset", "stale"), [("bay", ""), ("synthetic", "data/synthetic/dvc.yaml:synthesize")])
def test_only_a_data_set_in_use_that_is_out_of_date_keeps_the_round_open(git_folder, dataset, stale):
    assert run_in(git_folder, "dvc", "init", "--quiet").returncode == 0
    shutil.copy(REPOSITORY / "params.yaml", git_folder)
    overlay(git_folder / "params.yaml", {"data": {"dataset": "bay"}})
    Path("dvc.yaml").write_text("stages: {split: {cmd: 'true', deps: ['data/${data.dataset}/clips.csv']}}\n")
    for name in ("bay", "synthetic"):
        (git_folder / "data" / name).mkdir(parents=True)
    Path("data/bay/clips.csv").touch()
    Path("data/synthetic/dvc.yaml").write_text("stages: {synthesize: {cmd: touch clips.csv, outs: [clips.csv]}}\n")
    repro(git_folder)
    overlay(git_folder / "params.yaml", {"data": {"dataset": dataset}})
    commit(git_folder, "The outputs of the data set in use")
    faults = state_faults()
    assert len(faults) == bool(stale)
    assert stale in "".join(faults)


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml"])
def test_files_of_dvc_that_are_no_yaml_are_named_by_both_commands_that_read_them(git_folder, name):
    """A merge leaves its markers in dvc.lock."""
    assert run_in(git_folder, "dvc", "init", "--quiet").returncode == 0
    shutil.copy(REPOSITORY / "params.yaml", git_folder)
    Path("dvc.yaml").write_text("stages:\n  split:\n    cmd: 'true'\n")
    Path("dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    with Path(name).open("a", encoding="utf-8") as file:
        file.write("<<<<<<< HEAD\n")
    commit(git_folder, "What a merge has left behind")
    (fault,) = state_faults()
    assert fault.startswith(f"dvc: unable to read: '{name}'")
    with pytest.raises(InputFaults, match=f"{name}: holds no stages of DVC"):
        unrepeated_stages() if name == "dvc.lock" else different_outputs()


def test_a_data_set_that_git_does_not_have_keeps_the_round_open(git_folder):
    """After `git commit --all` alone, nobody else could make the figures of the round again."""
    assert run_in(git_folder, "dvc", "init", "--quiet").returncode == 0
    shutil.copy(REPOSITORY / "params.yaml", git_folder)
    Path("dvc.yaml").write_text("stages: {}\n")
    commit(git_folder, "Start")
    assert state_faults() == []
    table = Path("data/synthetic/clips.csv")
    table.parent.mkdir(parents=True)
    table.touch()
    assert state_faults() == [
        "data/synthetic/: is not in Git; run git add (dvc add for recordings) and commit it, so that the round can "
        "name its commit"
    ]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("dvc.lock", "<<<<<<< HEAD\nstages:\n=======\n", "dvc: unable to read: 'dvc.lock', "),
        ("dvc.lock", "", "dvc: './dvc.lock' validation failed; run dvc repro, "),
        ("params.yaml", "data: {dataset: bay}\n", "dvc: failed to parse 'stages.one.cmd' in 'dvc.yaml'"),
        (".dvc/tmp/lock", None, "dvc: Unable to acquire lock. "),
    ],
)
def test_what_dvc_cannot_read_keeps_the_round_open_in_a_sentence(tmp_path, monkeypatch, name, text, fault):
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    (tmp_path / ".dvc" / "config").touch()
    (tmp_path / "dvc.yaml").write_text("stages: {one: {cmd: 'echo ${train.seed}'}}\n")
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
    git(tmp_path, "init", "--quiet")
    for setting in ("user.name", "user.email"):
        git(tmp_path, "config", setting, "val@example.org")
    commit(tmp_path, "A pipeline")
    monkeypatch.chdir(tmp_path)
    with (tmp_path / name).open("a") as file:
        if text is None:
            fcntl.flock(file, fcntl.LOCK_EX)
        else:
            (tmp_path / name).write_text(text)
        assert state_faults()[-1].startswith(fault)


POOL = [
    PoolClip("a", 0.5, "uncertain", "chosen"),
    PoolClip("b", 0.9, "call", "audit"),
    PoolClip("c", 0.5, "call", ""),
    PoolClip("d", 0.1, "nocall", ""),
]


def test_what_nobody_could_tell_is_recorded_when_the_round_closes():
    before = [UndecidedClip("old", 1), UndecidedClip("found", 1)]
    answers = {"a": None, "b": "call", "c": None, "old": None, "found": "call"}
    assert still_undecided(before, {"a", "b"}, answers, 2) == (
        [UndecidedClip("old", 1), UndecidedClip("a", 2)],
        [UndecidedClip("a", 2)],
    )


def test_what_was_asked_about_and_not_answered_is_asked_about_again():
    assert still_undecided([], {"a"}, {}, 2) == ([], [])


def test_a_round_asked_about_its_queue_and_what_was_answered_since_the_last_round(git_folder):
    """Clip c is no longer in the queue, perhaps because other params chose another one."""
    assert asked_about(POOL, None) == {"a", "b"}
    answer("c", "unsure")
    assert asked_about(POOL, None) == {"a", "b", "c"}
    commit(git_folder, "Answer")
    answer("d", "unsure")
    assert asked_about(POOL, "HEAD") == {"a", "b", "d"}


def test_a_clip_that_was_asked_for_again_is_not_recorded_before_it_was_asked_about(git_folder):
    """Its row was removed, but the queue had no room for it."""
    answer("c", "unsure")
    commit(git_folder, "Answer")
    assert "c" not in asked_about(POOL, "HEAD")


def test_a_round_of_which_a_squash_merge_took_the_commit_is_found_by_its_row(git_folder):
    """The row names a commit of the branch, which the clones of main do not have."""
    answer("c", "unsure")
    closed = Round(**(dict.fromkeys(Round._fields, "") | {"round": "1", "commit": "0" * 40}))
    write_rounds(ROUNDS, [closed])
    commit(git_folder, "Round 1, squashed")
    answer("d", "unsure")
    commit(git_folder, "Answer")
    squashed = git(git_folder, "rev-parse", "HEAD~1").strip()
    assert commit_of(closed) == squashed
    assert "c" not in asked_about(POOL, commit_of(closed))
    assert commit_of(closed._replace(commit=squashed)) == squashed


def test_scores_that_a_squash_merge_made_after_the_round_are_not_those_of_the_round(git_folder):
    """Compared with themselves they would always be stable."""
    closed = Round(**(dict.fromkeys(Round._fields, "") | {"round": "1", "commit": "0" * 40}))
    steps = {"Answer": [], "Close round 1": [closed], "Begin round 2": [closed]}
    for message, rounds in steps.items():
        write_rounds(ROUNDS, rounds)
        if message != "Close round 1":  # The others run the pipeline.
            LOCK.write_text(f"md5: {md5(ROUNDS.read_bytes(), usedforsecurity=False).hexdigest()}\n")
        commit(git_folder, message)
    assert [scored_after(closed, name) for name in ("HEAD~2", "HEAD~1", "HEAD")] == [False, False, True]


@pytest.fixture
def closed(git_folder) -> Round:
    """A round closed on metrics that are committed."""
    for path in (*METRICS, FIELD):
        path.parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / path, path)
    commit(git_folder, "Retrain on the answers")
    cells = dict.fromkeys(Round._fields, "") | figures(git_folder)
    return Round(**(cells | {"round": "1", "commit": git(git_folder, "rev-parse", "HEAD").strip()}))


@pytest.mark.parametrize("name", ["accuracy_before", "accuracy_after_low", "change_high", "uncertain_share", "recall"])
def test_a_figure_of_a_round_that_its_commit_does_not_give_is_named(closed, name):
    right = getattr(closed, name)
    (said,) = rounds_remarks([closed, closed._replace(round="2", **{name: "0.999"})])
    given = f"`{right}`" if right else "none"
    expected = (
        f"round 2 has {name} `0.999`, but its commit `{closed.commit[:7]}` and the one that closed it give {given}"
    )
    assert said == f"{ROUNDS}: {expected}; write that"


def test_the_figures_of_a_round_are_those_of_its_commit_whatever_came_later(closed, git_folder):
    for path in METRICS:
        path.write_text("{}")
    commit(git_folder, "Begin round 2")
    # Spreadsheets shorten numbers.
    assert rounds_remarks([closed._replace(accuracy_after=f"{closed.accuracy_after}0")]) == []


@pytest.fixture
def closing(closed) -> Round:
    """The round, closed in a commit with the tables that it leaves."""
    settled, unsure = {"a": "call", "b": "nocall", "c": "nocall"}, "d"
    for clip_id, label in {**settled, unsure: "unsure"}.items():
        answer(clip_id, label)
    commit(Path(), "Answer")
    write_settled(SETTLED, [SettledClip(clip_id, label, 1) for clip_id, label in settled.items()])
    write_undecided(UNDECIDED, [UndecidedClip(unsure, 1)])
    name = git(Path(), "rev-parse", "HEAD").strip()
    cells = {"commit": name, "date": date.today().isoformat(), "calls": "1", "nocalls": "2", "annotators": "val"}
    closing = closed._replace(**cells)
    write_rounds(ROUNDS, [closing])
    commit(Path(), "Close round 1")
    return closing


FORGED = {"date": "2020-01-01", "calls": "30", "nocalls": "0", "annotators": "scott; val", "agreement": "0.999"}


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("afterwards", [True, False])
def test_a_cell_that_no_metric_has_is_compared_with_the_commits_too(closing, name, afterwards):
    forged = closing._replace(**{name: FORGED[name]})
    write_rounds(ROUNDS, [forged])
    git(Path(), "add", str(ROUNDS))
    git(Path(), "commit", "--quiet", *([] if afterwards else ["--amend"]), "--message", "Forge")
    assert rounds_remarks([closing]) == [] or not afterwards
    remarks = rounds_remarks([forged])
    if name == "agreement" and not afterwards:
        assert remarks == []  # The scores of the pool are not in Git.
    else:
        given = getattr(closing, name)
        (said,) = remarks
        assert said.startswith(f"{ROUNDS}: round 1 has {name} `{FORGED[name]}`, ")
        assert said.endswith(f" give {f'`{given}`' if given else 'none'}; write that")


def test_a_round_that_an_earlier_version_closed_has_no_table_of_undecided_clips(closing):
    UNDECIDED.unlink()
    git(Path(), "commit", "--quiet", "--all", "--amend", "--message", "Close round 1")
    assert rounds_remarks([closing]) == []


def test_a_row_that_came_to_name_another_commit_is_told(closing):
    commit(Path(), "Anything")
    forged = closing._replace(commit=git(Path(), "rev-parse", "HEAD").strip())
    write_rounds(ROUNDS, [forged])
    commit(Path(), "Forge")
    (said,) = rounds_remarks([forged])
    assert said.startswith(f"{ROUNDS}: round 1 has commit `{forged.commit}`, ")
    assert said.endswith(f" give `{closing.commit}`; write that")


def test_the_tables_of_a_later_round_are_no_evidence_about_an_earlier_one(closing):
    """A squash merge brings two rounds in one commit, and the second one may have settled clips of the first again."""
    second = closing._replace(round="2", calls="3", nocalls="0")
    write_rounds(ROUNDS, [closing, second])
    write_settled(SETTLED, [SettledClip(clip_id, "call", 2) for clip_id in "abc"])
    git(Path(), "add", "--all")
    git(Path(), "commit", "--quiet", "--amend", "--message", "Squash")
    assert rounds_remarks([closing]) == []
    assert len(rounds_remarks([second._replace(calls="9")])) == 1


@pytest.mark.parametrize("name", ["0" * 40, "", "--output=x"])
def test_figures_of_a_round_without_its_commit_are_said_to_be_unchecked(closed, name):
    (said,) = rounds_remarks([closed._replace(commit=name, accuracy_after="0.999")])
    assert "the figures of round 1 were not checked" in said


def test_a_settled_label_that_the_answers_do_not_give_is_named(git_folder):
    settled = {"right": "call", "forged": "call", "disputed": "nocall", "invented": "nocall"}
    write_settled(SETTLED, [SettledClip(clip_id, label, 1) for clip_id, label in settled.items()])
    write_undecided(UNDECIDED, [])
    for clip_id, label in {"right": "call", "forged": "nocall", "disputed": "unsure"}.items():
        answer(clip_id, label)
    given = [("disputed", "nocall", "no label"), ("forged", "call", "`nocall`"), ("invented", "nocall", "no label")]
    assert [remark.partition(";")[0] for remark in decided_remarks()] == [
        f"{SETTLED}:{line}: `{clip_id}` is settled as `{label}`, but the answers in {EXPERT} give {other}"
        for line, (clip_id, label, other) in enumerate(given, start=2)
    ]


def test_a_clip_that_is_kept_from_the_queue_without_a_reason_is_named(git_folder):
    write_undecided(UNDECIDED, [UndecidedClip(clip_id, 1) for clip_id in ("disputed", "decided", "unheard")])
    for clip_id, label in {"disputed": "unsure", "decided": "call"}.items():
        answer(clip_id, label)
    write_settled(SETTLED, [])
    assert decided_remarks() == [
        f"{UNDECIDED}: `{clip_id}` stays out of the queue as undecided, but {reason}"
        for clip_id, reason in {
            "decided": f"the answers in {EXPERT} give `call`; the next round removes it",
            "unheard": f"has no answer in {EXPERT}; remove the row",
        }.items()
    ]


def test_the_rounds_are_checked_before_the_outputs_are_made_again(copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    with (folder / ROUNDS).open("a") as table:
        table.write("<<<<<<< HEAD\n")
    commit(folder, "A merge")
    refused = run_tool(folder, "up_to_date")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{ROUNDS}:2: a merge conflict was left here; keep the right rows and remove the marker\n"


def test_a_round_gets_a_number_of_its_own_where_the_row_of_another_was_removed(tmp_path, monkeypatch):
    """Otherwise what round 2 has settled would count as settled again."""
    folder = make_label_repository(tmp_path / "repository")
    monkeypatch.chdir(folder)
    shutil.copytree(REPOSITORY / "metrics", "metrics")
    write_rounds(ROUNDS, [Round(**(dict.fromkeys(Round._fields, "") | {"round": "2", "commit": "0" * 40}))])
    write_settled(SETTLED, [SettledClip("bay_0003000", "nocall", 2)])
    write_undecided(UNDECIDED, [])
    closed, *_ = close_round(read_rounds())
    assert (closed.round, closed.calls, closed.nocalls) == ("3", "1", "0")
    assert read_settled() == [SettledClip("bay_0003000", "nocall", 2, 2), SettledClip("deep_0000000", "call", 3, 3)]


@pytest.fixture
def git_folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    for name in ("user.name", "user.email"):
        git(tmp_path, "config", name, "val@example.org")
    EXPERT.parent.mkdir()
    write_rows(EXPERT, [])
    return tmp_path


def answer(clip_id: str, label: str) -> None:
    row = dict(zip(COLUMNS, (clip_id, label, "val", "2026-11-22", ""), strict=True))
    write_rows(EXPERT, [*read_rows(EXPERT)[0], Row(0, row)])


@pytest.mark.parametrize("command", ["next_round", "up_to_date"])
def test_outside_of_git_it_says_so_in_one_line(tmp_path, command):
    refused = run_tool(tmp_path, command)
    assert (refused.returncode, refused.stdout) == (1, "")
    said = r"git: fatal: not a git repository.*; run it in the folder that holds params.yaml\n"
    assert re.fullmatch(said, refused.stderr)
