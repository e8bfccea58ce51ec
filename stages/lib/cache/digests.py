"""Digests of files, cached between runs, so that unchanged files are not read again.

A file counts as unchanged while its inode, size and modification time are the same. DVC uses the same rule to decide
whether a stage must run. The cache belongs to one machine and affects no result: without it, all files are read again.
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

# File systems keep coarse times, so a file changed this recently could change again with the same modification time.
TOO_RECENT_NS = 2_000_000_000


class FileHash(NamedTuple):
    """The state of a file, as `stages.lib.runtime.inputs.state` returns it, and its digest in that state."""

    state: tuple | None
    digest: str


def short_digest(content: bytes) -> str:
    """Return the first 64 bits of the SHA-256 digest, as 16 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the short digest of a file's content, reading it block by block."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def repeated(digest_of: Mapping[Path, str]) -> dict[Path, Path]:
    """Return the files with the same content as an earlier file, each with the first such file."""
    first: dict[str, Path] = {}
    firsts = {path: first.setdefault(digest, path) for path, digest in digest_of.items()}
    return {path: before for path, before in firsts.items() if before != path}


def hash_file(path: Path) -> FileHash:
    """Hash a file. The state is taken before reading, so that a change during reading invalidates the hash."""
    return FileHash(state(path), file_digest(path))


def hash_files(paths: Iterable[Path], known: Mapping[str, FileHash]) -> dict[str, FileHash]:
    """Return the state and digest of files, by path; only new and changed files are read."""
    names = [str(path) for path in paths]
    unchanged = {name: known[name] for name in names if name in known and known[name].state == state(Path(name))}
    new = [name for name in names if name not in unchanged]
    # In threads, because hashing releases Python's global lock.
    read = joblib.Parallel(n_jobs=-1, prefer="threads")(joblib.delayed(hash_file)(Path(name)) for name in new)
    found = unchanged | dict(zip(new, read, strict=True))
    return {name: found[name] for name in names}


def read_hashes(memory: Path) -> dict[str, FileHash]:
    """Return the hashes cached by the last run; none if the cache is missing or damaged."""
    try:
        entries = json.loads(memory.read_text(encoding="utf-8"))
        return {path: FileHash(tuple(entry), digest) for path, (*entry, digest) in entries.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def write_hashes(memory: Path, seen: Mapping[str, FileHash]) -> None:
    """Write the hashes for the next run, replacing the cache."""
    latest = time.time_ns() - TOO_RECENT_NS
    known = {path: [*one.state, one.digest] for path, one in seen.items() if one.state and one.state[-1] < latest}
    write_json(memory, known)
