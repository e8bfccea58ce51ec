"""The source files of the project that a module depends on."""

import ast
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def at_hand(path: Path) -> Path:
    """Return where a relative path is: in the working folder, or else in this checkout, as on a worker of a cluster."""
    return path if path.exists() else REPOSITORY / path


def sources_of(path: Path) -> list[Path]:
    """Return the project's source files that a module depends on: its own file and its direct and indirect imports.

    Imports are read from the source code. So nothing is imported, and imports within functions count.

    Returns
    -------
    list of Path
        Absolute, sorted.
    """
    found, waiting = set(), {path.resolve()}
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= {file for name in imported_names(module) for file in files_of(name)} - found
    return sorted(found)


def code_and_versions(module: Path, libraries: Iterable[str]) -> bytes:
    """Return what a module computes by: all code that it is made of, and the versions of libraries."""
    sources = [path.read_bytes() for path in sources_of(module)]
    return b"\0".join(sources + [version(library).encode() for library in libraries])


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
    """Return the project's files that run when a dotted name is imported: its packages' files and its own."""
    parts = name.split(".")
    paths = [REPOSITORY.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    return {file for path in paths for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()}
