"""A worker of a Dask cluster, started from a checkout: `make worker SCHEDULER=tcp://HOST:8786`.

The same code, libraries and settings give the same bytes. So a worker that differs in any of them is refused.
"""

import argparse
import os
import platform
import re
import socket
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stages.lib.cache.digests import FileHash, hash_files, short_digest
from stages.lib.runtime.determinism import ENVIRONMENT, PREFIXES
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import state
from stages.lib.runtime.running import run

ADDRESS = re.compile(r"(tcp|tls)://[^\s:/]+:\d+")
ROOT = Path(__file__).parents[3]
LIBRARIES = ("numpy", "scipy", "librosa", "soxr", "soundfile", "PyWavelets", "tensorflow", "keras")
AGAIN = "start it again with make worker"
REBUILD = f"remove .venv there and {AGAIN}"
REMEDIES = {
    "code": f"check out the same commit there and {AGAIN}",
    "Python": f"{REBUILD} PYTHON=...",
    "processor": "use a machine with the same processor",
    "C library": "use a machine with the same Linux",
}


@cache
def loaded_code() -> dict[str, FileHash]:
    """Return state and digest of each source file, as they were when this process first asked."""
    paths = [path for package in ("stages", "tools") for path in sorted((ROOT / package).rglob("*.py"))]
    return hash_files(paths, {})


def code_digest() -> str:
    """Return the digest of the code of this checkout."""
    return short_digest(
        repr([(Path(path).relative_to(ROOT), seen.digest) for path, seen in loaded_code().items()]).encode()
    )


def library_version(library: str) -> str:
    """Return the version of an installed library, or "none"."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


@cache
def versions() -> dict[str, str]:
    """Return by name what the bytes of features and scores depend on, apart from the settings."""
    return {
        "code": code_digest(),
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "processor": platform.machine(),
        "C library": " ".join(platform.libc_ver()),
        **{library: library_version(library) for library in LIBRARIES},
    }


@cache
def settings_at_start() -> dict[str, str]:
    """Return the settings of the libraries that this process was started with, whatever was set since."""
    variables = Path("/proc/self/environ").read_bytes().decode(errors="replace").split("\0")
    return dict(variable.split("=", 1) for variable in variables if variable.startswith(PREFIXES))


def setup_faults(expected: dict[str, str]) -> list[str]:
    """Name what makes this process unfit to work for one with other code, versions or settings.

    Parameters
    ----------
    expected : dict
        What `versions` returns there.
    """
    faults = [
        f"{name} {found} there, {expected[name]} here; {REMEDIES.get(name, REBUILD)}"
        for name, found in versions().items()
        if found != expected[name]
    ]
    settings = sorted(name for name, _ in settings_at_start().items() ^ ENVIRONMENT.items())
    if settings:
        faults.append(f"was started with other settings ({', '.join(dict.fromkeys(settings))}); {AGAIN}")
    if any(seen.state != state(Path(path)) for path, seen in loaded_code().items()):
        faults.append(f"its code was changed after it had started; {AGAIN}")
    return [f"worker on {socket.gethostname()}: {fault}" for fault in faults]


def main() -> None:
    """Become `dask worker`: a process with one thread for each core, with the settings that `stages` has made."""
    parser = argparse.ArgumentParser(description="Start workers for a Dask cluster on all cores of this machine.")
    parser.add_argument("scheduler", help="address of the scheduler: tcp://HOST:8786")
    scheduler = parser.parse_args().scheduler
    refuse([] if ADDRESS.fullmatch(scheduler) else ["make worker: needs the scheduler; add SCHEDULER=tcp://HOST:8786"])
    # Dask lets workers return freed memory at once. Then each clip would ask the system for its memory again.
    os.environ["DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON"] = "{'MALLOC_TRIM_THRESHOLD_': None}"
    command = [sys.executable, "-m", "dask", "worker", scheduler, "--nworkers=-1", "--nthreads=1"]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    run(main)
