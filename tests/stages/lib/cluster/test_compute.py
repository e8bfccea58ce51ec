import socket
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY
from stages.lib.cluster.compute import ComputeParams, chosen_cluster, python_faults
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import read_params

DASK = "compute:\n  backend: dask\n"


@pytest.fixture
def params(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "params.yaml"


def faults() -> list[str]:
    with pytest.raises(InputFaults) as refusal, chosen_cluster():
        pass
    return refusal.value.lines


@pytest.mark.parametrize("text", ["data:\n  dataset: tiny\n", "compute:\n  backend: local\n"])
def test_work_is_done_on_this_machine_unless_another_place_is_named(params, text):
    params.write_text(text)
    with chosen_cluster() as cluster:
        assert cluster is None


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("backend", "slurm", "2: compute.backend: input should be 'local' or 'dask', not 'slurm'"),
        (
            "scheduler",
            "here:8786",
            "2: compute.scheduler: should be the address of a scheduler, such as tcp://HOST:8786, not 'here:8786'",
        ),
        (
            "recordings",
            "bay",
            "2: compute.recordings: should be a URL such as s3://BUCKET/FOLDER, or a folder from / on, not 'bay'",
        ),
    ],
)
def test_what_is_no_place_to_work_is_refused(params, key, value, fault):
    params.write_text(f"compute:\n  {key}: {value}\n")
    assert faults() == [f"params.yaml:{fault}"]


def test_dask_without_a_scheduler_is_refused(params):
    params.write_text(DASK)
    (fault,) = faults()
    assert fault.startswith("params.yaml:1: compute: should have scheduler: tcp://HOST:8786 where backend is dask")


@pytest.mark.parametrize("recordings", ["s3://hydrophones/bay", "/srv/our recordings", None])
def test_recordings_may_be_in_a_store_or_in_a_folder(params, recordings):
    params.write_text(f"compute:\n  recordings: {recordings or 'null'}\n")
    assert read_params("compute", ComputeParams).recordings == recordings


def test_a_scheduler_that_is_not_there_is_refused(params):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "tcp://{}:{}".format(*taken.getsockname())
    params.write_text(f"{DASK}  scheduler: {address}\n")
    assert faults() == [
        f"params.yaml:3: compute.scheduler: nothing answers at {address} within 10 s; start dask scheduler"
    ]


def test_workers_with_another_python_are_refused(params):
    params.write_text(f"{DASK}  scheduler: tcp://127.0.0.1:8786\n")
    workers = {"tcp://a:1": "3.11.2.final.0", "tcp://b:2": "3.12.1.final.0", "tcp://c:3": "3.1.1.final.0"}
    found = {
        "client": {"host": {"python": "3.11.7.final.0"}},
        "workers": {address: {"host": {"python": python}} for address, python in workers.items()},
    }
    assert python_faults(found) == [
        f"params.yaml:3: compute.scheduler: worker {address} has Python {workers[address]}, this is 3.11.7.final.0; "
        "start it with a Python like this one"
        for address in ("tcp://b:2", "tcp://c:3")
    ]


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess:
    path = {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=path, capture_output=True, text=True, check=False
    )


def test_dask_is_not_loaded_for_work_on_this_machine(params):
    params.write_text("compute:\n  backend: local\n")
    code = "import sys, stages.featurize, stages.score_pool\nfrom stages.lib.cluster.compute import chosen_cluster\n"
    code += "with chosen_cluster(): print([name for name in sys.modules if name in ('dask', 'distributed', 'fsspec')])"
    done = run_python(code, params.parent)
    assert (done.stdout, done.stderr) == ("[]\n", "")
