"""One process at a time in a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.lib.runtime.faults import InputFaults


@contextmanager
def alone_in(folder: Path, otherwise: str) -> Iterator[None]:
    """Hold a lock on a folder. The operating system releases it when the process ends, however it ends.

    Parameters
    ----------
    folder : Path
    otherwise : str
        What to say if another process holds it.

    Raises
    ------
    InputFaults
        If another process holds it.
    """
    opened = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputFaults([f"{folder}: {otherwise}"]) from None
        yield
    finally:
        os.close(opened)
