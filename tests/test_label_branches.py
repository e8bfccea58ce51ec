"""Two experts on two branches, merged by CONTRIBUTING.md's own commands, and tables that people edit by hand."""

import contextlib
import re
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY, clone, commit, git, repro, run_in, stages_run
from stages import merge_labels as stage
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import read_clips
from stages.lib.tables.expert import COLUMNS, read_rows
from stages.lib.tables.reviews import read_reviews
from tests.stages.conftest import write_data_set
from tests.support.label_repository import HEADER, make_label_repository
from tests.support.pages import block, read_page
from tests.support.run_folder import make_run, write_recordings
from tests.support.tool import run_tool
from tools.lib.draws.draws import read_draws
from tools.up_to_date import restore_line_endings

CONTRIBUTING = read_page("CONTRIBUTING.md")


def contributing(folder: Path, first: str):
    """Run the block of CONTRIBUTING.md that starts with this."""
    return run_in(folder, "bash", "-euo", "pipefail", "-c", block("CONTRIBUTING.md", first))


def expert(folder: Path) -> Path:
    return folder / "labels" / "expert.csv"


def rows_of(folder: Path) -> list[str]:
    return expert(folder).read_text(encoding="utf-8").splitlines()[1:]


def in_order(*rows: str) -> list[str]:
    """Return rows once each, in the order of clips, then of annotators."""
    return sorted(set(rows), key=lambda row: row.split(",")[::2])


def append(folder: Path, *rows: str) -> None:
    with expert(folder).open("a", encoding="utf-8") as file:
        file.write("".join(f"{row}\n" for row in rows))


# Two branches, each with answers and with what they give.


@pytest.fixture(scope="module")
def queue(finished) -> list[str]:
    """The clips that are asked about."""
    return [row.split(",")[0] for row in (finished / "labels" / "queue.csv").read_text().splitlines()[1:]]


@pytest.fixture(scope="module")
def answers(queue) -> tuple[list[str], list[str]]:
    """What two experts answer: both for the third clip, and one row that both branches have."""
    common = f"{queue[0]},nocall,ben,2026-11-20,taken in twice"
    first = [f"{queue[1]},call,val,2026-11-22,", f"{queue[2]},call,val,2026-11-22,"]
    second = [f"{queue[2]},nocall,ann,2026-11-21,", f"{queue[3]},nocall,ann,2026-11-21,"]
    return [common, *first], [*second, common]


@pytest.fixture(scope="module")
def at_once(tmp_path_factory, copy_of_finished, answers) -> Path:
    """A clone in which the answers of both were there from the beginning, and what they give."""
    folder = copy_of_finished(tmp_path_factory.mktemp("at once") / "clone")
    append(folder, *in_order(*answers[0], *answers[1]))
    repro(folder)
    return folder


@pytest.fixture(scope="module")
def first(tmp_path_factory, copy_of_finished, answers) -> Path:
    """An engineer's clone; on GitHub main has new answers, which came by the browser and thus without their outputs."""
    folder = copy_of_finished(tmp_path_factory.mktemp("branches") / "first")
    hub = folder.with_name("hub.git")
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(hub))
    git(folder, "checkout", "--quiet", "-B", "main")
    git(folder, "remote", "set-url", "origin", str(hub))
    append(folder, *answers[0])
    commit(folder, "Answer in the browser")
    git(folder, "push", "--quiet", "--set-upstream", "origin", "main")
    git(folder, "reset", "--quiet", "--hard", "HEAD^")
    return folder


@pytest.fixture(scope="module")
def outputs_of_the_first(first):
    return contributing(first, "git pull")


@pytest.fixture(scope="module")
def second(first, outputs_of_the_first, copy_of_finished, answers) -> Path:
    """The clone of somebody who began before that, with other answers and with their outputs."""
    folder = copy_of_finished(first.with_name("second"))
    git(folder, "remote", "set-url", "origin", str(first.with_name("hub.git")))
    append(folder, *answers[1])
    repro(folder)
    commit(folder, "Answer, and retrain on the answers")
    return folder


@pytest.fixture(scope="module")
def conflict(second) -> list[str]:
    """The files in which the merge conflicts."""
    assert contributing(second, "git fetch").returncode != 0
    return git(second, "diff", "--name-only", "--diff-filter=U").splitlines()


@pytest.fixture(scope="module")
def rows_after_the_merge(second, conflict) -> list[str]:
    return rows_of(second)


@pytest.fixture(scope="module")
def resolution(second, rows_after_the_merge):
    return contributing(second, "git checkout --ours")


@pytest.mark.prove
def test_whoever_pulls_answers_commits_their_outputs(first, outputs_of_the_first):
    assert outputs_of_the_first.returncode == 0, outputs_of_the_first.stdout + outputs_of_the_first.stderr
    assert stages_run(outputs_of_the_first.stdout) == ["merge_labels", "retrain", "evaluate"]
    assert {"dvc.lock", "metrics/labels.json"} <= set(git(first, "diff", "--name-only", "HEAD^").splitlines())
    assert git(first, "rev-parse", "HEAD") == git(first.with_name("hub.git"), "rev-parse", "main")


@pytest.mark.prove
def test_only_what_dvc_makes_conflicts(conflict):
    assert "dvc.lock" in conflict
    assert [name for name in conflict if not name.startswith(("dvc.lock", "metrics/"))] == []


@pytest.mark.prove
def test_git_keeps_the_rows_of_both_sides(rows_after_the_merge, answers):
    assert sorted(rows_after_the_merge) == sorted([*answers[0], *answers[1]])


@pytest.mark.prove
def test_the_documented_commands_resolve_the_conflict(second, resolution):
    assert resolution.returncode == 0, resolution.stdout + resolution.stderr
    assert stages_run(resolution.stdout) == ["merge_labels", "retrain", "evaluate"]
    assert git(second, "status", "--porcelain") == ""
    assert len(git(second, "log", "-1", "--format=%P").split()) == 2
    assert stages_run(repro(second)) == []


@pytest.mark.prove
def test_both_answers_for_one_clip_are_kept_and_the_same_answer_once(second, resolution, queue, answers):
    assert rows_of(second) == in_order(*answers[0], *answers[1])
    assert sum(row.startswith(queue[2]) for row in rows_of(second)) == 2


@pytest.mark.prove
def test_the_outcome_is_that_of_all_labels_at_once(second, resolution, at_once):
    committed = git(second, "ls-files", "metrics", "labels", "dvc.lock").splitlines()
    assert "metrics/evaluation.json" in committed
    different = [
        name
        for name in [*committed, "labels/merged.csv"]
        if (second / name).read_bytes() != (at_once / name).read_bytes()
    ]
    assert different == []


# What is done on GitHub's web pages, or in a spreadsheet.


@pytest.fixture
def project(tmp_path) -> Path:
    """A small repository with two answers, and with our attributes."""
    folder = make_label_repository(tmp_path / "project")
    (folder / ".gitattributes").write_text((REPOSITORY / ".gitattributes").read_text())
    commit(folder, "Attributes")
    return folder


LATE = "bay_0010500,call,ann,2026-11-22,"
EARLY = "bay_0000000,nocall,zoe,2026-11-22,"


def branch(folder: Path, name: str, rows: str) -> None:
    """Put rows below the table on a branch of their own."""
    git(folder, "checkout", "--quiet", "-b", name, "main")
    with expert(folder).open("a", encoding="utf-8", newline="") as file:
        file.write(rows)
    commit(folder, name)


def line_endings(folder: Path) -> str:
    """Return those of what is committed."""
    return git(folder, "ls-files", "--eol", "labels/expert.csv").split()[0]


def test_rows_pasted_at_the_end_need_no_order(project):
    append(project, LATE, EARLY)
    result = run_tool(project, "check_labels")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("labels/expert.csv: 4 answers by 3 annotators")


def test_a_header_that_was_pasted_along_is_named(project):
    line = len(expert(project).read_text().splitlines()) + 1
    append(project, HEADER.strip(), LATE)
    result = run_tool(project, "check_labels")
    assert result.returncode == 1
    assert {fault.split(": ")[0] for fault in result.stderr.splitlines()} == {f"labels/expert.csv:{line}"}


def test_rows_without_a_line_ending_merge_with_others(project):
    branch(project, "first", LATE)
    branch(project, "second", f"{EARLY}\n")
    git(project, "merge", "--quiet", "--no-edit", "first")
    assert set(rows_of(project)) >= {LATE, EARLY}
    assert run_tool(project, "check_labels").returncode == 0


def test_a_conflict_on_github_is_resolved_by_deleting_its_markers(project):
    # As GitHub does, which takes no attributes into account.
    (project / ".git" / "info" / "attributes").write_text("labels/expert.csv merge=text\n")
    branch(project, "first", f"{LATE}\n")
    branch(project, "second", f"{EARLY}\n")
    assert run_in(project, "git", "merge", "first").returncode != 0
    left = run_tool(project, "check_labels")
    assert left.returncode == 1
    assert "a merge conflict was left here" in left.stderr

    markers = tuple(re.search(r"begin\s+with\s+`(.*)`,\s+`(.*)`\s+and\s+`(.*)`", CONTRIBUTING).groups())
    lines = expert(project).read_text().splitlines(keepends=True)
    expert(project).write_text("".join(line for line in lines if not line.startswith(markers)))
    resolved = run_tool(project, "check_labels")
    assert resolved.returncode == 0, resolved.stderr
    assert set(rows_of(project)) >= {LATE, EARLY}


def test_answers_that_contradict_one_another_are_left_to_a_person(project):
    branch(project, "first", f"{LATE}\n")
    branch(project, "second", f"{LATE.replace('call', 'unsure')}\n")
    git(project, "merge", "--quiet", "--no-edit", "first")
    before = expert(project).read_bytes()
    result = run_tool(project, "check_labels", "--fix")
    assert result.returncode == 1
    assert "keep one of the two rows" in result.stderr
    assert expert(project).read_bytes() == before


def test_a_file_uploaded_with_the_line_endings_of_windows_merges_with_others(project):
    branch(project, "first", f"{LATE}\n")
    git(project, "checkout", "--quiet", "-b", "second", "main")
    uploaded = expert(project).read_bytes().replace(b"\n", b"\r\n") + f"{EARLY}\r\n".encode()
    (project / "uploaded.csv").write_bytes(uploaded)
    # GitHub stores what is uploaded as it is.
    blob = git(project, "hash-object", "-w", "--no-filters", "uploaded.csv").strip()
    git(project, "update-index", "--cacheinfo", f"100644,{blob},labels/expert.csv")
    git(project, "commit", "--quiet", "--message", "Upload")
    assert line_endings(project) == "i/crlf"

    git(project, "checkout", "--quiet", "--force", "first")
    _, merge = block("CONTRIBUTING.md", "git fetch").splitlines()
    result = run_in(project, *merge.replace("origin/main", "second").split(), "--no-edit")
    assert result.returncode == 0, result.stderr
    assert line_endings(project) == "i/lf"
    assert set(rows_of(project)) >= {LATE, EARLY}
    assert run_tool(project, "check_labels").returncode == 0


def test_git_commits_the_line_endings_of_the_repository(project):
    expert(project).write_bytes(expert(project).read_bytes().replace(b"\n", b"\r\n"))
    append(project, f"{LATE}\r")
    commit(project, "From Windows")
    assert line_endings(project) == "i/lf"
    assert LATE in git(project, "show", "HEAD:labels/expert.csv").splitlines()


def test_outputs_are_made_from_the_line_endings_that_other_clones_have(project, monkeypatch):
    """DVC hashes the bytes, and Git changes them on the way."""
    monkeypatch.chdir(project)
    expert(project).write_bytes(expert(project).read_bytes().replace(b"\n", b"\r\n"))
    commit(project, "From Windows")
    restore_line_endings()
    git(project, "clone", "--quiet", ".", "other")
    assert expert(project).read_bytes() == expert(project / "other").read_bytes()
    assert git(project, "diff", "--name-only") == ""


def quoted(rows: list[list[str]]) -> list[list[str]]:
    return [[f'"{cell}"' for cell in row] for row in rows]


def with_empty_cells(rows: list[list[str]]) -> list[list[str]]:
    return [[*row, "", ""] for row in rows] + [[""] * 7]


def in_other_columns(rows: list[list[str]]) -> list[list[str]]:
    return [[row[column] for column in (2, 4, 0, 3, 1)] for row in rows]


def reversed_rows(rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], *reversed(rows[1:])]


@pytest.fixture(scope="module")
def merged(tmp_path_factory, copy_of_finished, answers) -> Path:
    """A clone in which all answers are merged and nothing else has run since."""
    folder = copy_of_finished(tmp_path_factory.mktemp("merged") / "clone")
    append(folder, *in_order(*answers[0], *answers[1]))
    merge_labels(folder)
    return folder


def merge_labels(folder: Path) -> bytes:
    """Run the stage and return what it writes."""
    (folder / "labels" / "merged.csv").unlink()
    with contextlib.chdir(folder):
        stage.main()
    return (folder / "labels" / "merged.csv").read_bytes()


@pytest.mark.parametrize("edit", [quoted, with_empty_cells, in_other_columns, reversed_rows])
@pytest.mark.parametrize(("mark", "ending"), [("\ufeff", "\r\n"), ("", "\n")], ids=["Windows", "Unix"])
def test_what_a_spreadsheet_program_does_changes_no_label(merged, edit, mark, ending):
    good, before = expert(merged).read_bytes(), (merged / "labels" / "merged.csv").read_bytes()
    rows = [line.split(",") for line in good.decode().splitlines()]
    text = mark + "".join(",".join(row) + ending for row in edit(rows))
    expert(merged).write_text(text, encoding="utf-8", newline="")
    after = merge_labels(merged)
    expert(merged).write_bytes(good)
    assert after == before


# Two branches that both took in reviews.


@pytest.mark.prove
def test_reviews_of_two_branches_are_joined_by_the_documented_commands(tmp_path):
    folder = clone(tmp_path / "clone")
    write_data_set(folder, recording_count=12)
    for command in (
        ["dvc", "remote", "add", "--default", "team", str(tmp_path / "remote")],
        ["dvc", "add", "data/tiny/recordings"],
    ):
        assert run_in(folder, *command).returncode == 0
    commit(folder, "Start")
    branches, chosen = {"main": "one.wav", "mine": "two.wav"}, {}
    for branch, name in branches.items():
        git(folder, "checkout", "--quiet", "-B", branch, *(["main~1"] if branch == "mine" else []))
        assert run_in(folder, "dvc", "checkout", "--force", "data/tiny/recordings.dvc").returncode == 0
        # Each has searched recordings of its own, and one that both have.
        recordings = write_recordings(tmp_path / "sea", ("both.wav", "one.wav", "two.wav"))
        run = folder / "detections" / branch  # Not in Git.
        make_run(run, {key: recordings[key] for key in ("both.wav", name)})
        assert run_tool(folder, "review", str(run), "--count", "30").returncode == 0
        chosen[branch] = [window.clip_id for window in read_draws(run)]
        rows = [(clip_id, "nocall", branch, "2026-11-22", "") for clip_id in chosen[branch]]
        write_table(run / "saved.csv", COLUMNS, rows)
        assert run_tool(folder, "add_reviews", str(run / "saved.csv")).returncode == 0
        for command in (["dvc", "add", "data/tiny/recordings"], ["dvc", "push"]):
            assert run_in(folder, *command).returncode == 0
        commit(folder, "Review")
    git(folder, "update-ref", "refs/remotes/origin/main", "main")
    assert run_in(folder, "git", "merge", "-X", "renormalize", "origin/main").returncode == 1
    example = {"data/bay": "data/tiny", "~/Downloads/review-val-2026-11-28.csv": "detections/mine/saved.csv"}
    commands = block("CONTRIBUTING.md", "git checkout --quiet origin/main -- data", example)
    result = run_in(folder, "bash", "-euo", "pipefail", "-c", commands)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 answers added, 30 unchanged" in result.stdout
    clips = {clip.clip_id for clip in read_clips(folder / "data/tiny/clips.csv")}
    assert {clip_id.partition("--")[2] for clip_id in [*chosen["main"], *chosen["mine"]]} <= clips
    assert {"both.wav", "one.wav", "two.wav"} <= {path.name for path in (folder / "data/tiny/recordings").iterdir()}
    assert {row.cells["clip_id"] for row in read_rows(expert(folder))[0]} <= clips
    reviews = read_reviews(folder / "labels" / "reviews.csv")
    assert sum(one.drawn for one in reviews) == len(reviews) == len(clips) - 48


# The page itself.


def test_every_file_that_the_page_links_is_there():
    links = re.findall(r"\]\((?!http|#|\.\./\.\./edit/main/)([^)#]+)", CONTRIBUTING)
    links += re.findall(r"\]\(\.\./\.\./edit/main/([^)#]+)", CONTRIBUTING)
    assert "labels/expert.csv" in links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


def test_what_the_page_presses_is_on_the_label_page():
    page = (REPOSITORY / "tools" / "lib" / "pages" / "label_page.html").read_text(encoding="utf-8")
    buttons = re.findall(r"\*((?:Save|Copy) \w+)\*", CONTRIBUTING)
    assert buttons
    assert [button for button in buttons if f">{button}</button>" not in page] == []
