"""Find recordings in folders, tell which hold the same bytes, and copy them into a data set."""

import filecmp
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from stages.lib.audio.examination import Examined, examine
from stages.lib.audio.recording import Channel
from stages.lib.cache.digests import file_digest, repeated
from stages.lib.cluster.parallel import in_parallel
from stages.lib.runtime.atomic_write import atomic_write
from stages.lib.tables.clips import path_fault, recording_id

SUFFIXES = (
    *(".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".snd", ".w64"),
    *(".wav", ".wave"),
)
BLOCK_BYTES = 1 << 20
# At the top of a disk, with deleted files; only root may read the first.
SYSTEM_FOLDERS = ("lost+found", "$RECYCLE.BIN", "System Volume Information")


def audio_files(folder: Path) -> dict[str, Path]:
    """Return the recordings in a folder and its subfolders, by their paths below it; skip hidden and system folders.

    Links are followed, unless they lead back into a folder above them. A link to a missing file counts as a missing
    recording, for example one that DVC has not fetched.
    """
    found: dict[str, Path] = {}
    waiting = [(folder, frozenset({folder.resolve()}))]
    while waiting:
        place, above = waiting.pop()
        for path in place.iterdir():
            if path.name.startswith(".") or path.name in SYSTEM_FOLDERS:
                continue
            if path.is_dir():
                real = path.resolve()
                waiting += [] if real in above else [(path, above | {real})]
            elif path.suffix.lower() in SUFFIXES and (path.is_file() or path.is_symlink()):
                found[path.relative_to(folder).as_posix()] = path
    return dict(sorted(found.items()))


def clashes(names: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Return the recordings that differ from another only in the suffix, so their clips would have the same names.

    Parameters
    ----------
    names : collection of str
        Paths of new recordings below `recordings/`.
    known : collection of str
        Paths of recordings that have clips already; these are not returned.

    Returns
    -------
    dict
        From each such path to the other recording.
    """
    by_id: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys([*known, *names]):
        by_id[recording_id(name)].append(name)
    others = {name: [other for other in by_id[recording_id(name)] if other != name] for name in names}
    return {name: found[0] for name, found in others.items() if found and name not in known}


def clash_line(path: Path, other: str) -> str:
    """Say why a recording that differs from another only in the suffix is left out."""
    return (
        f"{path}: left out, because {other} differs only in the suffix and clips of both would have the same names; "
        "rename one of them"
    )


def one_content(paths: Sequence[Path]) -> bool:
    """Tell whether files hold the same bytes."""
    return all(filecmp.cmp(paths[0], other, shallow=False) for other in paths[1:])


def known_sound(sources: Mapping[str, Path], present: Iterable[Path]) -> dict[str, Path]:
    """Return the recordings that hold the same bytes as another.

    Parameters
    ----------
    sources : mapping
        From the path of a new recording below `recordings/` to its current path. Among equal recordings, the one with
        the shortest name is kept: `r00.wav`, not `r00 (1).wav`.
    present : iterable of Path
        The recordings of the data set, which take precedence over new ones.

    Returns
    -------
    dict
        From the path below `recordings/` to the recording that is kept; missing files are skipped.
    """
    in_order = sorted(sources, key=lambda name: (len(name), name))
    files = list(filter(Path.is_file, [*present, *(sources[name] for name in in_order)]))
    size_of = {path: path.stat().st_size for path in files}
    of_size = Counter(size_of.values())
    same_size = [path for path in files if of_size[size_of[path]] > 1]
    first = repeated(
        {path: file_digest(path) for path in tqdm(same_size, desc="comparing", unit="recording", disable=None)}
    )
    return {name: first[sources[name]] for name in in_order if sources[name] in first}


def bring(sources: Mapping[str, Path], recordings: Path) -> int:
    """Copy recordings into a data set unless they are already there; return the number copied.

    After a kill, the next run copies the rest. A missing source is skipped.

    Parameters
    ----------
    sources : mapping
        From the path below `recordings` to the current path. `bring_faults` has found no fault in them.
    recordings : Path
    """
    new = {name: source for name, source in sources.items() if source.exists() and not (recordings / name).exists()}
    size = sum(source.stat().st_size for source in new.values())
    with tqdm(total=size, desc="copying", unit="B", unit_scale=True, disable=None) as progress:
        for name, source in new.items():
            with atomic_write(recordings / name) as unfinished, source.open("rb") as old, unfinished.open("wb") as copy:
                while block := old.read(BLOCK_BYTES):
                    progress.update(copy.write(block))
    return len(new)


def bring_faults(sources: Mapping[str, Path], recordings: Path) -> Iterator[str]:
    """Yield a fault for each recording that cannot be copied: its path is invalid or taken by another recording."""
    for name, source in tqdm(sources.items(), desc="comparing", unit="recording", disable=None):
        place = recordings / name
        fault = path_fault(name)
        if fault:
            yield f"{source}: {fault}"
        elif place.exists() and source.exists() and not place.samefile(source) and not one_content([source, place]):
            yield (
                f"{source}: {place} is another recording with this path; name a folder further up, so that subfolders "
                "distinguish them, or rename one of them; if it has only grown since it was copied, copy it there again"
            )


def examine_all(paths: Sequence[Path], channel: Channel) -> list[Examined | str]:
    """Examine recordings on all cores, with a progress bar on a terminal; a string is the fault of a recording."""
    return list(in_parallel(examine, [(path, channel) for path in paths], "checking"))
