"""Split the selections of a Raven sequence: several files opened as one sound.

A selection may begin in one file and end in another. `Begin Time (s)` counts from the start of the first file. `Begin
File` and `File Offset (s)` give the actual start of a selection, and `End File` the file in which it ends.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from stages.lib.runtime.table import Row
from tools.lib.formats.columns import (
    BEGIN_FILE,
    BEGIN_PATH,
    END_FILE,
    END_PATH,
    FILE_OFFSET,
    RAVEN_BEGIN,
    RECORDING,
    START,
)
from tools.lib.formats.delimited import Table, first
from tools.lib.formats.event import Event
from tools.lib.recordings.recording_finder import agree
from tools.lib.recordings.recording_name import is_named_after, stem

SAME_S = 0.01  # Raven can be set to write times in hundredths of a second.
REMEDY = "add the column File Offset (s) in Raven and save the table again"


class Placed(NamedTuple):
    """An event, its row, and its start in that row, which may count from the start of a sequence."""

    row: Row
    start_s: float
    event: Event


def has_offsets(table: Table) -> bool:
    """Tell whether the column `File Offset (s)` gives the start of an event in its recording."""
    return FILE_OFFSET in table.names and table.key(START) == RAVEN_BEGIN and names_files(table)


def names_files(table: Table) -> bool:
    """Tell whether a table has a column for the recording of each row."""
    return bool(table.key((*RECORDING, BEGIN_PATH, BEGIN_FILE)))


def offset_faults(table: Table, placed: Sequence[Placed]) -> list[str]:
    """List a fault for each place where a Raven table leaves open from which file its times count."""
    if table.key(START) != RAVEN_BEGIN or table.key(RECORDING) or not names_files(table):
        return []
    files = sorted({one.event.recording for one in placed})
    if not files or (len(files) == 1 and is_named_after(table.path.name, files[0])):
        return []
    if not any(one.row.cells.get(FILE_OFFSET) for one in placed):
        if len(files) > 1:
            fault = (
                f"names {len(files)} files, but has no column File Offset (s), so its times may count from the start "
                f"of each file or of the first; {REMEDY}"
            )
        else:
            fault = (
                f"names only the file {files[0]}, is not named after it, and has no column File Offset (s), so its "
                f"times may count from the start of that file or of a sequence; {REMEDY}, or, if they count from the "
                f"start of that file, name the table {stem(files[0])}.selections.txt"
            )
        return [f"{table.path}:{table.line}: {fault}"]
    return [
        f"{table.path}:{one.row.line}: has no File Offset (s), which a table of several files needs; {REMEDY}"
        for one in placed
        if not one.row.cells[FILE_OFFSET]
    ]


def in_all_files(placed: Sequence[Placed]) -> list[Event]:
    """Return the events, and one more event for each further file that an event reaches.

    If the table does not give the start of a file, it follows later from the length of the previous file.
    """
    starts = starts_of_files(placed)
    return [event for one in placed for event in (one.event, *later_parts(one, starts))]


def starts_of_files(placed: Sequence[Placed]) -> list[tuple[float, str]]:
    """Return the start of each file in the sequence, in order; empty if the rows do not form a sequence."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in placed:
        found[one.event.recording].append(one.start_s - one.event.start_s)
    starts = sorted((min(of_file), name) for name, of_file in found.items())
    moving = any(max(of_file) - min(of_file) > SAME_S for of_file in found.values())
    distinct = all(second - first > SAME_S for (first, _), (second, _) in pairwise(starts))
    return starts if distinct and not moving else []


def later_parts(one: Placed, starts: Sequence[tuple[float, str]]) -> Iterator[Event]:
    """Yield the parts of an event in files after its first."""
    event, end_file = one.event, first(one.row.cells, (END_PATH, END_FILE))
    if (not starts and not end_file) or agree(end_file, event.recording):
        return
    lasting_s = event.end_s - event.start_s
    end_s = one.start_s + lasting_s
    reached = starts[
        bisect_right(starts, one.start_s, key=itemgetter(0)) : bisect_left(starts, end_s, key=itemgetter(0))
    ]
    for start_s, name in reached:
        if name != event.recording:  # A rounding error may put the start of its own file after the event's.
            yield event._replace(recording=name, start_s=0.0, end_s=end_s - start_s)
    if end_file and not any(agree(end_file, name) for _, name in reached):
        yield event._replace(recording=end_file, start_s=0.0, end_s=lasting_s, before=(event.recording, event.start_s))
