"""Temporary clones of the repository with the content of the working tree, to run the real pipeline in."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml

from stages.lib.cards.field_results import FIELD
from stages.lib.features.pretrained import DESCRIPTION
from stages.lib.features.pretrained import FOLDER as PRETRAINED
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.table import write_table

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = REPOSITORY / "tests" / "support" / "small.yaml"
# What a fresh checkout has: data sets, tables of answers with a header only, and the configuration of DVC.
EMBEDDED = ("orcasound", "synthetic")
ANSWERED = (
    *("answered.csv", "expert.csv", "held_out.csv", "reviews.csv", "rounds.csv", "runs.csv", "settled.csv"),
    "undecided.csv",
)
DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n"


def clone(folder: Path) -> Path:
    """Clone the repository into a new folder, and commit its uncommitted changes there."""
    git(REPOSITORY, "clone", "--quiet", str(REPOSITORY), str(folder))
    # Compared with HEAD, so that staged changes are included.
    for name in git(REPOSITORY, "diff", "--name-only", "--no-renames", "--diff-filter=D", "HEAD").splitlines():
        (folder / name).unlink()
    changed = git(REPOSITORY, "diff", "--name-only", "--no-renames", "--diff-filter=d", "HEAD")
    for name in (changed + git(REPOSITORY, "ls-files", "--others", "--exclude-standard")).splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, folder / name)
    git(folder, "config", "user.name", "A newcomer")
    git(folder, "config", "user.email", "newcomer@example.org")
    commit(folder, "Uncommitted changes")
    return folder


def copy_pretrained(folder: Path) -> None:
    """Copy the pretrained models of the working tree to a clone, because they are not in Git."""
    for description in sorted((REPOSITORY / PRETRAINED).glob(f"*/{DESCRIPTION}")):
        copy = folder / PRETRAINED / description.parent.name
        if not copy.exists():
            shutil.copytree(description.parent, copy)


def commit(folder: Path, message: str) -> None:
    """Commit all files of a folder."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return its output."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def environment() -> dict[str, str]:
    """Return the environment variables of a command, with this environment's programs on the path."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def use_this_environment(folder: Path) -> None:
    """Link the environment of the tests into a folder, so that `make` finds it and takes it for up to date.

    `.venv` itself is not a link, because `make` empties a `.venv` that is out of date: it would empty the target.
    """
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.executable).parents[1] / name)
    (folder / ".venv" / "ready").touch()


def run_in(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess:
    """Run a command in a clone with this environment's programs; return its status and output."""
    settings = {**environment(), **variables}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def repro(folder: Path, *arguments: str, cores: str | None = None, **variables: str) -> str:
    """Run `dvc repro` in a clone, on some cores or all; return its output, or raise an error with it."""
    pinned = () if cores is None else ("taskset", "--cpu-list", cores)
    result = run_in(folder, *pinned, "dvc", "repro", *arguments, **variables)
    if result.returncode:
        raise RuntimeError(f"dvc repro failed in {folder}:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def stages_run(output: str) -> list[str]:
    """Return the stages that a `dvc repro` ran, from its output; `synthesize` has the path of its dvc.yaml."""
    return re.findall(r"Running stage '([^']+)'", output)


def output_digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file that a stage wrote in a clone, including hidden files."""
    names = ("features", "models", "labels", "metrics", "data/synthetic")
    paths = [path for name in names for path in (folder / name).rglob("*") if path.is_file()]
    written_by_people = set(git(folder, "ls-files", "labels/expert.csv", "data").splitlines())
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted((str(path.relative_to(folder)), path) for path in paths)
        if name not in written_by_people and "__pycache__" not in name
    }


def make_small(folder: Path) -> None:
    """Set small params in a clone, so that the whole pipeline takes less than a minute on the synthetic data.

    This also removes everything that a team has added: data sets, answers, rounds and the remote.
    """
    changes = yaml.safe_load(SMALL.read_text(encoding="utf-8"))
    overlay(folder / "params.yaml", changes["pipeline"])
    overlay(folder / "data" / "synthetic" / "params.yaml", changes["synthetic"])
    for path in (folder / "data").iterdir():
        if path.name not in EMBEDDED:
            shutil.rmtree(path)
    for name in (*(f"labels/{table}" for table in ANSWERED), "metrics/plots/field.csv"):
        table = folder / name
        table.write_text(table.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
    write_json(folder / FIELD, {})
    (folder / ".dvc" / "config").write_text(DVC_CONFIG, encoding="utf-8")
    hold_out_planned(folder, **yaml.safe_load((folder / "data" / "synthetic" / "params.yaml").read_text()))


def hold_out_planned(folder: Path, seed: int, calls: int, nocalls: int) -> None:
    """Hold out clips of the synthetic recordings in a clone before the recordings exist."""
    from data.synthetic import plan
    from data.synthetic.synthesize import COLUMNS, FOLDER, clip_rows

    (plan_seed,) = np.random.SeedSequence(seed).spawn(1)
    recordings = plan.recordings(calls, nocalls, np.random.default_rng(plan_seed))
    table = folder / FOLDER / "clips.csv"
    write_table(table, COLUMNS, clip_rows(recordings))
    hold_out_again(folder)
    table.unlink()


def hold_out_again(folder: Path) -> None:
    """Draw the held-out clips of a clone's data set again."""
    result = run_in(folder, "python", "-m", "tools.hold_out", "--again")
    if result.returncode:
        raise RuntimeError(f"tools.hold_out failed in {folder}:\n{result.stdout}\n{result.stderr}")


def overlay(path: Path, changes: Mapping) -> None:
    """Apply changes to a YAML file of params."""
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(merged(params, changes), sort_keys=False), encoding="utf-8")


def merged(params: Mapping, changes: Mapping) -> dict:
    """Return params with changes applied, section by section."""
    result = dict(params)
    for key, value in changes.items():
        nested = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if nested else value
    return result
