"""Run the whole pipeline in fresh clones under different conditions, and compare every byte: `make verify`."""

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


class Conditions(NamedTuple):
    """Conditions that must not matter: the folder's name, the cores used, and environment variables."""

    folder: str
    cores: str
    variables: Mapping[str, str]


CONDITIONS = (
    Conditions(
        folder="one core",
        cores="0",
        variables={
            "PYTHONHASHSEED": "1",
            "LC_ALL": "C",
            "TZ": "Pacific/Kiritimati",
            # The C library also chooses its mathematical functions by the processor.
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD",
        },
    ),
    Conditions(
        folder="alle Kerne, größer",
        cores="0-1",
        variables={
            "PYTHONHASHSEED": "2",
            "LC_ALL": "C.UTF-8",
            "TZ": "America/Los_Angeles",
            # Variables that a user may have set for other work.
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


def make_again(origin: Path, parent: Path, conditions: Conditions) -> list[str]:
    """Run the pipeline in a fresh clone, and return the files that differ from the commit.

    Parameters
    ----------
    origin : Path
        Repository with committed outputs.
    parent : Path
        Folder of the new clone.
    conditions : Conditions

    Returns
    -------
    list of str
        Files with different bytes, or different hashes in a dvc.lock; empty if every byte is the same.

    Raises
    ------
    RuntimeError
        If the pipeline fails, or does not run all stages.
    """
    folder = parent / conditions.folder
    git(parent, "clone", "--quiet", str(origin), str(folder))
    repro_again = partial(repro, folder, cores=conditions.cores, **conditions.variables)
    output = repro_again("--force", SYNTHESIZE)
    reverse_order_of_creation(folder / "data" / "synthetic" / "recordings")
    # All other stages are downstream of featurize.
    output += repro_again("split") + repro_again("--force", "--downstream", "featurize")
    runs = len(stages_run(output))
    if runs != 8:
        raise RuntimeError(f"{runs} stages of 8 ran in {folder}:\n{output}")
    return git(folder, "diff", "--name-only").splitlines()


def reverse_order_of_creation(folder: Path) -> None:
    """Create the files of a folder again in reverse order, because an unsorted listing may depend on the order."""
    originals = folder.with_name("originals")
    folder.rename(originals)
    folder.mkdir()
    for path in sorted(originals.iterdir(), reverse=True):
        shutil.copyfile(path, folder / path.name)
    shutil.rmtree(originals)


def main() -> None:
    """Verify the committed outputs."""
    command_parser(__doc__).parse_args()
    uncommitted = git(REPOSITORY, "status", "--porcelain", "--untracked-files=no")
    if uncommitted:
        print(f"Only committed files are verified. Not committed:\n{uncommitted}", end="")
    failed = False
    with tempfile.TemporaryDirectory() as parent:
        for conditions in CONDITIONS:
            begun = time.monotonic()
            different = make_again(REPOSITORY, Path(parent), conditions)
            failed |= bool(different)
            result = f"different: {', '.join(different)}" if different else "every byte is the same"
            print(f"{conditions.folder} ({time.monotonic() - begun:.0f} s): {result}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
