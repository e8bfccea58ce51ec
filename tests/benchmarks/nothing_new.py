"""What it costs to find that nothing is new, at 1,000 short recordings: `python -m tests.benchmarks.nothing_new`.

In a clone of the repository (`--recordings` for another number): `dvc repro` of the whole pipeline with nothing to do,
against `dvc version`, which does nothing but start; and what featurize does to find out which recordings are new,
against reading them all.
"""

import argparse
import contextlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.clone import clone, environment, repro, run_in
from stages.featurize import MEMORY, look_up
from stages.lib.clips import by_recording, read_clips
from stages.lib.digests import look_at, recall
from stages.lib.feature_store import FOLDER
from stages.lib.params import read_params
from stages.lib.shard import intact, shards_in
from stages.lib.spectrogram import FeatureParams
from tests.benchmarks.machine import machine_line
from tests.stages.conftest import write_data_set

REPETITIONS = 5


def quickest(work: Callable[[], object]) -> float:
    """Return the least seconds that some work takes."""
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def command(folder: Path, *arguments: str) -> Callable[[], object]:
    """Return a function that runs a command in a folder."""
    return lambda: subprocess.run(arguments, cwd=folder, env=environment(), capture_output=True, check=True)


def find_new(folder: Path, remembered: bool) -> int:
    """Do what featurize does before it computes anything, and return how many recordings are new."""
    with contextlib.chdir(folder):
        data, params = Path("data/tiny"), read_params("featurize", FeatureParams)
        clips_of = {data / "recordings" / name: of for name, of in by_recording(read_clips(data / "clips.csv")).items()}
        shards = shards_in(FOLDER)
        seen = look_at([*clips_of, *shards], recall(MEMORY) if remembered else {})
        ready = intact(shards, seen)
        return sum(look_up(path, clips, params, seen).key not in ready for path, clips in clips_of.items())


def main() -> None:
    """Build the data set, run the stages once, and print what it takes to find that nothing is new."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=1000)
    recording_count = parser.parse_args().recordings
    print(machine_line("dvc", "joblib"))
    with TemporaryDirectory() as parent:
        folder = clone(Path(parent) / "clone")
        write_data_set(folder, recording_count)
        run_in(folder, "dvc", "add", "data/tiny/recordings")
        repro(folder)
        time.sleep(2)  # What has just been written is not remembered.
        repro(folder, "--force", "--single-item", "featurize")
        assert find_new(folder, remembered=True) == 0
        nothing = quickest(command(folder, "dvc", "repro"))
        start = quickest(command(folder, "dvc", "version"))
        finding = quickest(lambda: find_new(folder, remembered=True))
        reading = quickest(lambda: find_new(folder, remembered=False))
    print(f"{recording_count} recordings of four clips")
    print(f"dvc repro with nothing to do   {nothing:6.2f} s")
    print(f"dvc version                    {start:6.2f} s, ratio {nothing / start:.1f}")
    print(f"featurize finds what is new in {1000 * finding / recording_count:6.3f} ms a recording")
    print(f"by reading all files           {1000 * reading / recording_count:6.3f} ms, ratio {reading / finding:.1f}")


if __name__ == "__main__":
    main()
