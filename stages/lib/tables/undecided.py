"""`labels/undecided.csv`: pool clips that experts could not tell in a closed round.

They stay out of the queue and the audit. To ask about a clip again, remove its row.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.table import parse_table, quoted, write_table

UNDECIDED, ROUNDS = Path("labels/undecided.csv"), Path("labels/rounds.csv")
COLUMNS = ("clip_id", "round")


class UndecidedClip(NamedTuple):
    """A clip whose answers have no majority of calls or no-calls, and the round of these answers."""

    clip_id: str
    round: int


def write_undecided(path: Path, clips: Iterable[UndecidedClip]) -> None:
    """Write the table, sorted by clip id."""
    write_table(path, COLUMNS, sorted(clips))


def read_undecided(path: Path = UNDECIDED) -> list[UndecidedClip]:
    """Read the table back; raise `InputFaults` with every wrong row, since people can edit it."""
    rows, faults = parse_table(path, COLUMNS)
    faults += [
        f"{path}:{row.line}: round {quoted(row.cells['round'])} is not a number; write the round's number from {ROUNDS}"
        for row in rows
        if not (row.cells["round"].isascii() and row.cells["round"].isdigit())
    ]
    refuse(faults)
    return [UndecidedClip(row.cells["clip_id"], int(row.cells["round"])) for row in rows]


def round_now(path: Path = ROUNDS) -> int:
    """Return the number of the open round: the number of closed rounds plus 1."""
    with remembered(path).open(encoding="utf-8", newline="") as table:
        return 1 + sum(bool(row["round"]) for row in csv.DictReader(table))
