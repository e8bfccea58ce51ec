"""A real Dask cluster: a scheduler and two workers, each a process in a folder of its own that is not the repository.

What the stages and `detect` make there is compared, byte for byte, with what they make on this machine.
"""

import contextlib
import filecmp
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import boto3
import numpy as np
import psutil
import pytest
import soundfile
from distributed import Client
from moto.server import ThreadedMotoServer

from experiments.clone import REPOSITORY, environment, overlay, run_in
from stages.lib.cluster.cluster import CALLS_A_THREAD
from stages.lib.cluster.compute import chosen_cluster
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS
from tests.stages.conftest import SAMPLE_RATE, run_pipeline, write_data_set
from tests.support.pages import read_page

pytestmark = pytest.mark.prove

RECORDINGS = Path("data/tiny/recordings")
SECRETS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
# Settings that would give other bytes, were they not forgotten.
OTHER_SETTINGS = {"TF_ENABLE_ONEDNN_OPTS": "0", "OPENBLAS_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "SkylakeX"}


class RunningCluster(NamedTuple):
    """The address of a scheduler, and a function that starts a worker in a new folder."""

    address: str
    start_worker: Callable[[], psutil.Process]

    @property
    def worker_count(self) -> int:
        with Client(self.address, set_as_default=False) as client:
            return len(client.nthreads())


def documented(command: str) -> list[str]:
    """Return a command of the page on clusters, by how it begins."""
    (line,) = [line for line in read_page("docs/cluster.md").splitlines() if line.startswith(command)]
    return line.split()


def wait_until(there: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something, and fail where it does not come."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 on this machine."""
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, s3) -> Iterator[RunningCluster]:
    """A scheduler and two workers. Only the workers know how to reach S3."""
    started: list[psutil.Process] = []

    def start(command: list[str], name: str, **variables: str) -> psutil.Process:
        folder = tmp_path_factory.mktemp(name)
        plain = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
        with (folder / "log").open("wb") as log:
            process = psutil.Popen(command, cwd=folder, env={**plain, **variables}, stdout=log, stderr=log)
        started.append(process)
        return process

    def start_worker() -> psutil.Process:
        command = [address if part.startswith("tcp://") else part for part in documented("dask worker")]
        settings = {**SECRETS, **OTHER_SETTINGS, "AWS_ENDPOINT_URL": s3}
        return start([*command, "--nthreads", "1", "--no-dashboard"], "worker", **settings)

    scheduler = start([*documented("dask scheduler"), "--host", "127.0.0.1", "--port", "0"], "scheduler")
    wait_until(lambda: listening(scheduler))
    address = f"tcp://127.0.0.1:{listening(scheduler)}"
    cluster = RunningCluster(address, start_worker)
    start_worker()
    start_worker()
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield cluster
    for process in reversed(started):
        kill(process)


def listening(process: psutil.Process) -> int | None:
    """Return the port at which a scheduler listens, which it prints."""
    log = Path(process.cwd()) / "log"
    lines = [line for line in log.read_text().splitlines() if "Scheduler at:" in line]
    return int(lines[0].rpartition(":")[2]) if lines else None


def kill(process: psutil.Process) -> None:
    """Kill a process and all that it has started, as when a machine fails."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in [process, *process.children(recursive=True)]:
            one.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """A folder in which all stages have run on this machine, and detection; tests leave it as it is."""
    folder = run_pipeline(tmp_path_factory.mktemp("local"))
    samples = np.concatenate([soundfile.read(path)[0] for path in sorted((folder / RECORDINGS).iterdir())])
    soundfile.write(folder / "long.flac", samples, SAMPLE_RATE)
    succeed(folder, "tools.detect", *DETECT)
    return folder


DETECT = ("long.flac", f"{RECORDINGS}/sea03.wav", "--format", "csv", "--hop", "0.05", "--threshold", "0.3")


def succeed(folder: Path, module: str, *arguments: str) -> str:
    result = run_in(folder, "python", "-m", module, *arguments, PYTHONPATH=str(REPOSITORY))
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def refused(folder: Path, module: str) -> list[str]:
    result = run_in(folder, "python", "-m", module, PYTHONPATH=str(REPOSITORY))
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()


def on(cluster: RunningCluster, folder: Path, recordings: str | None = None) -> Path:
    """Let the stages in a folder work on a cluster."""
    compute = {"backend": "dask", "scheduler": cluster.address, "recordings": recordings}
    overlay(folder / "params.yaml", {"compute": compute})
    return folder


@pytest.fixture
def before(local, tmp_path) -> Path:
    """A copy of the folder as it was before anything that a cluster can make was made."""
    folder = tmp_path / "before"
    made = shutil.ignore_patterns("features", "pool_scores.csv", "queue.csv", ".cache", "detections")
    return Path(shutil.copytree(local, folder, ignore=made))


def same(folder: Path, other: Path) -> bool:
    """Tell whether two folders hold the same files with the same bytes."""
    names = [sorted(str(path.relative_to(one)) for path in one.rglob("*")) for one in (folder, other)]
    assert names[0] == names[1]
    files = [name for name in names[0] if (folder / name).is_file()]
    assert files
    return filecmp.cmpfiles(folder, other, files, shallow=False) == (files, [], [])


def test_stages_and_detection_give_the_bytes_that_they_give_here(cluster, local, before):
    on(cluster, before)
    succeed(before, "stages.featurize")
    succeed(before, "stages.score_pool")
    assert succeed(before, "tools.detect", *DETECT).startswith("detections: ")
    for name in ("features", "labels", ".cache/scores", "metrics", "detections"):
        assert same(before / name, local / name), name


def test_workers_are_left_as_they_were(cluster, before):
    succeed(on(cluster, before), "stages.featurize")
    with Client(cluster.address, set_as_default=False) as client:

        def left(dask_worker) -> tuple[list[str], list[str]]:
            import psutil

            plugins = [name for name in dask_worker.plugins if name.startswith("orca")]
            names = [path.name for path in Path(dask_worker.local_directory).iterdir()]
            return plugins, names, len(psutil.Process().children())

        assert list(client.run(left).values()) == [([], ["storage"], 0)] * 2


def test_no_more_is_handed_out_than_the_workers_need(cluster, before, monkeypatch):
    def numbers() -> Iterator[tuple[int]]:
        for number in range(100):
            drawn.append(number)
            yield (-number,)

    drawn: list[int] = []
    monkeypatch.chdir(on(cluster, before))
    with chosen_cluster() as there:
        results = there.results(abs, numbers())
        assert next(results) == 0
        # Time for all of them, were they handed out as soon as others are done.
        time.sleep(1)
        assert len(drawn) == CALLS_A_THREAD * 2
        assert list(results) == list(range(1, 100))


def test_a_process_that_is_killed_once_is_asked_again(cluster, before, monkeypatch):
    died = before / "died"

    def die_once(number: int) -> int:
        if number == 3 and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    monkeypatch.chdir(on(cluster, before))
    with chosen_cluster() as there:
        assert list(there.results(die_once, ((number,) for number in range(6)))) == list(range(6))
    assert died.exists()


def test_a_call_that_kills_every_process_ends_with_a_fault(cluster, before, monkeypatch):
    monkeypatch.chdir(on(cluster, before))
    with pytest.raises(InputFaults) as refusal, chosen_cluster() as there:
        list(there.results(lambda: os.kill(os.getpid(), signal.SIGKILL), [()]))
    (fault,) = refusal.value.lines
    assert "compute.scheduler: its workers fail again and again" in fault
    assert "status -9" in fault


def bucket_of(s3: str):
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    return boto3.resource("s3", endpoint_url=s3, **keys).create_bucket(Bucket="hydrophones")


@pytest.fixture
def mirror(s3, before) -> Iterator[object]:
    """A bucket with the recordings, below `bay/`."""
    bucket = bucket_of(s3)
    for path in (before / RECORDINGS).iterdir():
        bucket.upload_file(str(path), f"bay/{path.name}")
    yield bucket
    bucket.objects.all().delete()


def test_recordings_in_s3_give_the_same_bytes(cluster, local, before, mirror):
    on(cluster, before, "s3://hydrophones/bay")
    succeed(before, "stages.featurize")
    succeed(before, "tools.detect", *DETECT)
    for name in ("features", "detections"):
        assert same(before / name, local / name), name


def test_a_recording_that_is_another_one_in_s3_or_is_not_there_is_refused(cluster, before, mirror):
    mirror.upload_file(str(before / RECORDINGS / "sea02.wav"), "bay/sea01.wav")
    mirror.Object("bay/sea04.wav").delete()
    faults = refused(on(cluster, before, "s3://hydrophones/bay"), "stages.featurize")
    assert [fault.partition(": ")[0] for fault in faults] == [f"{RECORDINGS}/sea01.wav", f"{RECORDINGS}/sea04.wav"]
    assert "s3://hydrophones/bay/sea01.wav" in faults[0]
    assert faults[0].endswith("holds something else; copy it there again")
    assert "s3://hydrophones/bay/sea04.wav" in faults[1]
    assert "cannot be read" in faults[1]
    assert not (before / "features").exists()


def test_faults_of_recordings_are_those_that_are_named_here(cluster, before):
    (before / RECORDINGS / "sea05.wav").unlink()
    (before / RECORDINGS / "sea06.wav").write_bytes(b"no sound")
    expected = refused(before, "stages.featurize")
    assert len(expected) == 2
    assert refused(on(cluster, before), "stages.featurize") == expected


def test_a_worker_that_is_killed_costs_nothing_but_time(cluster, tmp_path):
    folder = tmp_path / "here"
    write_data_set(folder, recording_count=16)
    # Many windows of each recording, so that there is something to interrupt.
    rows = [
        (f"sea{number:02d}_{start_ms:07d}", f"sea{number:02d}.wav", start_ms / 1000, "", "bay")
        for number in range(16)
        for start_ms in range(0, 1500, 4)
    ]
    write_table(folder / "data" / "tiny" / "clips.csv", COLUMNS, rows)
    there = Path(shutil.copytree(folder, tmp_path / "there"))
    succeed(folder, "stages.featurize")

    on(cluster, there)
    worker = cluster.start_worker()
    wait_until(lambda: cluster.worker_count == 3)
    command = ["python", "-m", "stages.featurize"]
    running = subprocess.Popen(command, cwd=there, env={**environment(), "PYTHONPATH": str(REPOSITORY)})
    wait_until(lambda: len(list(there.glob("features/sea*-*.npy"))) > 1)
    assert busy(worker)
    kill(worker)
    assert running.poll() is None
    assert len(list(there.glob("features/sea*-*.npy"))) < 16
    assert running.wait() == 0
    assert cluster.worker_count == 2
    assert same(there / "features", folder / "features")


def busy(worker: psutil.Process) -> bool:
    """Tell whether a process that answers calls works for a worker at this moment."""
    answering = [one for one in worker.children(recursive=True) if "stages.lib.cluster.calls" in one.cmdline()]
    return any(one.status() == psutil.STATUS_RUNNING for one in answering)
