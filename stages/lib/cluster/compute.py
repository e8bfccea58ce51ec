"""Where work is done: on this machine, or on a Dask cluster that exists already. No result depends on it."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import field_validator, model_validator

from stages.lib.cluster.cluster import Cluster, worker_faults
from stages.lib.cluster.worker import ADDRESS
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import DataParams, Section, param_line, read_params

REACH_S = 10  # A scheduler that does not answer by then, or has no worker, is no cluster that exists.


class ComputeParams(Section):
    """Section `compute` of params.yaml.

    Where work is done; the address of Dask's scheduler; and where workers find what is in data/<name>/recordings: a URL
    or a folder, None for the folder that it has here.
    """

    backend: Literal["local", "dask"] = "local"
    scheduler: str | None = None
    recordings: str | None = None

    @field_validator("scheduler")
    @classmethod
    def is_address(cls, scheduler: str | None) -> str | None:
        """Refuse what Dask would not take for an address."""
        if scheduler is not None and not ADDRESS.fullmatch(scheduler):
            raise ValueError("should be the address of a scheduler, such as tcp://HOST:8786")
        return scheduler

    @field_validator("recordings")
    @classmethod
    def is_place(cls, recordings: str | None) -> str | None:
        """Refuse what no worker would find."""
        if recordings is not None and not re.fullmatch(r"([a-z0-9]+:/)?/[^/].*", recordings):
            raise ValueError("should be a URL such as s3://BUCKET/FOLDER, or a folder from / on")
        return recordings

    @model_validator(mode="after")
    def has_scheduler(self) -> "ComputeParams":
        """Refuse Dask without the address of its scheduler."""
        if self.backend == "dask" and self.scheduler is None:
            raise ValueError("should have scheduler: tcp://HOST:8786 where backend is dask")
        return self


@contextmanager
def chosen_cluster() -> Iterator[Cluster | None]:
    """Give the cluster that params.yaml names, or None for this machine.

    Raises
    ------
    InputFaults
        Where the cluster cannot be reached, is lost, or has a worker that would not give the same bytes.
    """
    params = read_params("compute", ComputeParams)
    if params.backend == "local":
        yield None
        return
    import distributed

    # What goes wrong is said by ourselves, in a line.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    address = params.scheduler
    try:
        client = distributed.Client(address, timeout=REACH_S, set_as_default=False)
    except OSError:
        raise fault(f"nothing answers at {address} within {REACH_S} s; start dask scheduler") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=REACH_S)
        except TimeoutError:
            raise fault(f"no worker is there within {REACH_S} s; run make worker SCHEDULER={address}") from None
        refuse(worker_faults(client))
        try:
            yield Cluster(client, sources(params))
        except distributed.KilledWorker as error:
            raise fault(f"its workers fail again and again ({error}); see whether they have enough memory") from None
        except (distributed.CancelledError, OSError) as error:
            # Those with a number are the operating system's own, such as that of a full disk.
            if getattr(error, "errno", None) is not None:
                raise
            raise fault(f"{address} was lost; start it, then run it again") from None
        except (ImportError, AttributeError):
            # A worker that has come since, and cannot even read our tasks.
            refuse(worker_faults(client))
            raise


def sources(params: ComputeParams) -> dict[Path, str]:
    """Return the folder of recordings that workers find elsewhere, and where."""
    if params.recordings is None:
        return {}
    return {read_params("data", DataParams).folder / "recordings": params.recordings}


def fault(what: str) -> InputFaults:
    """Return what is wrong with the scheduler."""
    return InputFaults([f"params.yaml:{param_line('compute', 'scheduler')}: compute.scheduler: {what}"])
