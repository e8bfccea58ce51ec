"""`labels/label_errors.csv`: clips whose label is probably wrong, most probable first."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import Row, quoted, read_table, write_table
from stages.lib.tables.clips import CALL, NOCALL
from stages.lib.tables.reviews import number

LABEL_ERRORS = Path("labels/label_errors.csv")
COLUMNS = ("clip_id", "label", "p_call", "quality")
REMEDY = "run python -m tools.find_label_errors"


class LabelError(NamedTuple):
    """A clip whose label is probably wrong.

    Attributes
    ----------
    clip_id : str
    label : str
        The label in doubt, `call` or `nocall`.
    p_call : float
        In [0, 1], from a network trained without this clip.
    quality : float
        In [0, 1]; the lower, the more likely the label is wrong.
    """

    clip_id: str
    label: str
    p_call: float
    quality: float


def write_label_errors(path: Path, errors: Iterable[LabelError]) -> None:
    """Write the table in the order given."""
    rows = ((error.clip_id, error.label, f"{error.p_call:.6f}", f"{error.quality:.6f}") for error in errors)
    write_table(path, COLUMNS, rows)


def read_label_errors(path: Path = LABEL_ERRORS) -> list[LabelError]:
    """Read the table; raise `InputFaults` with every invalid row."""
    rows = read_table(path, COLUMNS)
    refuse(f"{path}:{row.line}: {fault}; {REMEDY}" for row in rows if (fault := row_fault(row)))
    return [
        LabelError(row.cells["clip_id"], row.cells["label"], float(row.cells["p_call"]), float(row.cells["quality"]))
        for row in rows
    ]


def row_fault(row: Row) -> str | None:
    """Return the fault of a row; None if it has none."""
    if row.cells["label"] not in (CALL, NOCALL):
        return f"unknown label {quoted(row.cells['label'])}"
    for name in ("p_call", "quality"):
        share = number(row.cells[name])
        if share is None or share > 1:
            return f"{name} {quoted(row.cells[name])} is not a number from 0 to 1"
    return None
