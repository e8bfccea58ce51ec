"""What an import of 200,000 annotations takes: `python -m benchmarks.import_annotations`.

10,000 recordings of a second and a table of 200,000 events are made on the spot, in a clone of the repository. The
first import copies the recordings; the second, with the same table, finds them there, so that its time is that of
reading, matching, checking and choosing clips. Everything runs on one core.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from benchmarks.commands import COLUMNS, report
from benchmarks.machine import machine_line
from experiments.clone import clone, overlay

RECORDINGS, EVENTS_A_RECORDING = 10_000, 20
SAMPLE_RATE, CLIP_S = 4000, 0.1
PARAMS = {
    "featurize": {
        "sample_rate": SAMPLE_RATE,
        "clip_s": CLIP_S,
        "fft_size": 64,
        "hop_size": 16,
        "mel_bands": 16,
        "max_hz": 2000.0,
    }
}
READ_ALONE = "python -c 'import sys, pandas; pandas.read_csv(sys.argv[1])' \"$0\""


def write_archive(folder: Path) -> None:
    """Write recordings of noise in a folder for each hundred, and the table of their events."""
    lines = ["filename,start,end,label\n"]
    for number in range(RECORDINGS):
        name = f"{number // 100:03d}/sea{number:05d}.wav"
        path = folder / "sea" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.05 * np.random.default_rng(number).standard_normal(SAMPLE_RATE), SAMPLE_RATE)
        starts_s = np.arange(EVENTS_A_RECORDING) / EVENTS_A_RECORDING
        lines += [f"{name},{start_s:.2f},{start_s + 0.02:.2f},S{number % 9}\n" for start_s in starts_s]
    (folder / "events.csv").write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Write the archive and import it twice."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(machine_line("numpy", "soundfile", "pandas"))
    print(f"{RECORDINGS * EVENTS_A_RECORDING} annotations of {RECORDINGS} recordings of 1 s, on one core")
    print(COLUMNS)
    with TemporaryDirectory() as parent:
        folder = clone(Path(parent) / "clone")
        overlay(folder / "params.yaml", PARAMS)
        write_archive(folder.parent)
        table, source = folder.parent / "events.csv", folder.parent / "sea"
        command = f"python -m tools.import_annotations sea {table} --recordings {source} --label S*=call"
        report(folder, "import, recordings copied", command)
        report(
            folder, "import again, recordings there", command, ("pandas.read_csv of the table", READ_ALONE, str(table))
        )


if __name__ == "__main__":
    main()
