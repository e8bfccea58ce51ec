"""Find the file of a recording that a table names.

A recording is identified by its path. A table may give less (only the name) or more (folders of another machine). A
file matches if one of the two paths ends with the other. A path with a different folder is another recording.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from stages.lib.tables.clips import recording_id
from tools.lib.recordings.recording_name import SUFFIX, parts_of, stem

Folders = tuple[str, ...]


class Match(NamedTuple):
    """The files that match a name.

    Attributes
    ----------
    meant : list of str
        The matching files: one, none, or several if the name is ambiguous.
    elsewhere : list of str
        Files with this name in other folders than the name gives.
    """

    meant: list[str]
    elsewhere: list[str]


class Finder:
    """An index of recordings by the names that tables may use.

    Parameters
    ----------
    paths : iterable of str
        Paths below `recordings/`.
    """

    def __init__(self, paths: Iterable[str]):
        self.folders: dict[str, Folders] = {}
        # By name, then by folder: an archive may repeat names every day.
        self.by_name: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.by_stem: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.by_id: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            *folders, name = parts_of(path.casefold())
            self.folders[path] = tuple(folders)
            folder = folders[-1] if folders else ""
            self.by_name[name][folder].append(path)
            self.by_stem[SUFFIX.sub("", name)][folder].append(path)
            self.by_id[recording_id(path).casefold()].append(path)

    def find(self, named: str, beside: str = "") -> Match:
        """Find the matching files.

        Parameters
        ----------
        named : str
            The name in the table: with or without folders, with the same suffix, another or none; or the recording's
            part of a clip id, which tools use in file names.
        beside : str
            The folder of the table. It decides if the name is ambiguous.
        """
        *folders, name = parts_of(named.casefold()) or ("",)
        bare = SUFFIX.sub("", name)
        elsewhere: list[str] = []
        # The exact name takes precedence over the same name with another suffix.
        for files in (self.by_name.get(name), self.by_stem.get(name), self.by_stem.get(bare)):
            fitting = self.fitting(files or {}, folders)
            if fitting:
                return Match(self.nearest(fitting, parts_of(beside.casefold()), folders, named), [])
            elsewhere += [path for of_folder in (files or {}).values() for path in of_folder]
        of_id = self.by_id.get(name) or self.by_id.get(bare) or []
        return Match(of_id, [] if of_id else list(dict.fromkeys(elsewhere)))

    def fitting(self, files: dict[str, list[str]], folders: list[str]) -> list[str]:
        """Return the files whose folders end with the given folders, or are the end of them."""
        if not folders:
            return [path for of_folder in files.values() for path in of_folder]
        near = files.get("", []) + files.get(folders[-1], [])
        return [path for path in near if common_tail(folders, its := self.folders[path]) == min(len(folders), len(its))]

    def nearest(self, paths: list[str], beside: Folders, folders: list[str], named: str) -> list[str]:
        """Return the paths with the most common folders; break ties by exact folders, then by exact spelling."""
        if len(paths) == 1:
            return paths
        ranks = [
            (
                common_tail([*beside, *folders], self.folders[path]),
                bool(folders) and self.folders[path] == tuple(folders),
                parts_of(path)[-1] == parts_of(named)[-1],
            )
            for path in paths
        ]
        return [path for path, rank in zip(paths, ranks, strict=True) if rank == max(ranks)]


def agree(one: str, other: str) -> bool:
    """Tell whether two names may be the same recording: the same stem, and no contradicting folders."""
    folders = [parts_of(name.casefold())[:-1] for name in (one, other)]
    return stem(one).casefold() == stem(other).casefold() and common_tail(*folders) == min(map(len, folders))


def common_tail(one: Iterable[str], other: Iterable[str]) -> int:
    """Return the number of common parts at the ends of two paths."""
    count = 0
    for a, b in zip(reversed(tuple(one)), reversed(tuple(other)), strict=False):
        if a != b:
            break
        count += 1
    return count
