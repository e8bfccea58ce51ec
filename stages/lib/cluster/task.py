"""A task on a worker: a function, its arguments, and the recording among them, which the worker finds or downloads."""

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from stages.lib.cache.digests import hash_file
from stages.lib.cluster.worker import setup_faults
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import state


class SharedRecording(NamedTuple):
    """A recording that a task reads.

    Attributes
    ----------
    path : Path
        Its path for the task: relative to the working folder, or absolute.
    source : str
        Where the worker finds it: the absolute path of a file, or a URL that fsspec understands.
    digest : str
        Of its content on the machine that the task comes from.
    """

    path: Path
    source: str
    digest: str


# A process has one working folder, and one recording in it.
_one_task = Lock()
_state_of: dict[SharedRecording, tuple | None] = {}


def run_task(
    expected: dict[str, str], recording: SharedRecording | None, function: Callable, *arguments: object
) -> object:
    """Call a function in a folder of this worker; refuse where its setup or the recording is not the expected one."""
    from distributed import get_worker

    refuse(setup_faults(expected))
    folder = Path(get_worker().local_directory) / "recording"
    folder.mkdir(exist_ok=True)
    with _one_task, contextlib.chdir(folder):
        if recording:
            provide(recording)
        return function(*arguments)


def hold(value: object) -> object:
    """Return a value. As the result of a task it is sent once, and held by the workers until no task needs it."""
    return value


def provide(recording: SharedRecording) -> None:
    """Place a recording in the working folder, in place of the one before, so that no archive fills the disk."""
    if recording in _state_of and _state_of[recording] == state(recording.path):
        return
    _state_of.clear()
    for path in Path().iterdir():
        remove(path)
    place = f"{recording.path}: {recording.source}, where the worker on {socket.gethostname()} looks for it,"
    try:
        if not recording.path.is_absolute():
            fetch(recording)
        seen = hash_file(recording.path)
    except Exception as error:  # Each kind of store has errors of its own.
        reason = f"{type(error).__name__}: {error}"
        raise InputFaults([f"{place} cannot be read ({reason}); put it there, or see compute in params.yaml"]) from None
    if seen.digest != recording.digest:
        raise InputFaults([f"{place} has other content; copy it there again"])
    _state_of[recording] = seen.state


def fetch(recording: SharedRecording) -> None:
    """Download a recording from its URL, or link to it where it is a file."""
    recording.path.parent.mkdir(parents=True, exist_ok=True)
    if "://" in recording.source:
        from fsspec import url_to_fs

        files, name = url_to_fs(recording.source)
        files.get_file(name, str(recording.path))
    else:
        recording.path.symlink_to(recording.source)
