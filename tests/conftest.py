"""What several tests need."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from hypothesis import settings

from experiments.clone import clone, commit, git, make_small, repro, run_in
from tests.support.edit import replace_in
from tests.support.once import made_once
from tests.support.stage_audit import Read, audit, audited
from tests.support.tool import run_tool

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

# A make that a test starts is not a part of the `make test` that runs the tests, and prints no folders.
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)

# Beside the finished clone: what its run printed.
FIRST_RUN = "first_run.log"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the number of killed runs be chosen; that of `make prove` keeps it short."""
    parser.addoption("--kills", type=int, default=8, help="how many runs tests/test_interruptions.py kills")


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A clone with small params after its first run, outputs committed. Copy it (`copy_of_finished`) to change it."""
    return made_once(tmp_path_factory, "finished", finish) / "clone"


def finish(parent: Path) -> None:
    """Make the finished clone and, beside it, what its run printed."""
    parent.mkdir()
    folder = clone(parent / "clone")
    make_small(folder)
    (parent / FIRST_RUN).write_text(repro(folder))
    commit(folder, "First run with small params")


@pytest.fixture(scope="session")
def first_run(finished) -> str:
    """What the first run of the finished clone printed."""
    return (finished.parent / FIRST_RUN).read_text()


@pytest.fixture(scope="session")
def copy_of_finished(finished) -> Callable[[Path], Path]:
    """A function that copies the finished clone, DVC's cache included, to a folder that does not exist yet."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(finished, folder, symlinks=True))

    return copy


@pytest.fixture(scope="session")
def stages_read(tmp_path_factory, finished) -> dict[str, Read]:
    """The files and the params that each stage reads."""
    return audited(made_once(tmp_path_factory, "audit", lambda folder: audit(finished, folder)))


@pytest.fixture(scope="session")
def with_own_data(tmp_path_factory, finished) -> Path:
    """A clone that never had the synthetic recordings: its pipeline has run on a data set `bay`, brought by hand.

    Its outputs are committed, and it has no remote of DVC. Copy it to change it.
    """
    return made_once(tmp_path_factory, "own data", lambda folder: bring_own_data(finished, folder))


def bring_own_data(finished: Path, folder: Path) -> None:
    """Clone the finished clone to a folder and run it on recordings of its own."""
    git(finished, "clone", "--quiet", str(finished), str(folder))
    git(folder, "config", "user.name", "A newcomer")
    git(folder, "config", "user.email", "newcomer@example.org")
    bay, synthetic = folder / "data" / "bay", finished / "data" / "synthetic"
    (bay / "recordings").mkdir(parents=True)
    for path in sorted((synthetic / "recordings").iterdir()):
        # Bytes that are not those of the synthetic recordings.
        samples, sample_rate = soundfile.read(path, dtype="int16")
        soundfile.write(bay / "recordings" / f"{path.stem}.wav", samples, sample_rate)
    (bay / "clips.csv").write_text((synthetic / "clips.csv").read_text().replace(".flac,", ".wav,"))
    replace_in(folder / "params.yaml", "dataset: synthetic", "dataset: bay")
    added = run_in(folder, "dvc", "add", "data/bay/recordings")
    assert added.returncode == 0, added.stderr
    assert run_tool(folder, "hold_out").returncode == 0
    repro(folder)
    commit(folder, "Learn from the bay")
