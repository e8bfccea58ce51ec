"""`labels/undecided.csv`: pool clips that experts could not tell in a closed round.

They stay out of the queue and the audit. To ask about a clip again, remove its row.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.table import parse_table, quoted, write_table

UNDECIDED, ROUNDS = Path("labels/undecided.csv"), Path("labels/rounds.csv")
COLUMNS = ("clip_id", "round")
ROUND = re.compile("[0-9]{1,9}")
# A row of the rounds begins with its number, whatever separates the cells.
CLOSED_ROUND = re.compile(rf'^[ "]*({ROUND.pattern})\b', re.MULTILINE)


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
        if not ROUND.fullmatch(row.cells["round"])
    ]
    refuse(faults)
    return [UndecidedClip(row.cells["clip_id"], int(row.cells["round"])) for row in rows]


def round_now(path: Path = ROUNDS) -> int:
    """Return the number of the open round: one more than the latest closed round, or 1."""
    rounds = remembered(path).read_text(encoding="utf-8", errors="replace")
    return 1 + max(map(int, CLOSED_ROUND.findall(rounds)), default=0)
