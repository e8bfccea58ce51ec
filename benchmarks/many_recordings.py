"""Cost of DVC and the stages with 10,000 recordings and 1,000,000 clips: `python -m benchmarks.many_recordings`.

The benchmark runs in a clone of the repository, with its dvc.yaml. `--recordings` sets the number of recordings, with
100 clips each. To fit on a disk and into an hour, the recordings are two seconds of noise, the windows overlap, and the
features are plain spectrograms of 16 bands, 66 KB per recording. So the benchmark measures the costs that grow with the
number of files and clips. Each step runs once, followed by a named alternative if there is one. The figures are wall
time, CPU time, and the memory of the largest process.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from benchmarks.commands import COLUMNS, report
from benchmarks.machine import machine_line
from experiments.clone import clone, hold_out_again, overlay, run_in
from stages.lib.tables.clips import COLUMNS as CLIP_COLUMNS
from stages.lib.tables.clips import make_clip_id
from tools.lib.command_parser import command_parser

CLIPS_A_RECORDING, LABELLED_RECORDINGS = 100, 20
SAMPLE_RATE, LENGTH_S, STEP_S = 4000, 2.25, 0.02
RECORDINGS, TABLE = Path("data/many/recordings"), Path("data/many/clips.csv")
PARAMS = {
    "data": {"dataset": "many"},
    "featurize": {
        "sample_rate": SAMPLE_RATE,
        "clip_s": 0.25,
        "fft_size": 128,
        "hop_size": 50,
        "mel_bands": 16,
        "max_hz": 2000.0,
        "pcen": False,
        "wavelet_denoise": False,
    },
    "split": {"train": 1000, "valid": 200, "pool": 200, "test": 200},
    "train": {"epochs": 1},
    # Otherwise the second training would be on a million clips.
    "merge_labels": {"model_labels": {"use": False}},
}
# The least that DVC has to do.
HASH_AND_COPY = 'find "$0" -type f -exec md5sum {} + >"$1.md5" && cp --recursive "$0" "$1"'
COPY_NEW_FILES = 'cp --recursive --update --no-target-directory "$0" "$1"'


def rows_of(name: str, is_labelled: bool) -> Iterator[str]:
    """Yield the rows of one recording in clips.csv."""
    for position in range(CLIPS_A_RECORDING):
        start_s = round(position * STEP_S, 3)
        label = ("nocall", "call")[position % 2] if is_labelled else ""
        yield f"{make_clip_id(name, start_s)},{name},{start_s},{label},\n"


def write_data_set(folder: Path, recording_count: int) -> None:
    """Write the data set `data/many` and its params."""
    (folder / RECORDINGS).mkdir(parents=True)
    (folder / TABLE).write_text(",".join(CLIP_COLUMNS) + "\n", encoding="utf-8")
    for number in range(recording_count):
        add_recording(folder, number)
    overlay(folder / "params.yaml", PARAMS)
    hold_out_again(folder)


def add_recording(folder: Path, number: int) -> None:
    """Add one recording of noise to the data set."""
    name = f"sea{number:06d}.wav"
    samples = 0.05 * np.random.default_rng(number).standard_normal(round(LENGTH_S * SAMPLE_RATE))
    soundfile.write(folder / RECORDINGS / name, samples, SAMPLE_RATE)
    with (folder / TABLE).open("a", encoding="utf-8") as table:
        table.writelines(rows_of(name, is_labelled=number < LABELLED_RECORDINGS))


def measure(folder: Path, recording_count: int) -> None:
    """Measure each step of a team's work with a data set."""
    remote, copy = str(folder.parent / "remote"), str(folder.parent / "copy")
    run_in(folder, "dvc", "remote", "add", "--default", "team", remote)
    start = ("dvc version (start-up)", "dvc version")
    hash_and_copy = ("md5sum and cp of the files", HASH_AND_COPY)
    copy_new = ("cp --update of the cache", COPY_NEW_FILES, ".dvc/cache/files", f"{copy}-cache")
    nothing_new = ("the stage alone, nothing new", "python -m stages.featurize")
    dvc_add, dvc_repro = f"dvc add {RECORDINGS}", "dvc repro featurize"

    report(folder, "dvc add, all recordings", dvc_add, (*hash_and_copy, str(RECORDINGS), f"{copy}-recordings"))
    report(folder, "featurize, all recordings", "python -m stages.featurize")
    report(folder, "dvc repro featurize, all shards exist", dvc_repro, (*hash_and_copy, "features", f"{copy}-features"))
    report(folder, "dvc repro, the other stages", "dvc repro")
    report(folder, "dvc status, nothing changed", "dvc status", start)
    report(folder, "dvc repro, nothing to do", "dvc repro", start)
    report(folder, "dvc push, everything", "dvc push", copy_new)
    report(folder, "dvc push, nothing new", "dvc push", copy_new)

    add_recording(folder, recording_count)
    report(folder, "dvc add, one more recording", dvc_add)
    report(folder, "dvc repro featurize, one more recording", dvc_repro, nothing_new)
    report(folder, "dvc push, one more recording", "dvc push", copy_new)

    print("with hard links into the cache (dvc config cache.type hardlink,copy; dvc checkout --relink)")
    run_in(folder, "dvc", "config", "cache.type", "hardlink,copy")
    run_in(folder, "dvc", "checkout", "--relink")
    add_recording(folder, recording_count + 1)
    report(folder, "dvc add, one more recording", dvc_add)
    report(folder, "dvc repro featurize, one more recording", dvc_repro)


def main() -> None:
    """Write the data set and measure."""
    parser = command_parser(__doc__)
    parser.add_argument("--recordings", type=int, default=10_000, help="number of recordings (default: 10000)")
    recording_count = parser.parse_args().recordings
    print(machine_line("dvc", "dvc-data", "joblib", "numpy"))
    print(f"{recording_count} recordings of {LENGTH_S} s, {recording_count * CLIPS_A_RECORDING} clips of 0.25 s")
    print(COLUMNS)
    with TemporaryDirectory() as parent:
        folder = clone(Path(parent) / "clone")
        write_data_set(folder, recording_count)
        measure(folder, recording_count)


if __name__ == "__main__":
    main()
