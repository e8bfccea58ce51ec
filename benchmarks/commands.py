"""The time and memory of commands, compared with alternatives."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from experiments.clone import environment

COLUMNS = f"{'':46} {'wall time':>10} {'CPU time':>10} {'memory':>10}"


class Cost(NamedTuple):
    """Wall-clock seconds and CPU seconds of a command, and the peak memory of its largest process in bytes."""

    wall_s: float
    cpu_s: float
    memory: int

    def __str__(self) -> str:
        """Format both times as columns."""
        return f"{self.wall_s:8.2f} s {self.cpu_s:8.2f} s"


def cost(folder: Path, *command: str) -> Cost:
    """Run a command in a folder; if it fails, exit with its output."""
    start = time.perf_counter()
    with (folder.parent / "output.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{log.read()}")
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def report(folder: Path, title: str, command: str, against: tuple[str, ...] = ()) -> None:
    """Run a command and its alternative (a title, a shell script, the script's arguments); print both and the ratio."""
    ours = cost(folder, *command.split())
    print(f"{title:46} {ours} {ours.memory / 2**20:6.0f} MiB", flush=True)
    if against:
        name, script, *arguments = against
        theirs = cost(folder, "bash", "-c", script, *arguments)
        print(f"    against {name:34} {theirs} {'':10}  ratio {ours.wall_s / theirs.wall_s:.1f}", flush=True)
