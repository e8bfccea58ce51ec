"""What a benchmark says of the machine and the libraries that it ran on, and of the memory of processes."""

import os
from importlib.metadata import version

import psutil


def machine_line(*packages: str) -> str:
    """Return the cores that may be used, and the versions of packages."""
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return f"{len(os.sched_getaffinity(0))} cores; {versions}"


def children_of(process_id: int) -> list[psutil.Process]:
    """Return the processes that a process has started; none where it has just ended."""
    try:
        return psutil.Process(process_id).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def memory_of(process: psutil.Process) -> int:
    """Return the resident memory of a process, which is 0 once it has ended."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
