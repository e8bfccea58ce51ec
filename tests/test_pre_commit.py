"""The real pre-commit, installed by CONTRIBUTING.md's commands, before real commits."""

import os
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from experiments.clone import REPOSITORY, clone, git, run_in, use_this_environment

HEADER = "clip_id,label,annotator,date,note"
ROWS = ("bay_0000000,call,val,2026-11-22,", "bay_0003000,nocall,val,2026-11-22,")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A clone with the hook in place."""
    folder = clone(tmp_path_factory.mktemp("pre-commit") / "clone")
    use_this_environment(folder)
    page = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (commands,) = (
        block for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL) if "pre-commit install" in block
    )
    result = run_in(folder, "bash", "-euo", "pipefail", "-c", commands)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(autouse=True)
def undone(project):
    """Leave the clone as it was."""
    before = git(project, "rev-parse", "HEAD").strip()
    yield
    git(project, "reset", "--quiet", "--hard", before)


def commit(folder: Path, name: str, text: str) -> CompletedProcess:
    """Commit a file with no program of the environment on the path, as a graphical client would."""
    (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", name)
    paths = {str(Path(shutil.which(program, path=os.defpath)).parent) for program in ("git", "bash")}
    store = str(folder.with_name("store"))
    return run_in(folder, "git", "commit", "--message", "Try", PATH=os.pathsep.join(paths), PRE_COMMIT_HOME=store)


def table(*rows: str) -> str:
    return "".join(f"{row}\n" for row in (HEADER, *rows))


def test_a_faulty_row_keeps_the_commit_back_and_is_named(project):
    faulty = table(ROWS[0], ROWS[1].replace("nocall", "orca"))
    before = git(project, "rev-parse", "HEAD")
    result = commit(project, "labels/expert.csv", faulty)
    assert result.returncode != 0
    assert "labels/expert.csv:3: unknown label 'orca'" in result.stdout + result.stderr
    assert git(project, "rev-parse", "HEAD") == before
    assert (project / "labels" / "expert.csv").read_text() == faulty


def test_rows_are_put_in_order_and_can_then_be_committed(project):
    assert commit(project, "labels/expert.csv", table(*reversed(ROWS))).returncode != 0
    in_order = (project / "labels" / "expert.csv").read_text()
    assert in_order == table(*ROWS)
    again = commit(project, "labels/expert.csv", in_order)
    assert again.returncode == 0, again.stdout + again.stderr
    assert git(project, "show", "HEAD:labels/expert.csv") == in_order


def test_code_is_put_in_form_and_what_is_wrong_with_it_is_named(project):
    result = commit(project, "tools/new.py", '"""A module."""\nprint( undefined )\n')
    assert result.returncode != 0
    assert "F821 Undefined name `undefined`" in result.stdout + result.stderr
    assert "print(undefined)" in (project / "tools" / "new.py").read_text()


def test_what_no_hook_is_for_passes(project):
    result = commit(project, "docs/new.md", "A page.\n")
    assert result.returncode == 0, result.stdout + result.stderr
