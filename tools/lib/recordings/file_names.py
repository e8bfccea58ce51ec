"""File names with as many folders as it takes to distinguish them."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path


def absolute(path: Path) -> Path:
    """Return an absolute path, without following links."""
    return Path(os.path.normpath(path.absolute()))


def told_apart(paths: Iterable[Path], name_of: Callable[[Path], str]) -> dict[Path, str]:
    """Return the name of each file; names that repeat get the folders in which they differ.

    `name_of` gives the names to compare, such as those without suffix.
    """
    by_name = defaultdict(list)
    for path in paths:
        by_name[name_of(path)].append(path)
    names: dict[Path, str] = {}
    for of_name in by_name.values():
        common = os.path.commonpath([absolute(path).parent for path in of_name])
        names |= {path: absolute(path).relative_to(common).as_posix() for path in of_name}
    return names
