"""Recordings that lie in folders, and how they come into a data set."""

import filecmp
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from stages.lib.clips import path_fault
from stages.lib.faults import refuse
from stages.lib.whole import whole
from tools.lib.recording_name import stem

SUFFIXES = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav")


def audio_files(folder: Path) -> dict[str, list[Path]]:
    """Return the recordings in a folder and the folders below it, by stem; hidden ones aside."""
    found = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            found[stem(path.name)].append(path)
    return dict(found)


def one_content(paths: list[Path]) -> bool:
    """Tell whether files hold the same bytes."""
    return all(filecmp.cmp(paths[0], other, shallow=False) for other in paths[1:])


def bring(sources: Mapping[str, Path], recordings: Path) -> int:
    """Copy recordings into a data set, unless they are there already; return how many were copied.

    Parameters
    ----------
    sources : mapping
        From the path below `recordings` to where the recording lies now.
    recordings : Path

    Raises
    ------
    InputFaults
        Before anything is copied, where a name cannot be used or is another recording's.
    """
    refuse(bring_faults(sources, recordings))
    new = {name: source for name, source in sources.items() if not (recordings / name).exists()}
    for name, source in tqdm(new.items(), desc="copying", unit="recording", disable=None):
        with whole(recordings / name) as unfinished:
            shutil.copyfile(source, unfinished)
    return len(new)


def bring_faults(sources: Mapping[str, Path], recordings: Path) -> Iterator[str]:
    """Yield why recordings cannot be copied."""
    for name, source in sources.items():
        fault = path_fault(name)
        if fault:
            yield f"{source}: {fault}"
        elif (recordings / name).exists() and not one_content([source, recordings / name]):
            yield f"{source}: {recordings / name} is another recording; rename one of them"
