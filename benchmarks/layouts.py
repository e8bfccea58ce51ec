"""What DVC takes for features in other layouts than a file for each recording: `python -m benchmarks.layouts`.

Features of 10,000 recordings (`--recordings` for another number) of 100 clips, 66 KB a recording, of random numbers: a
file for each recording, a file for each hundred recordings, and a file for each clip, the last for a tenth of the
recordings. Every step runs once.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.commands import COLUMNS, report
from benchmarks.machine import machine_line
from experiments.clone import git, run_in

SHAPE = (100, 16, 21)  # Clips of a recording, bands, frames.
RECORDINGS_A_PACK = 100


def features_of(number: int) -> np.ndarray:
    """Return features of a recording."""
    return np.random.default_rng(number).random(SHAPE).astype(np.float16)


def file_of_recording(number: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and content of the one file that a recording changes when it is added."""
    yield f"{number:06d}", features_of(number)


def files_of_clips(number: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield one file for each clip."""
    for row, clip in enumerate(features_of(number)):
        yield f"{number:06d}-{row:02d}", clip


def file_of_hundred(number: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the file of the hundred recordings to which this one belongs, once the hundred are complete."""
    if number % RECORDINGS_A_PACK == RECORDINGS_A_PACK - 1:
        first = number + 1 - RECORDINGS_A_PACK
        yield f"{first:06d}", np.concatenate([features_of(one) for one in range(first, number + 1)])


def write(features: Path, files: Iterator[tuple[str, np.ndarray]]) -> None:
    """Write files of features."""
    for name, arrays in files:
        np.save(features / f"{name}.npy", arrays)


def measure(files_of: Callable[[int], Iterator[tuple[str, np.ndarray]]], recording_count: int) -> None:
    """Keep features with DVC in one layout; then the last recording's once more, as other numbers."""
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "repository"
        features = folder / "features"
        features.mkdir(parents=True)
        git(folder, "init", "--quiet")
        run_in(folder, "dvc", "init", "--quiet")
        run_in(folder, "dvc", "remote", "add", "--default", "team", f"{parent}/remote")
        for number in range(recording_count):
            write(features, files_of(number))
        file_count = len(list(features.iterdir()))
        print(f"{files_of.__name__.replace('_', ' ')}: {recording_count} recordings, {file_count} files")
        report(folder, "  dvc add", "dvc add features")
        report(folder, "  dvc status, nothing changed", "dvc status")
        report(folder, "  dvc push, everything", "dvc push")
        report(folder, "  dvc push, nothing new", "dvc push")
        write(features, ((name, 1 - arrays) for name, arrays in files_of(recording_count - 1)))
        report(folder, "  dvc add, one recording changed", "dvc add features")
        report(folder, "  dvc push, one recording changed", "dvc push")


def main() -> None:
    """Measure the layouts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=10_000, help="a multiple of 1,000")
    recording_count = parser.parse_args().recordings
    print(machine_line("dvc", "dvc-data", "numpy"))
    print(COLUMNS)
    measure(file_of_recording, recording_count)
    measure(file_of_hundred, recording_count)
    measure(files_of_clips, recording_count // 10)


if __name__ == "__main__":
    main()
