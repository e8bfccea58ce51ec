"""A stage's inputs must not change while the stage runs.

DVC hashes the inputs after the stage has ended. It would record an edit made in between as if the outputs came from it,
and no later run would correct that. So the stage fails if an input has changed, and the next run starts over.
"""

import sys
from pathlib import Path

OURS = ("__main__", "stages", "data", "tools")

_state_when_read: dict[Path, tuple | None] = {}


def remembered(path: Path) -> Path:
    """Record the state of an input before it is read.

    Returns
    -------
    Path
        The same path, so that calls can be nested.
    """
    _state_when_read.setdefault(path, state(path))
    return path


def forget_all() -> None:
    """Forget the state of all inputs."""
    _state_when_read.clear()


def remember_source_code() -> None:
    """Record the state of every imported module of the repository."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] in OURS and file:
            remembered(Path(file))


def changed_inputs() -> list[str]:
    """List the inputs that have changed since they were read, one sentence each."""
    return [changed(path) for path, before in _state_when_read.items() if state(path) != before]


def changed(path: Path) -> str:
    """Return the fault of an input that has changed since it was read."""
    return f"{path}: was changed while the stage ran, so its outputs may mix both versions; run dvc repro again"


def state(path: Path) -> tuple | None:
    """Return inode, size and modification time, which tell whether a file has changed; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
