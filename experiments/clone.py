"""A temporary clone of the repository, as it is in the working tree, to run the real pipeline in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]


def clone(folder: Path) -> Path:
    """Clone the repository into a folder that does not exist, with its uncommitted changes as a commit on top."""
    git(REPOSITORY, "clone", "--quiet", str(REPOSITORY), str(folder))
    for name in git(REPOSITORY, "ls-files", "--deleted").splitlines():
        (folder / name).unlink()
    present = git(REPOSITORY, "ls-files", "--modified", "--others", "--exclude-standard").splitlines()
    for name in present:
        if (REPOSITORY / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, folder / name)
    git(folder, "config", "user.name", "A newcomer")
    git(folder, "config", "user.email", "newcomer@example.org")
    commit(folder, "What is not committed yet")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit everything there is."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess:
    """Run a command in a clone with this environment's programs; the result holds its status and output."""
    search_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": search_path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def repro(folder: Path) -> str:
    """Run `dvc repro` in a clone and return what it prints; fail with that where it fails."""
    result = run_in(folder, "dvc", "repro")
    if result.returncode:
        raise RuntimeError(f"dvc repro failed in {folder}:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def overlay(path: Path, changes: Mapping) -> None:
    """Lay changes over a YAML file of params."""
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(merged(params, changes), sort_keys=False), encoding="utf-8")


def merged(params: Mapping, changes: Mapping) -> dict:
    """Return params with the changes laid over them, section by section."""
    result = dict(params)
    for key, value in changes.items():
        nested = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if nested else value
    return result
