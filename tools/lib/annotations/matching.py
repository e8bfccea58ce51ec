"""Match the names of recordings in annotations to paths below `recordings/`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from stages.lib.runtime.table import read_table, write_table
from tools.lib.formats.event import Annotations, Event
from tools.lib.recordings.recording_finder import Match
from tools.lib.recordings.recording_name import Origin
from tools.lib.recordings.recording_origin import origin_of_recording

UNCLEAR, COLUMNS = ".unclear.csv", ("annotations", "recording")

Name = tuple[str, str]


class Resolved(NamedTuple):
    """Annotations with paths below `recordings/` in place of names, where exactly one file matches.

    Attributes
    ----------
    read : list of Annotations
    missing : dict
        From a name without a file to the files of this name in other folders.
    unclear : dict
        From an annotation file and an ambiguous name in it to the files that match.
    """

    read: list[Annotations]
    missing: dict[str, list[str]]
    unclear: dict[Name, list[str]]

    @property
    def named(self) -> set[str]:
        """All recordings in the annotations: their paths where known, otherwise their names."""
        return {name for one in self.read for name in one.origins}


def resolve(read: Mapping[str, Annotations], find: Callable[[str, str], Match], unclear: set[Name]) -> Resolved:
    """Find the recordings that annotation files name.

    Parameters
    ----------
    read : mapping
        From the path of a file below `annotations/` to its annotations.
    find : callable
        From such a path and the name of a recording in it to the files that match.
    unclear : set of (file, name)
        Names that were ambiguous before, so they match no file.
    """
    resolved = Resolved([], {}, {})
    for file, one in read.items():
        path_of = {}
        for name in names_in(one):
            meant, elsewhere = Match([], []) if (file, name) in unclear else find(file, name)
            if len(meant) == 1:
                path_of[name] = meant[0]
            elif meant:
                resolved.unclear[file, name] = meant
            else:
                resolved.missing[name] = elsewhere
        resolved.read.append(with_paths(one, path_of))
    return resolved


def names_in(one: Annotations) -> Iterator[str]:
    """Yield each name of a recording in a file, once."""
    before = (event.before[0] for event in one.events if event.before)
    yield from dict.fromkeys([*one.origins, *before])


def folder_of(file: str) -> str:
    """Return the folder of an annotation file below `annotations/`; its recordings may be in a folder of this name."""
    return PurePosixPath(file).parent.as_posix()


def with_paths(one: Annotations, path_of: Mapping[str, str]) -> Annotations:
    """Replace names by paths; a name without a file gets the prefix `./`, which no path has."""

    def renamed(name: str) -> str:
        return path_of.get(name) or f"./{name}"

    def event_of(event: Event) -> Event:
        before = event.before and (renamed(event.before[0]), event.before[1])
        return event._replace(recording=renamed(event.recording), before=before)

    origins: dict[str, Origin] = {}
    for name, origin in one.origins.items():
        origins[renamed(name)] = origins.get(renamed(name), Origin()).or_else(origin)
    return one._replace(events=[event_of(event) for event in one.events], origins=origins)


def origins_of(read: Sequence[Annotations]) -> dict[str, Origin]:
    """Return where and when each recording was made: from annotations, otherwise from its path."""
    origins: dict[str, Origin] = {}
    for name, said in (item for one in read for item in one.origins.items()):
        origins[name] = origins.get(name, Origin()).or_else(said).or_else(origin_of_recording(name))
    return origins


def read_unclear(annotations: Path) -> set[Name]:
    """Return the names that were ambiguous in the archive.

    They are kept because the data set has fewer files, so they would seem unambiguous there.
    """
    path = annotations / UNCLEAR
    rows = read_table(path, COLUMNS) if path.exists() else []
    return {(row.cells["annotations"], row.cells["recording"]) for row in rows}


def write_unclear(annotations: Path, names: set[Name]) -> None:
    """Write the ambiguous names; remove the table if there are none."""
    if names:
        write_table(annotations / UNCLEAR, COLUMNS, sorted(names))
    else:
        (annotations / UNCLEAR).unlink(missing_ok=True)
