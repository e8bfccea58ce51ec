"""Atomic writing of outputs: they appear whole or not at all."""

import glob
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to `path` to write to; it becomes `path`, a file or folder, if the block succeeds.

    Leftovers of killed runs are removed first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left_behind in path.parent.glob(f".partial-*-{glob.escape(path.name)}"):
        remove(left_behind)
    # The name contains the process id, because the workers of a killed run live on for a moment. The suffix stays last,
    # because libraries choose the format of audio and arrays by it.
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        yield partial
        if partial.is_dir():
            remove(path)
        partial.replace(path)
    except OSError as error:
        # The error of a full disk has no file name.
        error.filename = error.filename or str(path)
        raise
    finally:
        remove(partial)


def remove(path: Path) -> None:
    """Remove a file or folder, if it exists."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with LF line endings."""
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write JSON that is readable in a diff: one key per line, in the given order."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
