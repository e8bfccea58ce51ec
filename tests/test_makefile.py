"""The environment that `make` builds, with the real make, venv and pip, in a folder of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY

BASE = Path(sys.base_prefix) / "bin"


def make(folder: Path, *path: Path) -> subprocess.CompletedProcess:
    """Run `make .venv/ready` with some folders in front of the search path, and no index for pip to go to."""
    settings = os.environ | {"PATH": os.pathsep.join([*map(str, path), str(BASE), "/usr/bin", "/bin"])}
    settings |= {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        ["make", ".venv/ready"], cwd=folder, env=settings, capture_output=True, text=True, check=False
    )


@pytest.fixture
def after_a_failed_install(tmp_path) -> Path:
    """A folder whose environment has a Python and lacks the requirements; its name has a space."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copy(REPOSITORY / "Makefile", folder)
    (folder / "requirements.txt").write_text(f"cannot-be-had==1 --hash=sha256:{'0' * 64}\n")
    failed = make(folder)
    assert failed.returncode != 0
    assert "cannot-be-had" in failed.stderr
    assert (folder / ".venv" / "bin" / "python3").exists()
    assert not (folder / ".venv" / "ready").exists()
    return folder


@pytest.mark.parametrize("times", [1, 2])
def test_after_a_failed_install_the_environment_is_not_made_by_its_own_python(after_a_failed_install, times):
    # Somebody has activated it; make itself puts it in front once more.
    folder = after_a_failed_install
    (folder / "requirements.txt").write_text("# Nothing is needed.\n")
    result = make(folder, *[folder / ".venv" / "bin"] * times)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (folder / ".venv" / "ready").exists()
    assert f"{folder / '.venv'}/bin/python" not in result.stdout
    assert f"home = {BASE.resolve()}" in (folder / ".venv" / "pyvenv.cfg").read_text()


def test_a_machine_without_python_is_told_so_and_nothing_is_installed(tmp_path):
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "tr", "grep", "paste"):
        (tools / name).symlink_to(shutil.which(name))
    settings = os.environ | {"PATH": str(tools)}
    result = subprocess.run(
        [shutil.which("make"), ".venv/ready"], cwd=tmp_path, env=settings, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert re.search("python3.11.*not found", result.stderr)
    assert "pip" not in result.stdout
    assert not (tmp_path / ".venv").exists()
