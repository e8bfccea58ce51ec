"""Make every output again in fresh clones, each under other circumstances, and compare every byte: `make verify`."""

import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from experiments.clone import REPOSITORY, git, repro, stages_run
from tools.lib.command_parser import command_parser

SYNTHESIZE = "data/synthetic/dvc.yaml:synthesize"


class Circumstances(NamedTuple):
    """What must not matter: the folder's name, the cores at work, and the environment."""

    folder: str
    cores: str
    variables: Mapping[str, str]


CIRCUMSTANCES = (
    Circumstances(
        folder="one core",
        cores="0",
        variables={
            "PYTHONHASHSEED": "1",
            "LC_ALL": "C",
            "TZ": "Pacific/Kiritimati",
            # The C library chooses its mathematical functions by the processor, too.
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD",
        },
    ),
    Circumstances(
        folder="alle Kerne, größer",
        cores="0-1",
        variables={
            "PYTHONHASHSEED": "2",
            "LC_ALL": "C.UTF-8",
            "TZ": "America/Los_Angeles",
            # What a user may have set for other work.
            "KERAS_MAX_EPOCHS": "1",
            "NPY_DISABLE_CPU_FEATURES": "",
            "OMP_NUM_THREADS": "1",
            "ONEDNN_MAX_CPU_ISA": "ALL",
            "OPENBLAS_CORETYPE": "SkylakeX",
            "OPENBLAS_NUM_THREADS": "2",
            "TF_ENABLE_ONEDNN_OPTS": "0",
        },
    ),
)


def make_again(origin: Path, parent: Path, circumstances: Circumstances) -> list[str]:
    """Run the pipeline in a fresh clone and say what differs from what is committed.

    Parameters
    ----------
    origin : Path
        A repository whose commit holds the outputs.
    parent : Path
        Where the clone is made.
    circumstances : Circumstances

    Returns
    -------
    list of str
        The files whose bytes, or whose hashes in a dvc.lock, are others; empty where every byte is the same.

    Raises
    ------
    RuntimeError
        Where the pipeline fails, or does not run whole.
    """
    folder = parent / circumstances.folder
    git(parent, "clone", "--quiet", str(origin), str(folder))
    repro_again = partial(repro, folder, cores=circumstances.cores, **circumstances.variables)
    output = repro_again("--force", SYNTHESIZE)
    reverse_order_of_creation(folder / "data" / "synthetic" / "recordings")
    # Everything else lies downstream of featurize.
    output += repro_again("split") + repro_again("--force", "--downstream", "featurize")
    runs = len(stages_run(output))
    if runs != 8:
        raise RuntimeError(f"{runs} stages of 8 ran in {folder}:\n{output}")
    return git(folder, "diff", "--name-only").splitlines()


def reverse_order_of_creation(folder: Path) -> None:
    """Create the files of a folder again, the last first, as a listing that is not sorted would show them."""
    originals = folder.with_name("originals")
    folder.rename(originals)
    folder.mkdir()
    for path in sorted(originals.iterdir(), reverse=True):
        shutil.copyfile(path, folder / path.name)
    shutil.rmtree(originals)


def main() -> None:
    """Verify what is committed."""
    command_parser(__doc__).parse_args()
    uncommitted = git(REPOSITORY, "status", "--porcelain", "--untracked-files=no")
    if uncommitted:
        print(f"Only what is committed is verified. Not committed:\n{uncommitted}", end="")
    failed = False
    with tempfile.TemporaryDirectory() as parent:
        for circumstances in CIRCUMSTANCES:
            begun = time.monotonic()
            different = make_again(REPOSITORY, Path(parent), circumstances)
            failed |= bool(different)
            result = f"different: {', '.join(different)}" if different else "every byte is the same"
            print(f"{circumstances.folder} ({time.monotonic() - begun:.0f} s): {result}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
