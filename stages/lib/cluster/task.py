"""A task on a worker: it finds or downloads the recording among its arguments, then runs a function."""

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from stages.lib.cache.digests import hash_file
from stages.lib.cluster.setup import refuse_other_setup
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.inputs import state


class SharedRecording(NamedTuple):
    """A recording that a task reads.

    Attributes
    ----------
    path : Path
        The path that the task uses: relative to the working folder, or absolute.
    source : str
        Where the worker finds the recording: the absolute path of a file, or a URL that fsspec understands.
    digest : str
        Digest of its content on the machine that the task comes from.
    """

    path: Path
    source: str
    digest: str


# The recording in the working folder of this process, with its state.
_provided: dict[SharedRecording, tuple | None] = {}


def run_task(
    expected_setup: dict[str, str],
    needed: tuple[Path, ...],
    function: Callable,
    recording: SharedRecording | None,
    *arguments: object,
) -> object:
    """Run a function in a folder of this worker; refuse if the setup or the recording differs from the expected one."""
    from distributed import get_worker

    refuse_other_setup(expected_setup, needed)
    folder = Path(get_worker().local_directory) / "recording"
    folder.mkdir(exist_ok=True)
    with contextlib.chdir(folder):
        if recording:
            provide(recording)
        return function(*arguments)


def provide(recording: SharedRecording) -> None:
    """Put a recording into the working folder, replacing the previous one, so that an archive never fills the disk."""
    if _provided.get(recording, ()) == state(recording.path):
        return
    _provided.clear()
    for path in Path().iterdir():
        remove(path)
    place = f"{recording.path}: {recording.source}, where the worker on {socket.gethostname()} looks for it,"
    try:
        if not recording.path.is_absolute():
            fetch(recording)
        seen = hash_file(recording.path)
    except Exception as error:  # Each kind of storage has its own errors.
        reason = f"{type(error).__name__}: {error}"
        raise InputFaults([f"{place} cannot be read ({reason}); put it there, or see compute in params.yaml"]) from None
    if seen.digest != recording.digest:
        raise InputFaults([f"{place} has other content; copy it there again"])
    _provided[recording] = seen.state


def fetch(recording: SharedRecording) -> None:
    """Download a recording from a URL, or link to it if it is a file."""
    recording.path.parent.mkdir(parents=True, exist_ok=True)
    if "://" in recording.source:
        from fsspec import url_to_fs

        files, name = url_to_fs(recording.source)
        files.get_file(name, str(recording.path))
    else:
        recording.path.symlink_to(recording.source)
