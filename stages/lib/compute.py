"""Where work is done: on this machine, or on a Dask cluster that exists already. No result depends on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import Field, model_validator

from stages.lib.answering import answering_with
from stages.lib.cluster import Cluster, code_with
from stages.lib.faults import refuse
from stages.lib.params import DataParams, Section, param_line, read_params

REACH_S = 10  # A scheduler that does not answer by then, or has no worker, is no cluster that exists.


class ComputeParams(Section):
    """Section `compute` of params.yaml.

    Where work is done; the address of Dask's scheduler; and where workers find what is in data/<name>/recordings: a URL
    or a folder, None for the folder that it has here.
    """

    backend: Literal["local", "dask"] = "local"
    scheduler: Annotated[str, Field(pattern=r"^(tcp|tls)://[^\s:/]+:\d+$")] | None = None
    recordings: Annotated[str, Field(pattern=r"^([a-z0-9]+:/)?/[^\s/]\S*$")] | None = None

    @model_validator(mode="after")
    def has_scheduler(self) -> "ComputeParams":
        """Refuse Dask without the address of its scheduler."""
        if self.backend == "dask" and self.scheduler is None:
            raise ValueError("should have scheduler: tcp://HOST:PORT where backend is dask")
        return self


@contextmanager
def chosen_cluster(*models: Path) -> Iterator[Cluster | None]:
    """Give the cluster that params.yaml names, or None for this machine.

    Parameters
    ----------
    *models : Path
        Folders that calls need besides our code, relative to the working folder.

    Raises
    ------
    InputFaults
        Where the cluster cannot be had.
    """
    params = read_params("compute", ComputeParams)
    if params.backend == "local":
        yield None
        return
    try:
        import distributed
    except ImportError:
        refuse([fault("backend", "needs Dask; run pip install --require-hashes -r requirements-dask.txt")])
    try:
        client = distributed.Client(params.scheduler, timeout=REACH_S, set_as_default=False)
    except OSError:
        refuse([fault("scheduler", f"nothing answers at {params.scheduler} within {REACH_S} s; start dask scheduler")])
    with client:
        try:
            client.wait_for_workers(1, timeout=REACH_S)
        except TimeoutError:
            refuse([fault("scheduler", f"no worker is there within {REACH_S} s; start dask worker {params.scheduler}")])
        name = f"orca-{uuid4().hex}"
        # Workers that join later get it, too.
        client.register_plugin(answering_with(code_with(models)), name=name)
        try:
            yield Cluster(client, name, sources(params))
        finally:
            client.unregister_worker_plugin(name)


def sources(params: ComputeParams) -> dict[Path, str]:
    """Return the folder of recordings that workers find elsewhere, and where."""
    if params.recordings is None:
        return {}
    return {read_params("data", DataParams).folder / "recordings": params.recordings}


def fault(key: str, what: str) -> str:
    """Say what is wrong with a key of the section."""
    return f"params.yaml:{param_line('compute', key)}: compute.{key}: {what}"
