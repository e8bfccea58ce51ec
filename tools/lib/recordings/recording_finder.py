"""Which file is the recording that a table names.

A recording is its path. A table may know less of it (the name alone) or more (folders of another machine), so the file
is meant whose path is the end of what the table says, or ends with it. A folder that contradicts is another recording.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from stages.lib.tables.clips import recording_id
from tools.lib.recordings.recording_name import SUFFIX, parts_of, stem

Folders = tuple[str, ...]


class Match(NamedTuple):
    """The files that a name may mean.

    Attributes
    ----------
    meant : list of str
        One where it is clear; none where there is no such file; else those that cannot be told apart.
    elsewhere : list of str
        Files of that name in folders that the name contradicts.
    """

    meant: list[str]
    elsewhere: list[str]


class Finder:
    """Recordings by what tables may call them.

    Parameters
    ----------
    paths : iterable of str
        Paths below `recordings/`.
    """

    def __init__(self, paths: Iterable[str]):
        self.folders: dict[str, Folders] = {}
        # By what a file may be called, and then by the folder that it lies in: an archive may repeat names every day.
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
        """Find the file that is meant.

        Parameters
        ----------
        named : str
            As a table names it: with folders or without, with a suffix, another one or none; or by the id that clips
            have, after which tools name files.
        beside : str
            The folder of the table. It decides where the name does not.
        """
        *folders, name = parts_of(named.casefold()) or ("",)
        bare = SUFFIX.sub("", name)
        elsewhere: list[str] = []
        # The very name, before the same name with another suffix.
        for files in (self.by_name.get(name), self.by_stem.get(name), self.by_stem.get(bare)):
            fitting = self.fitting(files or {}, folders)
            if fitting:
                return Match(self.nearest(fitting, parts_of(beside.casefold()), folders, named), [])
            elsewhere += [path for of_folder in (files or {}).values() for path in of_folder]
        of_id = self.by_id.get(name) or self.by_id.get(bare) or []
        return Match(of_id, [] if of_id else list(dict.fromkeys(elsewhere)))

    def fitting(self, files: dict[str, list[str]], folders: list[str]) -> list[str]:
        """Return the files whose folders are the end of the given ones, or end with them."""
        if not folders:
            return [path for of_folder in files.values() for path in of_folder]
        near = files.get("", []) + files.get(folders[-1], [])
        return [path for path in near if common_tail(folders, its := self.folders[path]) == min(len(folders), len(its))]

    def nearest(self, paths: list[str], beside: Folders, folders: list[str], named: str) -> list[str]:
        """Return the paths with the most folders in common; of these the one that is just as said, or spelt alike."""
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
    """Tell whether two names may be of one recording: the same name, in the same folders as far as both have some."""
    folders = [parts_of(name.casefold())[:-1] for name in (one, other)]
    return stem(one).casefold() == stem(other).casefold() and common_tail(*folders) == min(map(len, folders))


def common_tail(one: Iterable[str], other: Iterable[str]) -> int:
    """Return how many parts two paths have in common at their ends."""
    count = 0
    for a, b in zip(reversed(tuple(one)), reversed(tuple(other)), strict=False):
        if a != b:
            break
        count += 1
    return count
