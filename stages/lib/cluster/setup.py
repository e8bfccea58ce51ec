"""What features and scores depend on, apart from their inputs. Processes with the same setup give the same bytes."""

import platform
import socket
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from stages.lib.cache.digests import FileHash, file_digest, hash_files, short_digest
from stages.lib.cache.sources import REPOSITORY, at_hand
from stages.lib.runtime.determinism import PINNED_IN_TIME
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import state

LIBRARIES = ("numpy", "scipy", "librosa", "soxr", "soundfile", "PyWavelets", "tensorflow", "keras")
REMEDY = "start it with make from a checkout of this commit, with the same Python, Linux and models (docs/cluster.md)"


@cache
def source_files() -> dict[str, FileHash]:
    """Return the state and digest of this checkout's source files at the time of the first call."""
    return hash_files([path for name in ("stages", "tools") for path in sorted((REPOSITORY / name).rglob("*.py"))], {})


def code() -> str:
    """Return the digest of the source files, or say that they have changed since the first call."""
    if any(state(Path(path)) != seen.state for path, seen in source_files().items()):
        return "changed since the start"
    digests = [(str(Path(path).relative_to(REPOSITORY)), seen.digest) for path, seen in source_files().items()]
    return short_digest(repr(digests).encode())


@cache
def versions() -> dict[str, str]:
    """Return the versions of everything that our code runs on, by name."""
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "processor": platform.machine(),
        "C library": " ".join(platform.libc_ver()),
        **{library: version(library) for library in LIBRARIES},
    }


def setup(needed: Iterable[Path] = ()) -> dict[str, str]:
    """Return the setup of this process: code, settings, versions, and digests of the files that its tasks need."""
    there = {path: at_hand(path) for path in needed}
    files = {str(path): file_digest(file) if file.exists() else "missing" for path, file in there.items()}
    return {"code": code(), "settings": "pinned" if PINNED_IN_TIME else "not pinned", **versions(), **files}


def refuse_other_setup(expected: dict[str, str], needed: Iterable[Path] = ()) -> None:
    """Refuse to work for a process with another setup; the fault names this machine."""
    found = setup(needed)
    differences = [f"{name} {found[name]} there, {here} here" for name, here in expected.items() if found[name] != here]
    refuse([f"cluster machine {socket.gethostname()}: {'; '.join(differences)}; {REMEDY}"] if differences else [])
