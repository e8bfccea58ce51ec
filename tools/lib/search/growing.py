"""Find what is new in growing folders: the recordings that a run has not searched yet, or that have changed.

A recording counts as unchanged while its size and modification time are the same, so it is not read again.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from stages.lib.audio.unfinished import unfinished_from
from stages.lib.cache.digests import file_digest
from stages.lib.runtime.alone import alone_in
from stages.lib.runtime.faults import refuse
from tools.lib.detection.run_record import Run, RunRecording
from tools.lib.recordings.file_names import absolute
from tools.lib.search.run_tables import is_untouched

SETTINGS = {
    "model": "a model",
    "clip_s": "windows of",
    "hop_s": "--hop",
    "threshold": "--threshold",
    "form": "--format",
    "per": "--per",
}


class Compared(NamedTuple):
    """Given recordings, compared with a run.

    Attributes
    ----------
    run : Run
        The run, with the current paths of recordings that were moved.
    new : dict
        From each recording to search, perhaps again, to its name.
    before : set of str
        Names of the given recordings that were searched before.
    changed : list of str
        The fault of each recording that has changed and whose table was corrected.
    faults : list of str
        Faults of recordings whose names are taken.
    """

    run: Run
    new: dict[Path, str]
    before: set[str]
    changed: list[str]
    faults: list[str]


def misfits(folder: Path, there: Run, wanted: Run) -> list[str]:
    """List a fault for each setting in which the run in a folder differs from the one wanted."""
    faults = []
    for setting, name in SETTINGS.items():
        before, now = getattr(there, setting), getattr(wanted, setting)
        if before != now:
            values = "another model" if setting == "model" else f"{name} {before}, not {now}"
            faults.append(f"{folder}: holds a run with {values}; name another folder with --output")
    return faults


def compare(folder: Path, run: Run, names: Mapping[Path, str]) -> Compared:
    """Find the recordings to search.

    Parameters
    ----------
    folder : Path
        The output folder.
    run : Run
        The run in this folder, with the recordings searched before.
    names : mapping
        From the path of each given recording to its name.
    """
    by_path = {one.path: one for one in run.recordings}
    by_name = {one.name: one for one in run.recordings}
    new: dict[Path, str] = {}
    seen: dict[str, RunRecording] = {}
    changed, faults = [], []
    for path, name in names.items():
        before = by_path.get(str(absolute(path))) or by_name.get(name)
        if before is None or not path.is_file():
            new[path] = name
        elif (now := unchanged(before, path)) is not None:
            seen[before.name] = now
        elif before.path != str(absolute(path)):
            faults.append(
                f"{path}: {before.path} has the same name in this run; name a folder that holds both, or another "
                "folder with --output"
            )
        elif is_untouched(folder, run, before.table):
            new[path] = before.name
        else:
            changed.append(
                f"{path}: has changed since it was searched, and {folder / before.table} was corrected; delete the "
                "table to search it again"
            )
    recordings = tuple(seen.get(one.name, one) for one in run.recordings)
    return Compared(run.model_copy(update={"recordings": recordings}), new, set(seen), changed, faults)


def unchanged(before: RunRecording, path: Path) -> RunRecording | None:
    """Return the entry of a recording, with its current path and state, if the content is the same; otherwise None."""
    status = path.stat()
    state = {"path": str(absolute(path)), "size": status.st_size, "modified_ns": status.st_mtime_ns}
    now = before.model_copy(update=state)
    same = now.size == before.size and (now.modified_ns == before.modified_ns or file_digest(path) == before.digest)
    return now if same else None


def newest(paths: Sequence[Path]) -> set[Path]:
    """Return the newest recording of each folder."""
    oldest_first = sorted(filter(Path.is_file, paths), key=lambda path: (path.stat().st_mtime_ns, path))
    return set({path.parent: path for path in oldest_first}.values())


def still_recorded(paths: Sequence[Path]) -> list[Path]:
    """Return the newest recordings with unfinished headers, which a recorder may still be writing."""
    return sorted(path for path in newest(paths) if unfinished_from(path) is not None)


@contextmanager
def output_folder(folder: Path) -> Iterator[None]:
    """Create an output folder, refuse one that cannot be written to or in use, and remove it if it stays empty."""
    refuse([f"{folder}: is a file; name a folder with --output"] if folder.is_file() else [])
    folder.mkdir(parents=True, exist_ok=True)
    # Checked before the search, which may take hours before it writes.
    writable = os.access(folder, os.W_OK | os.X_OK)
    refuse([] if writable else [f"{folder}: cannot be written to; make it writable, or name another with --output"])
    with alone_in(folder, "another tools.detect writes there; wait until it has ended"):
        try:
            yield
        finally:
            with suppress(OSError):
                folder.rmdir()
