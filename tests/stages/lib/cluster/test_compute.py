import socket
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY
from stages.lib.cluster.compute import ComputeParams, chosen_cluster
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
            "2: compute.recordings: should be a URL such as s3://BUCKET/FOLDER, or an absolute path, not 'bay'",
        ),
    ],
)
def test_what_is_no_place_to_work_is_refused(params, key, value, fault):
    params.write_text(f"compute:\n  {key}: {value}\n")
    assert faults() == [f"params.yaml:{fault}"]


def test_dask_without_a_scheduler_is_refused(params):
    params.write_text(DASK)
    (fault,) = faults()
    assert fault.startswith("params.yaml:1: compute: should have scheduler: tcp://HOST:8786 if backend is dask")


@pytest.mark.parametrize("recordings", ["s3://hydrophones/bay", "/srv/our recordings", None])
def test_recordings_may_be_in_a_store_or_in_a_folder(params, recordings):
    params.write_text(f"compute:\n  recordings: {recordings or 'null'}\n")
    assert read_params("compute", ComputeParams).recordings == recordings


@pytest.mark.prove
def test_a_scheduler_that_is_not_there_is_refused(params):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "tcp://{}:{}".format(*taken.getsockname())
    params.write_text(f"data:\n  dataset: tiny\n{DASK}  scheduler: {address}\n")
    assert faults() == [
        f"params.yaml:5: compute.scheduler: {address} cannot be reached; run make scheduler, then run this again"
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
