"""Digests of files, remembered from run to run, so that what has not changed is not read again.

A file counts as unchanged for as long as its inode, its size and its time of modification are the same. That is also
the rule by which DVC tells whether there is anything to run. The memory belongs to one machine and is no part of any
result: without it, all files are read once more.
"""

import ast
import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import joblib

from stages.lib.inputs import state
from stages.lib.whole import write_json

# A file that was changed so recently could be changed again without its time telling: file systems keep coarse ones.
TOO_RECENT_NS = 2_000_000_000
REPOSITORY = Path(__file__).resolve().parents[2]


class Seen(NamedTuple):
    """The state of a file (as `stages.lib.inputs.state` has it) and the digest that it had then."""

    state: tuple
    digest: str


def short_digest(content: bytes) -> str:
    """Return 64 bits of the SHA-256 digest, as 16 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the short digest of what a file holds, a block at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def sources_of(path: Path) -> list[Path]:
    """Return the project's files that a module is made of: its own, and those that it imports, directly or not.

    They are found in the source code, so that nothing is imported for this, and an import within a function counts.

    Returns
    -------
    list of Path
        Absolute, in order.
    """
    found, waiting = set(), {path.resolve()}
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= {file for name in imported_names(module) for file in files_of(name)} - found
    return sorted(found)


def imported_names(path: Path) -> set[str]:
    """Return the dotted names that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files_of(name: str) -> set[Path]:
    """Return the project's files that run when a dotted name is imported: those of its packages, and its own."""
    parts = name.split(".")
    paths = [REPOSITORY.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    return {file for path in paths for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()}


def repeated(digest_of: Mapping[Path, str]) -> dict[Path, Path]:
    """Return the files that hold the same bytes as one before them, each with the first such file."""
    first: dict[str, Path] = {}
    firsts = {path: first.setdefault(digest, path) for path, digest in digest_of.items()}
    return {path: before for path, before in firsts.items() if before != path}


def seen_now(path: Path) -> Seen:
    """Read a file; its state is that from before, so that a change in between makes it unknown."""
    return Seen(state(path), file_digest(path))


def look_at(paths: Iterable[Path], known: Mapping[str, Seen]) -> dict[str, Seen]:
    """Return state and digest of files, by path; those that have changed since they were known are read."""
    looked_at = {str(path): known.get(str(path)) for path in paths}
    new = [path for path, seen in looked_at.items() if not seen or seen.state != state(Path(path))]
    # In threads, because the digest is computed outside of Python's lock.
    read = joblib.Parallel(n_jobs=-1, prefer="threads")(joblib.delayed(seen_now)(Path(path)) for path in new)
    return looked_at | dict(zip(new, read, strict=True))


def recall(memory: Path) -> dict[str, Seen]:
    """Return what is known of files from the last run."""
    try:
        entries = json.loads(memory.read_text(encoding="utf-8"))
        return {path: Seen(tuple(entry), digest) for path, (*entry, digest) in entries.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def remember(memory: Path, seen: Mapping[str, Seen]) -> None:
    """Keep what is known of files for the next run, in place of what was known before."""
    latest = time.time_ns() - TOO_RECENT_NS
    write_json(memory, {path: [*one.state, one.digest] for path, one in seen.items() if one.state[-1] < latest})
