"""What is made once for all workers of a run of the tests, such as a finished pipeline."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.lib.runtime.atomic_write import remove


def made_once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker to want it makes, while others that want it wait.

    Parameters
    ----------
    folders : TempPathFactory
        Of pytest. Each worker of pytest-xdist has a folder of its own; those of one run lie in the same folder.
    name : str
        Of the folder.
    make : callable
        Makes the folder, which does not exist. Where it fails, the next worker tries again.
    """
    own = folders.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    finished = folder.with_name(f"{name} is finished")
    # The operating system lifts the lock when the worker ends, however it ends.
    with folder.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            remove(folder)
            make(folder)
            finished.touch()
    return folder
