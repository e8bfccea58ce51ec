"""A process that answers calls for a worker of a Dask cluster, which starts `python -m stages.lib.cluster.calls`.

It runs in a folder that holds the code of the checkout that asks, so that a worker computes with that and no other, and
with the settings of `stages.lib.runtime.determinism`, which have to be there before any library is loaded. Calls come
in on standard input and answers go out on standard output, each after its length.
"""

import os
import platform
import select
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from stages.lib.cache.digests import hash_file
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import state

# What the bytes of features and scores depend on, besides our own code.
LIBRARIES = ("numpy", "scipy", "librosa", "soxr", "soundfile", "PyWavelets", "tensorflow", "keras")
LENGTH_BYTES = 8
# Whoever asked may have been killed; a process that nobody asks any more should not hold memory for ever.
IDLE_S = 600


class Placed(NamedTuple):
    """A recording that a call reads.

    Attributes
    ----------
    path : Path
        What the call knows it by: below the working folder, or absolute.
    source : str
        Where it is for the worker: the absolute path of a file, or a URL that fsspec understands.
    digest : str
        Of what the client has seen in it.
    """

    path: Path
    source: str
    digest: str


class Call(NamedTuple):
    """A function, its arguments, the recordings among these, and the versions that the answer has to be computed by."""

    function: Callable
    arguments: tuple
    recordings: Sequence[Placed]
    versions: dict[str, str]


def pack(value: object) -> bytes:
    """Turn a call or an answer into what travels."""
    import cloudpickle  # noqa: TID251

    return cloudpickle.dumps(value)


def unpack(packed: bytes) -> object:
    """Turn back what has travelled between processes of our own; never use it on a file."""
    import cloudpickle  # noqa: TID251

    return cloudpickle.loads(packed)


@cache
def versions() -> dict[str, str]:
    """Return the versions of what computes, by name."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2]), "processor": platform.machine()}
    found["C library"] = " ".join(platform.libc_ver())
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "none"
    return found


def version_faults(expected: dict[str, str]) -> list[str]:
    """Name what has another version here than where the call comes from, because other bytes could come of it."""
    return [
        f"worker on {socket.gethostname()}: {name} {here} there, {expected[name]} here; install on it what "
        "requirements.txt says"
        for name, here in versions().items()
        if here != expected[name]
    ]


class Shelf:
    """The recording that a process has at hand: one at a time, so that no archive fills the disk of a worker."""

    def __init__(self):
        self.held: Placed | None = None
        self.state: tuple | None = None

    def put(self, recording: Placed) -> None:
        """Let a recording be where a call looks for it; refuse one that is not what the client has seen."""
        if self.held == recording and self.state and self.state == state(recording.path):
            return
        self.clear()
        self.held = recording
        place = f"{recording.source}, where the worker on {socket.gethostname()} looks for it,"
        try:
            if not recording.path.is_absolute():
                fetch(recording)
            seen = hash_file(recording.path)
        except Exception as error:  # Each kind of store has errors of its own.
            reason = f"{type(error).__name__}: {error}"
            raise InputFaults(
                [f"{recording.path}: {place} cannot be read ({reason}); put it there, or see compute in params.yaml"]
            ) from None
        if seen.digest != recording.digest:
            raise InputFaults([f"{recording.path}: {place} holds something else; copy it there again"])
        self.state = seen.state

    def clear(self) -> None:
        """Remove the recording; what lies elsewhere stays."""
        if self.held and not self.held.path.is_absolute():
            remove(self.held.path)
        self.held = self.state = None


def fetch(recording: Placed) -> None:
    """Copy a recording from its URL, or link to it where it is a file."""
    recording.path.parent.mkdir(parents=True, exist_ok=True)
    if "://" in recording.source:
        from fsspec import url_to_fs

        files, name = url_to_fs(recording.source)
        files.get_file(name, str(recording.path))
    else:
        recording.path.symlink_to(recording.source)


def answer(packed: bytes, shelf: Shelf) -> tuple[bool, object]:
    """Return True and what a call returns, or False and what it raises."""
    try:
        call = unpack(packed)
        refuse(version_faults(call.versions))
        for recording in call.recordings:
            shelf.put(recording)
        return True, call.function(*call.arguments)
    except InputFaults as faults:
        return False, faults
    except Exception:
        return False, RuntimeError(f"on {socket.gethostname()}:\n{traceback.format_exc()}")


def main() -> None:
    """Answer calls until nobody asks any more."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not come between answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    shelf = Shelf()
    while select.select([calls], [], [], IDLE_S)[0] and (length := calls.read(LENGTH_BYTES)):
        packed = pack(answer(calls.read(int.from_bytes(length)), shelf))
        answers.write(len(packed).to_bytes(LENGTH_BYTES) + packed)
        answers.flush()


if __name__ == "__main__":
    main()
