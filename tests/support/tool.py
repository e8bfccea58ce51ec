"""A tool, run in this process: to start another Python with all libraries takes longer than most tools do."""

import contextlib
import importlib
import io
import sys
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

import joblib

from stages.lib.runtime.inputs import forget_all
from stages.lib.runtime.running import run


def run_tool(folder: Path, tool: str, *arguments: str) -> CompletedProcess:
    """Do in a folder what `python -m tools.<tool>` does; the result holds its status and output."""
    module = importlib.import_module(f"tools.{tool}")
    # A character that a terminal cannot show is written as on a terminal (`say_everything`).
    printed, complained = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", [module.__file__, *arguments]),
        # The parser names its command by this.
        mock.patch.object(sys.modules["__main__"], "__spec__", module.__spec__),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complained),
        # Processes that joblib has started keep the folder they were started in.
        joblib.parallel_config(backend="threading"),
    ):
        forget_all()
        status = status_of(module)
    said, complaints = (stream.buffer.getvalue().decode() for stream in (printed, complained))
    return CompletedProcess([tool, *arguments], status, said, complaints)


def status_of(module) -> int:
    """Run the `main()` of a module and return the exit status."""
    try:
        run(module.main)
    except SystemExit as end:
        return end.code or 0
    return 0
