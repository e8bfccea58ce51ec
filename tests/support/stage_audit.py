"""What each stage reads when it runs for real, alone, for the first time: files and params, of one and the same run."""

import json
from pathlib import Path
from typing import NamedTuple

from tests.support.declarations import Declaration, read_declarations
from tests.support.file_audit import files_read
from tests.support.lone_stage import before_its_first_run, of_each

# Where work is done is no part of any result (tests/test_cluster.py), so it is declared for no stage.
COMPUTE = "compute."
# Of the audit itself.
OWN = ("tests/", "keys.json")


class Read(NamedTuple):
    """The files that a stage reads, as from `files_read`, and the keys of the params."""

    files: set[str]
    params: set[str]


def read_by(declaration: Declaration, folder: Path) -> Read:
    """Run a stage in a folder and return what it reads there."""
    module = declaration.command.removeprefix("python -m ")
    files = files_read(f"LOKY_MAX_CPU_COUNT=1 python -m tests.support.params_audit {module} keys.json", folder)
    keys = json.loads((folder / "keys.json").read_text())
    return Read(
        {path for path in files if not path.startswith(OWN)}, {key for key in keys if not key.startswith(COMPUTE)}
    )


def audit(finished: Path, folder: Path) -> None:
    """Write into a new folder what each stage of a finished pipeline reads."""

    def read(declaration: Declaration) -> Read:
        with before_its_first_run(finished, declaration) as copy:
            return read_by(declaration, copy)

    folder.mkdir()
    for stage, found in of_each(read, read_declarations(finished).values()).items():
        (folder / f"{stage}.json").write_text(json.dumps([sorted(found.files), sorted(found.params)]))


def audited(folder: Path) -> dict[str, Read]:
    """Return what `audit` has written, by stage."""
    return {path.stem: Read(*map(set, json.loads(path.read_text()))) for path in folder.iterdir()}
