"""What a Dask cluster brings, and what it costs: `python -m benchmarks.cluster`.

Recordings of ten minutes of noise at 48 kHz, made on the spot (`--recordings` of them), are cut into windows of 3 s
without overlap, featurized and scored: on one core of this machine without a cluster, on two, and by a scheduler with
one worker and with two, started from this checkout. The outputs are compared byte for byte. The network has random
weights, which cost the same as any. Scheduler, workers and the stage share the machine's cores.

The seconds are those for the whole stage, its start included.
"""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import psutil
import soundfile
from distributed import Client

from benchmarks.machine import machine_line
from experiments.clone import REPOSITORY, environment, overlay
from stages.lib.feature_store import load_clips, open_features
from stages.lib.model.model_folder import BASELINE, Model, save_model
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS, read_clips
from stages.lib.tables.split import SPLIT, write_split
from stages.lib.tables.undecided import ROUNDS, UNDECIDED, write_undecided
from tools.lib.command_parser import command_parser

SAMPLE_RATE, LENGTH_S, CLIP_S = 48_000, 600, 3
PORT = 18_787
OUTPUTS = {"featurize": "features", "score_pool": "labels/pool_scores.csv"}


def write_data_set(folder: Path, recording_count: int) -> None:
    """Write params.yaml, recordings, clips.csv, and a split that puts all clips into the pool."""
    recordings = folder / "data" / "noise" / "recordings"
    recordings.mkdir(parents=True)
    shutil.copy(REPOSITORY / "params.yaml", folder)
    no_model = Path("models/pretrained/none")
    shutil.copytree(REPOSITORY / no_model, folder / no_model)
    overlay(folder / "params.yaml", {"data": {"dataset": "noise"}})
    names = [f"sea{number:03d}.flac" for number in range(recording_count)]
    samples = 0.01 * np.random.default_rng(0).standard_normal(LENGTH_S * SAMPLE_RATE)
    for number, name in enumerate(names):
        # Each another one, because featurize refuses one sound under two names.
        soundfile.write(recordings / name, np.roll(samples, number), SAMPLE_RATE)
    table = recordings.parent / "clips.csv"
    starts_s = range(0, LENGTH_S, CLIP_S)
    write_table(
        table,
        COLUMNS,
        [(f"{Path(name).stem}_{1000 * start_s:07d}", name, start_s, "", "") for name in names for start_s in starts_s],
    )
    clips = read_clips(table)
    write_split(folder / SPLIT, clips, {clip.clip_id: "pool" for clip in clips})
    write_undecided(folder / UNDECIDED, [])
    shutil.copy(REPOSITORY / ROUNDS, folder / ROUNDS)


def write_model(folder: Path) -> None:
    """Write a baseline of random weights."""
    with contextlib.chdir(folder):
        features = open_features()
        pin(seed=0)
        normalisation = Normalisation.learn([load_clips(features, list(features.places)[:64])])
        network = build_network(tuple(features.description["shapes"]["spectrogram"]))
        save_model(BASELINE, Model(network, features.description, normalisation))


@contextlib.contextmanager
def cluster(worker_count: int) -> Iterator[tuple[str, list[int]]]:
    """Run a scheduler and workers as `make` starts them; give its address and their ids."""
    address = f"tcp://127.0.0.1:{PORT}"
    commands = [["scheduler", "--host", "127.0.0.1", "--port", str(PORT), "--no-dashboard"]]
    commands += [["worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]] * worker_count
    processes = []
    for command in commands:
        quiet = {"cwd": REPOSITORY, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        start = ["python", "-m", "stages.lib.cluster.start", *command]
        processes.append(subprocess.Popen(start, env=environment(), **quiet))
    try:
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(worker_count, timeout=60)
        yield address, [process.pid for process in processes[1:]]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


class Run(NamedTuple):
    """Seconds of the clock, and of the processor for the stage and for all workers; the most bytes of it and of one."""

    took_s: float
    stage_s: float
    workers_s: float
    stage_bytes: int
    worker_bytes: int


def run(folder: Path, stage: str, cores: str, compute: dict, workers: Sequence[int] = ()) -> Run:
    """Run a stage from nothing."""
    overlay(folder / "params.yaml", {"compute": compute})
    for made in (OUTPUTS[stage], ".cache"):
        remove(folder / made)
    command = ["taskset", "--cpu-list", cores, "python", "-m", f"stages.{stage}"]
    variables = {**environment(), "PYTHONPATH": str(REPOSITORY)}
    start, stage_s, workers_s = time.perf_counter(), processor_of_children(), sum(map(processor_of, workers))
    running = subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL)
    of_stage, of_worker = [0], [0]
    while running.poll() is None:
        of_stage.append(memory_of_all(running.pid))
        of_worker += map(memory_of_all, workers)
        time.sleep(0.2)
    if running.returncode:
        sys.exit(f"{stage} has failed")
    return Run(
        time.perf_counter() - start,
        processor_of_children() - stage_s,
        sum(map(processor_of, workers)) - workers_s,
        max(of_stage),
        max(of_worker),
    )


def processor_of_children() -> float:
    """Return the seconds of the processor of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def processor_of(process_id: int) -> float:
    """Return the seconds of the processor of a process and all that it has started, whether they have ended or not."""
    process = psutil.Process(process_id)
    return sum(sum(one.cpu_times()[:4]) for one in [process, *process.children(recursive=True)])


def memory_of_all(process_id: int) -> int:
    """Return the resident memory of a process and all that it has started; one that has ended has none."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(process_id)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total


def content(path: Path) -> list[tuple[str, bytes]]:
    """Return what a file holds, or all files of a folder."""
    paths = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(one.name, one.read_bytes()) for one in paths]


def report(stage: str, where: str, one: Run, alone: Run, clip_count: int) -> None:
    """Print a line for a run, with how many times faster it was than alone on one core."""
    print(
        f"{stage:10} {where:15} {one.took_s:6.1f} s {clip_count / one.took_s:6.1f} clips per second, ratio "
        f"{alone.took_s / one.took_s:4.2f}; processor {one.stage_s:5.1f} s here, {one.workers_s:5.1f} s on workers; "
        f"memory {one.stage_bytes / 2**20:5.0f} MiB here, {one.worker_bytes / 2**20:5.0f} MiB a worker",
        flush=True,
    )


def main() -> None:
    """Run both stages in every way, and print seconds, clips per second and ratios."""
    parser = command_parser(__doc__)
    parser.add_argument("--recordings", type=int, default=48)
    recording_count = parser.parse_args().recordings
    clip_count = recording_count * LENGTH_S // CLIP_S
    print(machine_line("dask", "distributed", "joblib", "numpy", "librosa", "tensorflow"))
    print(f"{clip_count} clips of {recording_count} recordings; load before: {os.getloadavg()[0]:.1f}")
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "client"
        write_data_set(folder, recording_count)
        for stage, made in OUTPUTS.items():
            local = {"backend": "local", "scheduler": None}
            alone = run(folder, stage, "0", local)
            report(stage, "here, one core", alone, alone, clip_count)
            expected = content(folder / made)
            report(stage, "here, two cores", run(folder, stage, "0,1", local), alone, clip_count)
            for count in (1, 2):
                with cluster(count) as (address, workers):
                    dask = {"backend": "dask", "scheduler": address}
                    report(stage, f"workers: {count}", run(folder, stage, "0,1", dask, workers), alone, clip_count)
                if content(folder / made) != expected:
                    sys.exit(f"{stage} has made other bytes")
            if stage == "featurize":
                write_model(folder)


if __name__ == "__main__":
    main()
