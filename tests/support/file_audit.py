"""Which files of a folder a command reads, by what the operating system is asked for.

strace sees every `open` of the command, of the C libraries below it (libsndfile opens recordings, HDF5 weights) and of
the processes that it starts. A file whose presence alone is asked for, or whose size, is not read.
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.clone import run_in

# strace adds the path to every number that stands for an open file: absolute, without links.
OPENED = re.compile(r"^open\w*\(.*\b(?P<flags>O_(?:RDONLY|RDWR)[A-Z_|]*).*\) = \d+<(?P<path>.*)>$")
# What a machine remembers from run to run is no input, as no result depends on it (tests/test_only_what_is_new.py).
MEMORY = ".cache"
LISTED = re.compile(r"^getdents64\(\d+<(?P<path>.*)>, ")


def files_read(command: str, folder: Path) -> set[str]:
    """Run a shell command in a folder and return the files below the folder that it reads.

    Returns
    -------
    set of str
        Paths relative to the folder; that of a folder of which the contents are listed ends with a slash.
    """
    if shutil.which("strace") is None:
        raise RuntimeError("strace is not installed; install it with: apt-get install strace")
    with TemporaryDirectory() as traces:
        # A file for each thread, because the lines of several would be torn apart in one.
        tracing = ["strace", "-ff", "--seccomp-bpf", "-qq", "-y", "-e", "trace=open,openat,openat2,getdents64"]
        tracing += ["-o", str(Path(traces) / "of")]
        result = run_in(folder, "env", "PYTHONDONTWRITEBYTECODE=1", *tracing, "sh", "-c", command)
        if result.returncode:
            raise RuntimeError(f"{command} failed in {folder}:\n{result.stdout}\n{result.stderr}")
        lines = [line for trace in Path(traces).iterdir() for line in trace.read_text(errors="replace").splitlines()]
    opened = {Path(match["path"]) for match in map(OPENED.match, lines) if match and "O_TRUNC" not in match["flags"]}
    listed = {Path(match["path"]) for match in map(LISTED.match, lines) if match}
    # To open a folder is not yet to look at what it holds.
    files = {str(path.relative_to(folder)) for path in opened if path.is_relative_to(folder) and not path.is_dir()}
    return files | {f"{path.relative_to(folder)}/" for path in listed if path.is_relative_to(folder)}


def dependencies_read(read: Iterable[str], files: set[str], outputs: set[str]) -> set[str]:
    """Say which dependencies the files that a stage reads make up.

    Parameters
    ----------
    read : iterable of str
        As from `files_read`.
    files : set of str
        What is declared. A file within a declared folder stands for that folder.
    outputs : set of str
        Of the stage itself. It may read them again, finished or still under a name beginning with `.partial-`.

    Returns
    -------
    set of str
        Of `files`, those that are read, and what is read besides.
    """
    read = {path for path in read if "/.partial-" not in f"/{path}" and not holder(path, outputs | {MEMORY})}
    contents = {path for path in read if not path.endswith("/")}
    listed = {path for path in read - contents if not holder(path, files)}
    # Python lists the folders in which it looks for modules, and a stage those of its outputs, to remove what killed
    # runs have left there. What either of them opens then is seen by itself.
    modules = {path for path in contents if path.endswith(".py")}
    searched = {f"{parent}/" for path in modules | outputs for parent in Path(path).parents}
    return {holder(path, files) or path for path in contents} | listed - searched


def holder(path: str, places: set[str]) -> str | None:
    """Return the file or folder among some that a path is or lies in: the innermost one."""
    return max((place for place in places if Path(path).is_relative_to(place)), key=len, default=None)
