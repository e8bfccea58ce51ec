"""`--help` of every command answers at once: no library is loaded that only the work itself needs."""

import subprocess
import sys

import pytest

from experiments.clone import REPOSITORY

# librosa itself is not among them: it loads its parts when they are first used, and these load scipy and numba.
HEAVY = {
    "cleanlab",
    "dask",
    "distributed",
    "dvc",
    "keras",
    "matplotlib",
    "numba",
    "pandas",
    "s3fs",
    "scipy",
    "sklearn",
    "tensorflow",
}
COMMANDS = sorted(
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for folder in ("tools", "experiments")
    for path in (REPOSITORY / folder).rglob("*.py")
    if path.stem != "__main__" and '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)
BENCHMARKS = sorted(
    f"benchmarks.{path.stem}"
    for path in (REPOSITORY / "benchmarks").glob("*.py")
    if path.stem != "maad_clips" and '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("command", BENCHMARKS)
def test_help_of_a_benchmark_measures_nothing(command):
    command_line = [sys.executable, "-m", command, "--help"]
    shown = subprocess.run(command_line, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("usage: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command):
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", command, "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith("usage: ")
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in shown.stderr.splitlines()}
    assert "argparse" in loaded
    assert loaded & HEAVY == set()
