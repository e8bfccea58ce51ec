"""One stage at a time, run for the first time on the inputs that a finished pipeline has left for it."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.clone import overlay
from stages.lib.runtime.atomic_write import remove
from tests.support.declarations import Declaration

# Two recordings, which take seconds to make. No other stage sees them.
SYNTHETIC_CLIPS = {"calls": 20, "nocalls": 20}


@contextmanager
def before_its_first_run(finished: Path, declaration: Declaration) -> Iterator[Path]:
    """Copy a finished pipeline without the outputs of one stage, so that the stage does all its work again.

    Nothing of Git and DVC is copied, because a stage needs neither; no bytecode, so that Python reads the modules
    themselves when it imports them; and nothing that the machine remembers, so that the stage reads all inputs.
    """
    with TemporaryDirectory(dir=finished.parent) as parent:
        folder = Path(parent).resolve() / declaration.stage
        shutil.copytree(finished, folder, ignore=shutil.ignore_patterns(".git", ".dvc", ".cache", "__pycache__"))
        for output in declaration.outputs:
            remove(folder / output)
        if declaration.stage == "synthesize":
            overlay(folder / "data" / "synthetic" / "params.yaml", SYNTHETIC_CLIPS)
        yield folder


def of_each(function: Callable[[Declaration], set], declarations: Iterable[Declaration]) -> dict[str, set]:
    """Call a function that runs one stage for each, as many at a time as there are cores; results by stage."""
    declarations = list(declarations)
    with ThreadPoolExecutor(os.cpu_count()) as at_once:
        results = at_once.map(function, declarations)
        return {declaration.stage: result for declaration, result in zip(declarations, results, strict=True)}
