"""The line of a benchmark about its machine and libraries."""

import os
from importlib.metadata import version


def machine_line(*packages: str) -> str:
    """Return the number of available cores and the versions of packages."""
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return f"{len(os.sched_getaffinity(0))} cores; {versions}"
