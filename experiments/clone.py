"""A temporary clone of the repository, as it is in the working tree, to run the real pipeline in."""

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
# What the repository comes with: data sets, the tables of answers that hold a header alone, the configuration of DVC.
EMBEDDED = ("orcasound", "synthetic")
ANSWERED = (
    *("answered.csv", "expert.csv", "held_out.csv", "reviews.csv", "rounds.csv", "runs.csv", "settled.csv"),
    "undecided.csv",
)
DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n"


def clone(folder: Path) -> Path:
    """Clone the repository into a folder that does not exist, with its uncommitted changes as a commit on top."""
    git(REPOSITORY, "clone", "--quiet", str(REPOSITORY), str(folder))
    # Against the last commit, because a file that is staged differs from that and from nothing else.
    for name in git(REPOSITORY, "diff", "--name-only", "--no-renames", "--diff-filter=D", "HEAD").splitlines():
        (folder / name).unlink()
    changed = git(REPOSITORY, "diff", "--name-only", "--no-renames", "--diff-filter=d", "HEAD")
    for name in (changed + git(REPOSITORY, "ls-files", "--others", "--exclude-standard")).splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, folder / name)
    git(folder, "config", "user.name", "A newcomer")
    git(folder, "config", "user.email", "newcomer@example.org")
    commit(folder, "What is not committed yet")
    return folder


def bring_pretrained(folder: Path) -> None:
    """Bring the pretrained models of the working tree to a clone: Git does not hold them."""
    for description in sorted((REPOSITORY / PRETRAINED).glob(f"*/{DESCRIPTION}")):
        there = folder / PRETRAINED / description.parent.name
        if not there.exists():
            shutil.copytree(description.parent, there)


def commit(folder: Path, message: str) -> None:
    """Commit everything there is."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def environment() -> dict[str, str]:
    """Return the variables with which a command finds this environment's programs."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def use_this_environment(folder: Path) -> None:
    """Let `make` find the environment that the tests run in, and take it for up to date.

    Were .venv itself a link, a `make` that finds it too old would empty what it leads to.
    """
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.executable).parents[1] / name)
    (folder / ".venv" / "ready").touch()


def run_in(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess:
    """Run a command in a clone with this environment's programs; the result holds its status and output."""
    settings = {**environment(), **variables}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def repro(folder: Path, *arguments: str, cores: str | None = None, **variables: str) -> str:
    """Run `dvc repro` in a clone, on some cores or all, and return what it prints; fail with that where it fails."""
    pinned = () if cores is None else ("taskset", "--cpu-list", cores)
    result = run_in(folder, *pinned, "dvc", "repro", *arguments, **variables)
    if result.returncode:
        raise RuntimeError(f"dvc repro failed in {folder}:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def stages_run(output: str) -> list[str]:
    """Return the stages that a `dvc repro` ran, by what it printed: `synthesize` with the path of its dvc.yaml."""
    return re.findall(r"Running stage '([^']+)'", output)


def output_digests(folder: Path) -> dict[str, str]:
    """Return a digest of every file that a stage of a clone wrote, hidden files included."""
    names = ("features", "models", "labels", "metrics", "data/synthetic")
    paths = [path for name in names for path in (folder / name).rglob("*") if path.is_file()]
    written_by_people = set(git(folder, "ls-files", "labels/expert.csv", "data").splitlines())
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted((str(path.relative_to(folder)), path) for path in paths)
        if name not in written_by_people and "__pycache__" not in name
    }


def make_small(folder: Path) -> None:
    """Make the params of a clone so small that the whole pipeline takes less than a minute, on the synthetic data.

    What a team has of its own goes: its data sets, its answers and rounds, its remote.
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
    """Let a clone hold out clips of synthetic recordings that are planned and not there yet."""
    from data.synthetic import plan
    from data.synthetic.synthesize import COLUMNS, FOLDER, clip_rows

    (plan_seed,) = np.random.SeedSequence(seed).spawn(1)
    recordings = plan.recordings(calls, nocalls, np.random.default_rng(plan_seed))
    table = folder / FOLDER / "clips.csv"
    write_table(table, COLUMNS, clip_rows(recordings))
    hold_out_again(folder)
    table.unlink()


def hold_out_again(folder: Path) -> None:
    """Draw what the data set of a clone holds out, whatever was drawn before."""
    result = run_in(folder, "python", "-m", "tools.hold_out", "--again")
    if result.returncode:
        raise RuntimeError(f"tools.hold_out failed in {folder}:\n{result.stdout}\n{result.stderr}")


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
