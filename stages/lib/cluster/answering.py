"""What a worker of a Dask cluster does for us: it holds our code, and keeps a process of ours for each call at a time.

Workers know nothing of this repository, and have loaded NumPy with settings of their own before they hear of us. So
they unpack our code into a folder, and have calls answered there by `stages.lib.cluster.calls`.
"""

import io
import os
import subprocess
import sys
import zipfile
from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING

from stages.lib.cluster.calls import LENGTH_BYTES

if TYPE_CHECKING:
    from distributed import Worker, WorkerPlugin


def answering_with(code: bytes) -> "WorkerPlugin":
    """Return a plugin that answers calls on every worker.

    Parameters
    ----------
    code : bytes
        A ZIP archive of what the working folder of its processes has to hold.
    """
    from distributed import WorkerPlugin

    # A class within a function travels by value, to where this module is not.
    class Answering(WorkerPlugin):
        """Our code on a worker."""

        def setup(self, worker: "Worker") -> None:
            """Begin on a worker."""
            self.folder = TemporaryDirectory(dir=worker.local_directory, ignore_cleanup_errors=True)
            self.processes: list[subprocess.Popen] = []
            self.idle: deque[subprocess.Popen] = deque()

        def teardown(self, worker: "Worker") -> None:  # noqa: ARG002
            """Leave nothing behind on it, calls that nobody waits for any more included."""
            # A folder that is not there lets no other process start.
            self.folder.cleanup()
            for process in self.processes:
                process.kill()
                process.wait()

        def answer(self, call: bytes) -> bytes:
            """Have a call answered."""
            process = self.waiting_process()
            try:
                process.stdin.write(len(call).to_bytes(LENGTH_BYTES) + call)
                process.stdin.flush()
                length = int.from_bytes(process.stdout.read(LENGTH_BYTES))
                packed = process.stdout.read(length)
            except BrokenPipeError:
                packed, length = b"", 0
            if not length or len(packed) < length:
                process.kill()
                # Dask asks again, here or elsewhere.
                raise ChildProcessError(f"a process ended with status {process.wait()} before it had answered")
            self.idle.append(process)
            return packed

        def waiting_process(self) -> subprocess.Popen:
            """Return a process that waits for a call."""
            while self.idle:
                process = self.idle.pop()
                if process.poll() is None:
                    return process
            return self.new_process()

        def new_process(self) -> subprocess.Popen:
            """Start a process in a folder of its own, since it keeps a recording of its own there."""
            folder = Path(mkdtemp(dir=self.folder.name))
            with zipfile.ZipFile(io.BytesIO(code)) as archive:
                archive.extractall(folder)
            command = [sys.executable, "-m", "stages.lib.cluster.calls"]
            # Dask has its workers give freed memory back at once, so that every clip would ask for it again.
            settings = {name: value for name, value in os.environ.items() if name != "MALLOC_TRIM_THRESHOLD_"}
            process = subprocess.Popen(command, cwd=folder, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.processes.append(process)
            return process

    return Answering()
