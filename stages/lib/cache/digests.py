"""Digests of files, remembered from run to run, so that what has not changed is not read again.

A file counts as unchanged for as long as its inode, its size and its time of modification are the same. That is also
the rule by which DVC tells whether there is anything to run. The memory belongs to one machine and is no part of any
result: without it, all files are read once more.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import joblib

from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.inputs import state

# A file that was changed so recently could be changed again without its time telling: file systems keep coarse ones.
TOO_RECENT_NS = 2_000_000_000


class FileHash(NamedTuple):
    """The state of a file (as `stages.lib.runtime.inputs.state` has it) and the digest that it had then."""

    state: tuple | None
    digest: str


def short_digest(content: bytes) -> str:
    """Return 64 bits of the SHA-256 digest, as 16 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the short digest of what a file holds, a block at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def repeated(digest_of: Mapping[Path, str]) -> dict[Path, Path]:
    """Return the files that hold the same bytes as one before them, each with the first such file."""
    first: dict[str, Path] = {}
    firsts = {path: first.setdefault(digest, path) for path, digest in digest_of.items()}
    return {path: before for path, before in firsts.items() if before != path}


def hash_file(path: Path) -> FileHash:
    """Read a file; its state is that from before, so that a change in between makes it unknown."""
    return FileHash(state(path), file_digest(path))


def hash_files(paths: Iterable[Path], known: Mapping[str, FileHash]) -> dict[str, FileHash]:
    """Return state and digest of files, by path; those that have changed since they were known are read."""
    names = [str(path) for path in paths]
    unchanged = {name: known[name] for name in names if name in known and known[name].state == state(Path(name))}
    new = [name for name in names if name not in unchanged]
    # In threads, because the digest is computed outside of Python's lock.
    read = joblib.Parallel(n_jobs=-1, prefer="threads")(joblib.delayed(hash_file)(Path(name)) for name in new)
    found = unchanged | dict(zip(new, read, strict=True))
    return {name: found[name] for name in names}


def read_hashes(memory: Path) -> dict[str, FileHash]:
    """Return what is known of files from the last run."""
    try:
        entries = json.loads(memory.read_text(encoding="utf-8"))
        return {path: FileHash(tuple(entry), digest) for path, (*entry, digest) in entries.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def write_hashes(memory: Path, seen: Mapping[str, FileHash]) -> None:
    """Keep what is known of files for the next run, in place of what was known before."""
    latest = time.time_ns() - TOO_RECENT_NS
    known = {path: [*one.state, one.digest] for path, one in seen.items() if one.state and one.state[-1] < latest}
    write_json(memory, known)
