"""The environment that `make` builds, with the real make, venv and pip, in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY

BASE = Path(sys.base_prefix) / "bin"
# This Python, which takes itself for another one as long as it is asked what it is.
DISGUISED = """#!/bin/sh
[ "$1" = -c ] || exec {python} "$@"
exec {python} -c 'import sys; sys.version_info = ({version}, 0); {change}; exec(sys.argv[1])' "$2"
"""
NEEDED = "Python 3.11, 3.12 or 3.13 with the module venv is needed."


@pytest.fixture
def folder(tmp_path) -> Path:
    """A clone to be, whose name has a space, and that needs no package."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copy(REPOSITORY / "Makefile", folder)
    (folder / "requirements.txt").write_text("# Nothing is needed.\n")
    return folder


@pytest.fixture
def tools(tmp_path) -> Path:
    """What `make .venv/ready` calls besides Python, so that no Python of this machine is on the search path."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "tr", "grep", "paste", "touch"):
        (tools / name).symlink_to(shutil.which(name))
    return tools


def make(folder: Path, *path: Path, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    """Run `make .venv/ready` with a search path, and no index for pip to go to."""
    settings = os.environ | {"PATH": os.pathsep.join(map(str, path))}
    settings |= {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    command = [shutil.which("make"), ".venv/ready", *arguments]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def add_python(folder: Path, name: str, version: str, has_venv: bool) -> None:
    """Put a program beside others that says it is a Python of some version, with or without Debian's python3-venv."""
    change = "" if has_venv else 'sys.modules["ensurepip"] = None'
    path = folder / name
    path.write_text(DISGUISED.format(python=BASE / "python3", version=version.replace(".", ", "), change=change or "0"))
    path.chmod(0o755)


@pytest.fixture
def after_a_failed_install(folder, tools) -> Path:
    """A folder whose environment has a Python and lacks the requirements."""
    (folder / "requirements.txt").write_text(f"cannot-be-had==1 --hash=sha256:{'0' * 64}\n")
    failed = make(folder, tools, BASE)
    assert failed.returncode != 0
    assert "cannot-be-had" in failed.stderr
    assert (folder / ".venv" / "bin" / "python3").exists()
    assert not (folder / ".venv" / "ready").exists()
    return folder


@pytest.mark.prove
@pytest.mark.parametrize("times", [1, 2])
def test_after_a_failed_install_the_environment_is_not_made_by_its_own_python(after_a_failed_install, tools, times):
    # Somebody has activated it; make itself puts it in front once more.
    folder = after_a_failed_install
    (folder / "requirements.txt").write_text("# Nothing is needed.\n")
    result = make(folder, *[folder / ".venv" / "bin"] * times, tools, BASE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (folder / ".venv" / "ready").exists()
    assert f"{folder / '.venv'}/bin/python" not in result.stdout
    assert f"home = {BASE.resolve()}" in (folder / ".venv" / "pyvenv.cfg").read_text()


@pytest.mark.parametrize(
    ("interpreter", "again"), [("/bin/true", False), ("/bin/false", True), ("/moved/python", True)]
)
def test_an_environment_is_made_again_if_its_programs_do_not_find_their_python(folder, tools, interpreter, again):
    """The Python was removed or is of another version, whose packages lie elsewhere, or the folder was moved."""
    add_python(tools, "python3.13", "3.13", has_venv=True)
    pip = folder / ".venv" / "bin" / "pip"
    pip.parent.mkdir(parents=True)
    pip.write_text(f"#!{interpreter}\n")
    pip.chmod(0o755)
    (folder / ".venv" / "ready").touch()
    result = make(folder, tools, arguments=("--dry-run",))
    assert result.returncode == 0, result.stderr
    assert ("-m venv --clear .venv" in result.stdout) == again


# On each line the Pythons of a machine, as NAME=VERSION, those without venv with a "-" behind, and the one to be taken.
@pytest.mark.parametrize(
    ("installed", "taken"),
    [
        ("python3.11=3.11 python3.12=3.12 python3.13=3.13 python3=3.11", "python3.13"),
        ("python3.11=3.11 python3.12=3.12 python3.13=3.13- python3=3.13-", "python3.12"),
        ("python3.11=3.11 python3.12=3.12- python3.14=3.14 python3=3.14", "python3.11"),
        ("python3=3.12", "python3"),
    ],
)
def test_the_newest_python_that_will_do_is_taken(folder, tools, installed, taken):
    for entry in installed.split():
        name, _, version = entry.partition("=")
        add_python(tools, name, version.removesuffix("-"), has_venv=not version.endswith("-"))
    assert f'\n"{tools / taken}" -m venv --clear .venv\n' in make(folder, tools, arguments=("--dry-run",)).stdout


@pytest.mark.parametrize(
    "installed", ["", "python3=3.10", "python3=3.14 python3.14=3.14", "python3=3.13- python3.13=3.13-"]
)
def test_where_no_python_will_do_it_says_what_to_install(folder, tools, installed):
    for entry in installed.split():
        name, _, version = entry.partition("=")
        add_python(tools, name, version.removesuffix("-"), has_venv=not version.endswith("-"))
    assert_told(make(folder, tools), folder)


def test_a_python_that_is_named_is_taken(folder, tools, tmp_path):
    add_python(tools, "python3.13", "3.13", has_venv=True)
    named = tmp_path / "elsewhere"
    add_python(tmp_path, "elsewhere", "3.12", has_venv=True)
    result = make(folder, tools, arguments=(f"PYTHON={named}", "--dry-run"))
    assert f'\n"{named}" -m venv --clear .venv\n' in result.stdout


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_a_python_that_is_named_and_will_not_do_is_refused(folder, tools, tmp_path, version):
    add_python(tools, "python3.13", "3.13", has_venv=True)
    add_python(tmp_path, "elsewhere", version, has_venv=True)
    assert_told(make(folder, tools, arguments=(f"PYTHON={tmp_path / 'elsewhere'}",)), folder)


def assert_told(result: subprocess.CompletedProcess, folder: Path) -> None:
    """See that one message names the packages of Debian and Fedora, and that nothing was made."""
    assert result.returncode != 0
    assert result.stderr.startswith(NEEDED)
    assert "sudo apt install python3 python3-venv" in result.stderr
    assert "sudo dnf install python3.13" in result.stderr
    assert result.stdout == ""
    assert not (folder / ".venv").exists()
