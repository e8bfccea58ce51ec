"""The memory of featurize for a recording of a day and one of ten minutes: `python -m benchmarks.long_recording`.

Both are of noise at 48 kHz, 16 bits, made on the spot (8 GB on disk for the day). The day has windows one after the
other, or one every `--every` seconds; the ten minutes have one every half second, so that there is work for all
processes. The memory is that of all processes of the stage together, looked at ten times a second.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
import soundfile

from benchmarks.machine import machine_line
from experiments.clone import REPOSITORY
from stages.lib.runtime.table import write_table

SAMPLE_RATE = 48_000
DAY_S, SHORT_S, SHORT_EVERY_S = 86_400, 600, 0.5
LOOK_EVERY_S = 0.1


def write_data_set(folder: Path, length_s: int, every_s: float) -> int:
    """Write params.yaml and a data set of one recording; return how many clips it has."""
    params = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")
    (folder / "params.yaml").write_text(params.replace("dataset: synthetic", "dataset: long"), encoding="utf-8")
    recordings = folder / "data" / "long" / "recordings"
    recordings.mkdir(parents=True)
    minute = (300 * np.random.default_rng(0).standard_normal(60 * SAMPLE_RATE)).astype(np.int16)
    with soundfile.SoundFile(recordings / "sea.wav", "w", SAMPLE_RATE, 1, "PCM_16", format="RF64") as recording:
        for _ in range(length_s // 60):
            recording.write(minute)
    starts_s = np.arange(0, length_s, every_s).tolist()
    rows = [(f"sea_{round(1000 * start_s):07d}", "sea.wav", start_s, "", "") for start_s in starts_s]
    write_table(recordings.parent / "clips.csv", ("clip_id", "recording", "start_s", "label", "site"), rows)
    return len(rows)


def peak_memory(folder: Path) -> int:
    """Run featurize in a folder and return the most bytes that its processes held together."""
    stage = subprocess.Popen(
        [sys.executable, "-m", "stages.featurize"], cwd=folder, env={"PYTHONPATH": str(REPOSITORY), "PATH": ""}
    )
    peak = 0
    while stage.poll() is None:
        peak = max(peak, sum(map(memory_of, [psutil.Process(stage.pid), *children_of(stage.pid)])))
        time.sleep(LOOK_EVERY_S)
    if stage.returncode:
        sys.exit("featurize has failed")
    return peak


def children_of(process_id: int) -> list[psutil.Process]:
    """Return the processes that a process has started; none where it has just ended."""
    try:
        return psutil.Process(process_id).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def memory_of(process: psutil.Process) -> int:
    """Return the resident memory of a process, which is 0 once it has ended."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    """Featurize both and print their memory and the difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=float, default=3.0, help="seconds from one window to the next")
    every_s = parser.parse_args().every
    print(machine_line("numpy", "librosa", "soundfile", "joblib"))
    peaks = []
    for name, length_s, apart_s in (("ten minutes", SHORT_S, SHORT_EVERY_S), ("a day", DAY_S, every_s)):
        with TemporaryDirectory() as parent:
            clip_count = write_data_set(Path(parent), length_s, apart_s)
            peaks.append(peak_memory(Path(parent)))
        print(f"{name:12} {clip_count:6} clips  {peaks[-1] / 2**20:7.0f} MiB", flush=True)
    print(f"difference                  {(peaks[1] - peaks[0]) / 2**20:7.0f} MiB")


if __name__ == "__main__":
    main()
