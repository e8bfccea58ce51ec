"""The choice between this machine and a Dask cluster. No result depends on it."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator, model_validator

from stages.lib.cluster.cluster import Cluster
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import DataParams, Section, param_line, read_params

if TYPE_CHECKING:
    from distributed import Client

REACH_S = 10


class ComputeParams(Section):
    """Section `compute` of params.yaml.

    Attributes
    ----------
    backend : "local" or "dask"
    scheduler : str or None
        The address of Dask's scheduler.
    recordings : str or None
        Where workers find the files of data/<name>/recordings: a URL or a folder; None for the same folder as here.
    """

    backend: Literal["local", "dask"] = "local"
    scheduler: str | None = None
    recordings: str | None = None

    @field_validator("scheduler")
    @classmethod
    def is_address(cls, scheduler: str | None) -> str | None:
        """Refuse anything but the address of a scheduler."""
        if scheduler is not None and not re.fullmatch(r"(tcp|tls)://[^\s:/]+:\d+", scheduler):
            raise ValueError("should be the address of a scheduler, such as tcp://HOST:8786")
        return scheduler

    @field_validator("recordings")
    @classmethod
    def is_place(cls, recordings: str | None) -> str | None:
        """Refuse anything but a URL or an absolute path."""
        if recordings is not None and not re.fullmatch(r"([a-z0-9]+:/)?/[^/].*", recordings):
            raise ValueError("should be a URL such as s3://BUCKET/FOLDER, or an absolute path")
        return recordings

    @model_validator(mode="after")
    def has_scheduler(self) -> "ComputeParams":
        """Refuse Dask without the address of a scheduler."""
        if self.backend == "dask" and self.scheduler is None:
            raise ValueError("should have scheduler: tcp://HOST:8786 if backend is dask")
        return self


@contextmanager
def chosen_cluster(needed: tuple[Path, ...] = ()) -> Iterator[Cluster | None]:
    """Yield the cluster that params.yaml names, or None for this machine.

    Parameters
    ----------
    needed : tuple of Path
        As for `Cluster`.

    Raises
    ------
    InputFaults
        If the cluster cannot be reached, is lost, or would not give the same bytes.
    """
    params = read_params("compute", ComputeParams)
    if params.backend == "local":
        yield None
        return
    import distributed

    address, recordings = params.scheduler, read_params("data", DataParams).folder / "recordings"
    try:
        with connection(address) as client:
            client.wait_for_workers(1, timeout=REACH_S)
            cluster = Cluster(client, recordings, params.recordings or str(recordings.absolute()), needed)
            refuse(cluster.setup_faults())
            yield cluster
    except distributed.KilledWorker as error:
        raise fault(f"its workers fail repeatedly ({error}); check that they have enough memory") from None
    except TimeoutError:
        raise fault(f"no worker joined within {REACH_S} s; run make worker SCHEDULER={address}") from None
    except (distributed.CancelledError, OSError) as error:
        # Errors with a number are the operating system's, such as a full disk.
        if getattr(error, "errno", None) is not None:
            raise
        raise fault(f"{address} cannot be reached; run make scheduler, then run this again") from None


@contextmanager
def connection(address: str | None) -> Iterator["Client"]:
    """Yield a client of a scheduler, and close it."""
    from distributed import Client

    # `chosen_cluster` reports errors, in one line each.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    client = Client(address, timeout=REACH_S, set_as_default=False)
    try:
        yield client
    finally:
        # If the scheduler is lost, closing may fail too. All results are here by now, or the loss is already reported.
        with suppress(OSError, RuntimeError):
            client.close()


def fault(what: str) -> InputFaults:
    """Return a fault of the scheduler."""
    return InputFaults([f"params.yaml:{param_line('compute', 'scheduler')}: compute.scheduler: {what}"])
