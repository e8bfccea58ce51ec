"""What a stage reads must stay as it is until the stage ends.

DVC takes the hash of an input when the stage has ended. An edit in between would be recorded as if the outputs had been
made from it, and no later run would mend that. So the stage refuses to end well, and the next run starts afresh.
"""

import sys
from pathlib import Path

OURS = ("__main__", "stages", "data", "tools")

_state_when_read: dict[Path, tuple | None] = {}


def remembered(path: Path) -> Path:
    """Note the state of an input before it is read.

    Returns
    -------
    Path
        The same, so that the call can stand where the path did.
    """
    _state_when_read.setdefault(path, state(path))
    return path


def forget_all() -> None:
    """Begin anew: the state of no input is known."""
    _state_when_read.clear()


def remember_source_code() -> None:
    """Note the state of every module of the repository that has been imported."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] in OURS and file:
            remembered(Path(file))


def changed_inputs() -> list[str]:
    """List the inputs that are not as they were when they were read, one sentence each."""
    return [changed(path) for path, before in _state_when_read.items() if state(path) != before]


def changed(path: Path) -> str:
    """Say that an input is not as it was when it was read."""
    return f"{path}: was changed while the stage ran, so that its outputs are of both; run dvc repro again"


def state(path: Path) -> tuple | None:
    """Return what any change of a file changes; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
