"""The annotation files of a data set: `data/<name>/annotations/`, in subfolders where names repeat."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from stages.lib.runtime.atomic_write import atomic_write
from stages.lib.runtime.table import quoted
from tools.lib.formats.audacity import name_in_data_set
from tools.lib.recordings.data_set import ANNOTATIONS
from tools.lib.recordings.file_names import absolute, told_apart

RECORDINGS = "recordings"


def present_files(folder: Path) -> dict[str, Path]:
    """Return the annotation files of a data set, by their paths below `annotations/`; skip hidden files."""
    annotations = folder / ANNOTATIONS
    files = {path.relative_to(annotations): path for path in annotations.rglob("*") if path.is_file()}
    shown = {name.as_posix(): path for name, path in files.items() if not any(part[0] == "." for part in name.parts)}
    return dict(sorted(shown.items()))


def placed(given: Sequence[Path], roots: Sequence[Path | None]) -> list[tuple[str, Path]]:
    """Return the destination below `annotations/` and the current path of each annotation file.

    Parameters
    ----------
    given : sequence of Path
    roots : sequence of Path or None
        A table below one of these, such as the folder of the recordings, keeps its folders, because they may tell
        which recordings it is about. Other tables with the same name keep the folders in which they differ.
    """
    inside = {path: next(filter(None, (below(path, root) for root in roots if root)), "") for path in given}
    outside = told_apart((path for path, place in inside.items() if not place), lambda path: path.name)
    return [
        (PurePosixPath(place or outside[path]).with_name(name_in_data_set(path)).as_posix(), path)
        for path, place in inside.items()
    ]


def below(path: Path, folder: Path) -> str:
    """Return the path of a file below a folder; empty if it is elsewhere."""
    place = absolute(path)
    return place.relative_to(absolute(folder)).as_posix() if place.is_relative_to(absolute(folder)) else ""


def name_faults(files: Sequence[tuple[str, Path]]) -> Iterator[str]:
    """Yield a fault for each annotation file whose name cannot be used."""
    first: dict[str, Path] = {}
    for name, path in files:
        other = first.setdefault(name, path)
        if absolute(other) != absolute(path):
            yield f"{path}: {other} would have the same name; rename one of them"
        if not name.isprintable():  # Bytes that are not UTF-8 are not printable either.
            yield f"{path}: its name {quoted(name)} is not printable UTF-8; rename the file or folder"
        if any(part.startswith(".") for part in Path(name).parts):
            yield f"{path}: is hidden because its name begins with a dot; rename the file or folder"


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Write annotation files to a data set; return a line for each file that replaced another."""
    replaced = []
    for name, content in contents.items():
        path = folder / ANNOTATIONS / name
        before = path.read_bytes() if path.exists() else None
        if before == content:
            continue
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(content)
        if before is not None:
            replaced.append(f"{path}: replaced by the file given now")
    return replaced
