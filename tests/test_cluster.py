"""A real Dask cluster: a scheduler and two workers, as `make` starts them in a clone of the repository.

What the stages and `detect` make there is compared, byte for byte, with what they make on this machine.
"""

import contextlib
import filecmp
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import boto3
import numpy as np
import psutil
import pytest
import soundfile
from distributed import Client
from moto.server import ThreadedMotoServer

from experiments.clone import REPOSITORY, clone, environment, overlay, run_in, use_this_environment
from stages.lib.cluster.cluster import TASKS_A_THREAD
from stages.lib.cluster.compute import chosen_cluster
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS
from tests.stages.conftest import SAMPLE_RATE, run_pipeline, write_data_set
from tests.support import tiny_pretrained
from tests.support.pages import read_page
from tests.support.tiny_pretrained import put_in_place
from tools.lib.detection.run_record import RECORD

pytestmark = pytest.mark.prove

RECORDINGS = Path("data/tiny/recordings")
SECRETS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
# Settings that would give other bytes, were they not replaced.
OTHER_SETTINGS = {"TF_ENABLE_ONEDNN_OPTS": "0", "OPENBLAS_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "SkylakeX"}
HERE = f"cluster machine {socket.gethostname()}: "


class RunningCluster(NamedTuple):
    """The address of a scheduler, and a function that starts a process of Dask in a folder."""

    address: str
    checkout: Path
    start: Callable[..., psutil.Process]

    def start_worker(self, checkout: Path | None = None, **variables: str) -> psutil.Process:
        """Start a worker with `make worker`. It has one core, so that it is one process."""
        core = str(min(os.sched_getaffinity(0)))
        *make_worker, _ = documented("make worker SCHEDULER=")
        command = ["taskset", "--cpu-list", core, *make_worker, f"SCHEDULER={self.address}"]
        return self.start(command, checkout or self.checkout, **variables)

    @property
    def worker_count(self) -> int:
        with Client(self.address, set_as_default=False) as client:
            return len(client.nthreads())


def documented(command: str) -> list[str]:
    """Return a command of the page on clusters, by how it begins."""
    (line,) = [line for line in read_page("docs/cluster.md").splitlines() if line.startswith(command)]
    return line.split()


def wait_until(there: Callable[[], object], seconds: float = 180) -> None:
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
def new_checkout(tmp_path_factory) -> Callable[[], Path]:
    """A function that clones the repository, with an environment."""

    def new() -> Path:
        folder = clone(tmp_path_factory.mktemp("checkout") / "clone")
        use_this_environment(folder)
        return folder

    return new


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Iterator[Callable[..., psutil.Process]]:
    """A function that starts a process of Dask in a folder; it ends with the module."""
    started: list[psutil.Process] = []

    def start(command: list[str], folder: Path, **variables: str) -> psutil.Process:
        settings = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
        with (tmp_path_factory.mktemp("log") / "log").open("wb") as log:
            process = psutil.Popen(command, cwd=folder, env={**settings, **variables}, stdout=log, stderr=log)
        started.append(process)
        return process

    yield start
    for process in reversed(started):
        kill(process)


def start_scheduler(start: Callable[..., psutil.Process], folder: Path, *command: str) -> tuple[str, psutil.Process]:
    """Start a scheduler at a free port; return its address and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    scheduler = start([*command, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], folder)
    address = f"tcp://127.0.0.1:{port}"
    with Client(address, timeout=120, set_as_default=False):
        return address, scheduler


def command_of(checkout: Path) -> list[str]:
    """Return the command that `make scheduler` runs, to which a test adds a port."""
    return run_in(checkout, *documented("make scheduler"), "--dry-run").stdout.split()


@pytest.fixture(scope="module")
def cluster(new_checkout, start, s3) -> Iterator[RunningCluster]:
    """A scheduler and two workers. Only the workers know how to reach S3."""
    checkout = new_checkout()
    address, _ = start_scheduler(start, checkout, *command_of(checkout))
    cluster = RunningCluster(address, checkout, start)
    for _ in range(2):
        cluster.start_worker(**SECRETS, **OTHER_SETTINGS, AWS_ENDPOINT_URL=s3)
    wait_until(lambda: cluster.worker_count == 2)
    return cluster


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
    """Tell whether two folders hold the same files with the same bytes; where recordings lie is no matter."""
    names = [sorted(str(path.relative_to(one)) for path in one.rglob("*")) for one in (folder, other)]
    assert names[0] == names[1]
    files = [name for name in names[0] if (folder / name).is_file() and name != RECORD]
    assert files
    return filecmp.cmpfiles(folder, other, files, shallow=False) == (files, [], [])


def test_stages_and_detection_give_the_bytes_that_they_give_here(cluster, local, before):
    on(cluster, before)
    succeed(before, "stages.featurize")
    succeed(before, "stages.score_pool")
    assert succeed(before, "tools.detect", *DETECT).startswith("detections: ")
    for name in ("features", "labels", ".cache/scores", "metrics", "detections"):
        assert same(before / name, local / name), name


def test_embeddings_are_the_same_bytes_where_the_checkouts_have_the_model(cluster, tmp_path, monkeypatch):
    put_in_place(tmp_path / "here")
    here = run_pipeline(tmp_path / "here", views=["spectrogram", "embedding"], pretrained="tiny", speeds=[1.0, 2.0])
    succeed(here, "tools.detect", f"{RECORDINGS}/sea03.wav")
    made = shutil.ignore_patterns("features", ".cache", "detections")
    there = on(cluster, Path(shutil.copytree(here, tmp_path / "there", ignore=made)))

    (fault,) = refused(there, "stages.featurize")
    assert fault.startswith(f"{HERE}models/pretrained/tiny/pretrained.json missing there, ")
    assert "models (docs/cluster.md)" in fault

    put_in_place(cluster.checkout)
    succeed(there, "stages.featurize")
    assert succeed(there, "tools.detect", f"{RECORDINGS}/sea03.wav").startswith("detections: ")
    for name in ("features", "detections"):
        assert same(there / name, here / name), name

    # Another model under the same name, brought there and here. The workers have loaded the former one.
    monkeypatch.setattr(tiny_pretrained, "HZ", tiny_pretrained.HZ / 2)
    for checkout in (here, there, cluster.checkout):
        shutil.rmtree(checkout / "models" / "pretrained" / "tiny")
        put_in_place(checkout)
    succeed(here, "stages.featurize")
    succeed(there, "stages.featurize")
    assert same(there / "features", here / "features")

    # A model of the same name that is another one.
    described = cluster.checkout / "models" / "pretrained" / "tiny" / "pretrained.json"
    described.write_text(described.read_text().replace("CC0", "CC BY"))
    (fault,) = refused(there, "stages.featurize")
    assert fault.startswith(f"{HERE}models/pretrained/tiny/pretrained.json ")


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
        assert len(drawn) == TASKS_A_THREAD * 2
        assert list(results) == list(range(1, 100))


def test_a_task_whose_process_is_killed_is_done_again(cluster, before, monkeypatch):
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


def test_a_task_that_kills_every_process_ends_with_a_fault(cluster, before, monkeypatch):
    monkeypatch.chdir(on(cluster, before))
    with pytest.raises(InputFaults) as refusal, chosen_cluster() as there:
        list(there.results(lambda: os.kill(os.getpid(), signal.SIGKILL), [()]))
    (fault,) = refusal.value.lines
    assert "compute.scheduler: its workers fail repeatedly" in fault
    wait_until(lambda: cluster.worker_count == 2)


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


@pytest.mark.parametrize("shared", ["s3://hydrophones/bay", None])
def test_recordings_in_sub_folders_are_found(cluster, tmp_path, mirror, shared):
    here = tmp_path / "here"
    write_data_set(here, recording_count=3)
    (here / RECORDINGS / "2026" / "north").mkdir(parents=True)
    (here / RECORDINGS / "sea01.wav").rename(here / RECORDINGS / "2026" / "north" / "sea01.wav")
    table = here / "data" / "tiny" / "clips.csv"
    table.write_text(table.read_text().replace(",sea01.wav,", ",2026/north/sea01.wav,"))
    mirror.upload_file(str(here / RECORDINGS / "2026" / "north" / "sea01.wav"), "bay/2026/north/sea01.wav")
    there = Path(shutil.copytree(here, tmp_path / "there"))
    succeed(here, "stages.featurize")
    succeed(on(cluster, there, shared), "stages.featurize")
    assert same(there / "features", here / "features")


def test_a_recording_that_is_another_one_in_s3_or_is_not_there_is_refused(cluster, before, mirror):
    mirror.upload_file(str(before / RECORDINGS / "sea02.wav"), "bay/sea01.wav")
    mirror.Object("bay/sea04.wav").delete()
    faults = refused(on(cluster, before, "s3://hydrophones/bay"), "stages.featurize")
    assert [fault.partition(": ")[0] for fault in faults] == [f"{RECORDINGS}/sea01.wav", f"{RECORDINGS}/sea04.wav"]
    assert "s3://hydrophones/bay/sea01.wav" in faults[0]
    assert faults[0].endswith("has other content; copy it there again")
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
    kill(worker)
    assert running.poll() is None
    assert len(list(there.glob("features/sea*-*.npy"))) < 16
    assert running.wait() == 0
    assert cluster.worker_count == 2
    assert same(there / "features", folder / "features")


def faults_of(cluster: RunningCluster, folder: Path) -> list[str]:
    """Return why a cluster is refused."""
    on(cluster, folder)
    with contextlib.chdir(folder), pytest.raises(InputFaults) as refusal, chosen_cluster():
        pass
    return refusal.value.lines


def plain_worker(cluster: RunningCluster) -> list[str]:
    """Return the command that starts a worker without `make`."""
    return ["dask", "worker", cluster.address, "--nthreads", "1", "--no-dashboard"]


def with_other_code(checkout: Path) -> Path:
    """Change the code of a checkout."""
    with (checkout / "stages" / "featurize.py").open("a") as source:
        source.write("# The features are computed otherwise from here on.\n")
    return checkout


@pytest.fixture
def added(cluster) -> Iterator[list[psutil.Process]]:
    """A list for the workers that a test starts besides the two; they end with the test."""
    added: list[psutil.Process] = []
    yield added
    for process in added:
        kill(process)
    wait_until(lambda: cluster.worker_count == 2)


def test_workers_that_could_give_other_bytes_are_refused(cluster, before, tmp_path, new_checkout, added):
    (tmp_path / "soxr-0.1.dist-info").mkdir()
    (tmp_path / "soxr-0.1.dist-info" / "METADATA").write_text("Name: soxr\nVersion: 0.1\n")
    edited = new_checkout()
    plain = plain_worker(cluster)
    added += [
        cluster.start_worker(with_other_code(new_checkout())),
        cluster.start_worker(edited),
        cluster.start_worker(PYTHONPATH=str(tmp_path)),
        cluster.start(plain, cluster.checkout, PYTHONPATH=str(cluster.checkout), **OTHER_SETTINGS),
        cluster.start(plain, tmp_path),
    ]
    wait_until(lambda: cluster.worker_count == 7)
    (edited / "stages" / "split.py").touch()
    lines = faults_of(cluster, before)
    for differs in (
        f"{HERE}code [0-9a-f]{{16}} there, [0-9a-f]{{16}} here",
        f"{HERE}code changed since the start there, [0-9a-f]{{16}} here",
        f"{HERE}soxr 0.1 there, {version('soxr')} here",
        f"{HERE}settings not pinned there, pinned here",
        r"cluster machine tcp://.*: cannot run tasks of this repository \(.*No module named 'stages'.*\)",
    ):
        remedy = r"; start it with make from a checkout of this commit, .*"
        assert len([line for line in lines if re.fullmatch(differs + remedy, line)]) == 1, differs
    assert len(lines) == 5


def test_a_scheduler_that_lacks_our_code_or_workers_is_refused(cluster, before, tmp_path, start):
    address, scheduler = start_scheduler(start, tmp_path, "dask", "scheduler")
    plain = cluster._replace(address=address)
    (line,) = faults_of(plain, before)
    assert f"compute.scheduler: no worker joined within 10 s; run make worker SCHEDULER={address}" in line
    plain.start_worker()
    wait_until(lambda: plain.worker_count == 1)
    (line,) = faults_of(plain, before)
    assert line.startswith(f"cluster machine {address}: cannot run tasks of this repository (")
    kill(scheduler)


def test_the_loss_of_the_scheduler_is_a_fault(cluster, before, start, monkeypatch):
    address, scheduler = start_scheduler(start, cluster.checkout, *command_of(cluster.checkout))
    lost = cluster._replace(address=address)
    worker = lost.start_worker()
    wait_until(lambda: lost.worker_count == 1)
    on(lost, before)
    closing = Client.close

    def close(client):
        was_open = client.status != "closed"
        closing(client)
        if was_open:  # As `distributed` does if an attempt to connect ends in the same moment.
            raise RuntimeError("Cannot change state of expiring Timeout")

    monkeypatch.setattr(Client, "close", close)
    with contextlib.chdir(before), pytest.raises(InputFaults) as refusal, chosen_cluster() as there:
        results = there.results(time.sleep, [(1,)] * 20)
        next(results)
        kill(scheduler)
        list(results)
    kill(worker)
    (line,) = refusal.value.lines
    assert f"compute.scheduler: {address} cannot be reached; run make scheduler, then run this again" in line


def test_a_worker_of_other_code_that_joins_later_is_refused(cluster, before, new_checkout, added):
    on(cluster, before)
    with contextlib.chdir(before), pytest.raises(InputFaults) as refusal, chosen_cluster() as there:
        assert list(there.results(abs, [(-1,)])) == [1]
        added.append(cluster.start_worker(with_other_code(new_checkout())))
        wait_until(lambda: cluster.worker_count == 3)
        list(there.results(time.sleep, [(0.1,)] * 20))
    (line,) = refusal.value.lines
    assert line.startswith(f"{HERE}code ")


def test_a_worker_that_joins_later_and_lacks_our_code_does_no_harm(cluster, before, added):
    on(cluster, before)
    with contextlib.chdir(before), chosen_cluster() as there:
        added.append(cluster.start(plain_worker(cluster), before))
        wait_until(lambda: cluster.worker_count == 3)
        assert list(there.results(time.sleep, [(0.1,)] * 20)) == [None] * 20
        # It cannot read a task, and leaves.
        wait_until(lambda: cluster.worker_count == 2)


def test_a_worker_that_joins_later_takes_part(cluster, before, monkeypatch, added):
    monkeypatch.chdir(on(cluster, before))
    with chosen_cluster() as there:
        added.append(cluster.start_worker())
        wait_until(lambda: cluster.worker_count == 3)
        held = there.hold((-1,))
        ids = set(there.results(lambda _: time.sleep(0.1) or os.getpid(), [(held,)] * 30))
    assert len(ids) == 3


def test_a_held_argument_outlives_the_workers_that_have_it(cluster, before, monkeypatch):
    monkeypatch.chdir(on(cluster, before))
    with chosen_cluster() as there:
        held = there.hold((1, 2))
        assert list(there.results(sum, [(held,)] * 8)) == [3] * 8
        for process_id in there.client.run(os.getpid).values():
            os.kill(process_id, signal.SIGKILL)
        assert list(there.results(sum, [(held,)] * 8)) == [3] * 8


def test_a_worker_needs_a_scheduler(cluster):
    result = run_in(cluster.checkout, "make", "worker")
    assert result.returncode != 0
    assert "Add the scheduler: make worker SCHEDULER=tcp://HOST:8786" in result.stderr
