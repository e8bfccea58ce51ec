"""Speed and memory of the stages on a Dask cluster: `python -m benchmarks.cluster`.

The benchmark generates recordings of noise, ten minutes each at 48 kHz (`--recordings` sets their number). It cuts them
into windows of 3 s without overlap, featurizes and scores them: on one core without a cluster, on two cores, and on a
cluster of one and of two workers, started from this checkout. Scheduler, workers and stage share the cores of this
machine. The outputs are compared byte for byte. The network has random weights, because the values do not change the
time.

Times are for the whole stage, including its start.
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
from stages.lib.tables.clips import COLUMNS, make_clip_id, read_clips
from stages.lib.tables.split import SPLIT, write_split
from stages.lib.tables.undecided import ROUNDS, UNDECIDED, write_undecided
from tools.lib.command_parser import command_parser

SAMPLE_RATE, LENGTH_S, CLIP_S = 48_000, 600, 3
PORT = 18_787
OUTPUTS = {"featurize": "features", "score_pool": "labels/pool_scores.csv"}


def write_data_set(folder: Path, recording_count: int) -> None:
    """Write params.yaml, recordings, clips.csv, and a split with all clips in the pool."""
    recordings = folder / "data" / "noise" / "recordings"
    recordings.mkdir(parents=True)
    shutil.copy(REPOSITORY / "params.yaml", folder)
    no_model = Path("models/pretrained/none")
    shutil.copytree(REPOSITORY / no_model, folder / no_model)
    overlay(folder / "params.yaml", {"data": {"dataset": "noise"}})
    names = [f"sea{number:03d}.flac" for number in range(recording_count)]
    samples = 0.01 * np.random.default_rng(0).standard_normal(LENGTH_S * SAMPLE_RATE)
    for number, name in enumerate(names):
        # Each recording is different, because featurize refuses the same sound under two names.
        soundfile.write(recordings / name, np.roll(samples, number), SAMPLE_RATE)
    table = recordings.parent / "clips.csv"
    starts_s = range(0, LENGTH_S, CLIP_S)
    rows = [(make_clip_id(name, start_s), name, start_s, "", "") for name in names for start_s in starts_s]
    write_table(table, COLUMNS, rows)
    clips = read_clips(table)
    write_split(folder / SPLIT, clips, {clip.clip_id: "pool" for clip in clips})
    write_undecided(folder / UNDECIDED, [])
    shutil.copy(REPOSITORY / ROUNDS, folder / ROUNDS)


def write_model(folder: Path) -> None:
    """Write a baseline with random weights."""
    with contextlib.chdir(folder):
        features = open_features()
        pin(seed=0)
        normalisation = Normalisation.learn([load_clips(features, list(features.places)[:64])])
        network = build_network(tuple(features.description["shapes"]["spectrogram"]))
        save_model(BASELINE, Model(network, features.description, normalisation))


@contextlib.contextmanager
def cluster(worker_count: int) -> Iterator[tuple[str, list[int]]]:
    """Run a scheduler and workers as `make` starts them; yield its address and their process ids."""
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
    """The cost of one run of a stage.

    Attributes
    ----------
    wall_s : float
        Wall-clock seconds.
    stage_cpu_s, workers_cpu_s : float
        CPU seconds of the stage and of all workers together.
    stage_bytes, worker_bytes : int
        Peak memory of the stage and of the largest worker.
    """

    wall_s: float
    stage_cpu_s: float
    workers_cpu_s: float
    stage_bytes: int
    worker_bytes: int


def run(folder: Path, stage: str, cores: str, compute: dict, workers: Sequence[int] = ()) -> Run:
    """Run a stage without its earlier outputs or cache."""
    overlay(folder / "params.yaml", {"compute": compute})
    for name in (OUTPUTS[stage], ".cache"):
        remove(folder / name)
    command = ["taskset", "--cpu-list", cores, "python", "-m", f"stages.{stage}"]
    variables = {**environment(), "PYTHONPATH": str(REPOSITORY)}
    start = time.perf_counter()
    stage_cpu_s, workers_cpu_s = cpu_seconds_of_children(), sum(map(cpu_seconds_of, workers))
    running = subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL)
    stage_bytes, worker_bytes = [0], [0]
    while running.poll() is None:
        stage_bytes.append(memory_of(running.pid))
        worker_bytes += map(memory_of, workers)
        time.sleep(0.2)
    if running.returncode:
        sys.exit(f"{stage} failed")
    return Run(
        time.perf_counter() - start,
        cpu_seconds_of_children() - stage_cpu_s,
        sum(map(cpu_seconds_of, workers)) - workers_cpu_s,
        max(stage_bytes),
        max(worker_bytes),
    )


def cpu_seconds_of_children() -> float:
    """Return the CPU time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_seconds_of(process_id: int) -> float:
    """Return the CPU time of a process and its descendants, including those that have ended."""
    process = psutil.Process(process_id)
    return sum(sum(one.cpu_times()[:4]) for one in [process, *process.children(recursive=True)])


def memory_of(process_id: int) -> int:
    """Return the resident memory of a process and its descendants; 0 if it has ended."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(process_id)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total


def content(path: Path) -> list[tuple[str, bytes]]:
    """Return the names and bytes of a file, or of all files in a folder."""
    paths = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(one.name, one.read_bytes()) for one in paths]


def report(stage: str, where: str, one: Run, alone: Run, clip_count: int) -> None:
    """Print the cost of a run and its speed-up over one core without a cluster."""
    print(
        f"{stage:10} {where:15} {one.wall_s:6.1f} s {clip_count / one.wall_s:6.1f} clips per second, "
        f"ratio {alone.wall_s / one.wall_s:4.2f}; "
        f"CPU time {one.stage_cpu_s:5.1f} s here, {one.workers_cpu_s:5.1f} s on workers; "
        f"memory {one.stage_bytes / 2**20:5.0f} MiB here, {one.worker_bytes / 2**20:5.0f} MiB per worker",
        flush=True,
    )


def main() -> None:
    """Run both stages in each setup, and print times, clips per second and ratios."""
    parser = command_parser(__doc__)
    parser.add_argument("--recordings", type=int, default=48, help="number of recordings (default: 48)")
    recording_count = parser.parse_args().recordings
    clip_count = recording_count * LENGTH_S // CLIP_S
    print(machine_line("dask", "distributed", "joblib", "numpy", "librosa", "tensorflow"))
    print(f"{clip_count} clips of {recording_count} recordings; load before the runs: {os.getloadavg()[0]:.1f}")
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "client"
        write_data_set(folder, recording_count)
        for stage, output in OUTPUTS.items():
            local = {"backend": "local", "scheduler": None}
            alone = run(folder, stage, "0", local)
            report(stage, "here, one core", alone, alone, clip_count)
            expected = content(folder / output)
            report(stage, "here, two cores", run(folder, stage, "0,1", local), alone, clip_count)
            for count in (1, 2):
                with cluster(count) as (address, workers):
                    dask = {"backend": "dask", "scheduler": address}
                    report(stage, f"workers: {count}", run(folder, stage, "0,1", dask, workers), alone, clip_count)
                if content(folder / output) != expected:
                    sys.exit(f"{stage} wrote different bytes on the cluster")
            if stage == "featurize":
                write_model(folder)


if __name__ == "__main__":
    main()
