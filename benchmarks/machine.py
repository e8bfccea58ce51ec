"""What a benchmark says of the machine and the libraries that it ran on."""

import os
from importlib.metadata import version


def machine_line(*packages: str) -> str:
    """Return the cores that may be used, and the versions of packages."""
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return f"{len(os.sched_getaffinity(0))} cores; {versions}"
