"""Read tables of events, one per row: recording, start, end or duration, and a word.

Raven, Pod.Cast, Ketos, OpenSoundscape, BirdNET, Kaleidoscope, APLOSE and many others write such tables. Their column
names differ (`columns.py`). In Raven's tables, times may count from the start of another file (`sequence.py`).

References
----------
https://github.com/orcasound/orcadata/wiki/Pod.Cast-data-archive, "Data archive format".
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import NamedTuple

from stages.lib.runtime.table import Row
from tools.lib.formats.columns import (
    BEGIN_FILE,
    BEGIN_PATH,
    DATE,
    DURATION,
    END,
    FILE_OFFSET,
    FOLDER,
    OF_KALEIDOSCOPE,
    OFFSET_AS_END,
    ONSET,
    RAVEN_BEGIN,
    RECORDING,
    SITE,
    START,
    TIME,
)
from tools.lib.formats.delimited import Table, first
from tools.lib.formats.event import Annotations, Event
from tools.lib.formats.sequence import Placed, has_offsets, in_all_files, names_files, offset_faults
from tools.lib.formats.times import span_fault, times_reader
from tools.lib.formats.word_columns import word_columns, words_of
from tools.lib.recordings.recording_name import Origin, named_after, stem

DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%Y_%m_%d")
NAMELESS = (
    "there is no column for the recording, and the table is not named after one; add a column filename, or name the "
    "table after its recording, as in bay.selections.txt for bay.wav"
)
NOTHING_S = 0.01  # In Pod.Cast's tables, a recording without a call has a row of at most this length, without a word.


class Times(NamedTuple):
    """The columns with the times of an event; `end` or `duration` may be empty, but not both."""

    start: str
    end: str
    duration: str

    @property
    def lasting(self) -> str:
        """The column with the end of an event, or otherwise its duration."""
        return self.end or self.duration


def time_columns(table: Table) -> Times:
    """Return the columns of times; empty if there are none."""
    start = table.key(START)
    end = table.key((*END, *OFFSET_AS_END) if start in ONSET else END)
    return Times(start, end, "" if end else table.key(DURATION))


def is_event_table(table: Table) -> bool:
    """Tell whether a table holds events."""
    times = time_columns(table)
    return bool(times.start and times.lasting)


def read_event_table(table: Table, words: Sequence[str] = ()) -> Annotations:
    """Read the events, each once even if Raven lists several views, and the faults of the rows.

    `words` is as for `word_columns`.
    """
    times = time_columns(table)
    seconds = times_reader(row.cells[key] for row in table.rows for key in times if key)
    groups, faults = word_columns(table, words)
    named = has_recordings(table)
    own_name = "" if named else named_after(table.path.name)
    if not own_name and not named:
        return Annotations([], {}, [*table.faults, f"{table.path}:{table.line}: {NAMELESS}"])
    offsets = has_offsets(table)
    recording_keys = [key for key in (*RECORDING, BEGIN_FILE) if key in table.names]
    placed, origins = [], {}
    for row in table.rows:
        recording = own_name or recording_of(row.cells, recording_keys)
        if recording and recording not in origins:
            origins[recording] = origin(row.cells)
        wordless = not any(first(row.cells, group) for group in groups)
        if recording and wordless and not first(row.cells, times):
            continue
        start_s, last = seconds(row.cells[times.start]), seconds(row.cells[times.lasting])
        if not recording or start_s is None or last is None or (times.end and last < start_s):
            faults.append(f"{table.path}:{row.line}: {row_fault(row, recording, times)}")
            continue
        lasting_s = last - start_s if times.end else last
        if not wordless or not says_nothing(start_s, lasting_s, times):
            offset_s = seconds(row.cells[FILE_OFFSET]) if offsets else None
            from_s = start_s if offset_s is None else offset_s
            of_event = words_of(row.cells, groups)
            event = Event(f"{table.path}:{row.line}", recording, from_s, from_s + lasting_s, of_event)
            placed.append(Placed(row, start_s, event))
    placed = once(placed)
    faults += offset_faults(table, placed)
    events = in_all_files(placed)
    origins |= {event.recording: origins.get(event.recording, Origin()) for event in events}
    if own_name and not table.rows:
        origins[own_name] = Origin()
    return Annotations(events, origins, sorted_faults(table, faults), notes(table, own_name), tuple(table.names))


def has_recordings(table: Table) -> bool:
    """Tell whether a table has a column for the recordings; one that Raven has left empty does not count."""
    if table.key(START) == RAVEN_BEGIN and not table.key(RECORDING):
        return any(first(row.cells, (BEGIN_PATH, BEGIN_FILE)) for row in table.rows)
    return names_files(table)


def recording_of(cells: Mapping[str, str], keys: Sequence[str]) -> str:
    """Return the recording that a row names in one of some columns, with its folder if given."""
    name, path, folder = first(cells, keys), first(cells, (BEGIN_PATH,)), first(cells, (FOLDER,))
    if path and (not name or stem(path) == stem(name)):
        return path
    return f"{folder.rstrip('/')}/{name}" if name and folder else name


def says_nothing(start_s: float, lasting_s: float, times: Times) -> bool:
    """Tell whether a row without a word only says that somebody listened to a recording."""
    if times.start == RAVEN_BEGIN or lasting_s > NOTHING_S:
        return False
    return not times.end or start_s <= NOTHING_S


def row_fault(row: Row, recording: str, times: Times) -> str:
    """Return the fault of a row."""
    if not recording:
        return "names no recording; fill in its file name, or remove the row"
    verb = "ends at" if times.end else "lasts"
    return span_fault(row.cells[times.start], row.cells[times.lasting], verb)


def once(placed: Sequence[Placed]) -> list[Placed]:
    """Keep the first view of each selection; Raven writes a row per view."""
    seen: dict[tuple, Placed] = {}
    for one in placed:
        view = one.row.cells.get("view")
        number = (one.row.cells.get("selection") or one.row.line) if view else one.row.line
        seen.setdefault((number, *one.event[1:]), one)
    return list(seen.values())


def origin(cells: Mapping[str, str]) -> Origin:
    """Return where and when the recording of a row was made."""
    date = "" if OF_KALEIDOSCOPE in cells else first(cells, (DATE,))  # Kaleidoscope's file names tell more.
    return Origin(first(cells, SITE), began(date, first(cells, (TIME,))))


@cache
def began(date: str, time: str) -> str:
    """Return a date, and its time if valid, in ISO 8601; return a date in an unknown format unchanged."""
    for form in DATE_FORMATS:
        with suppress(ValueError):
            date = datetime.strptime(date, form).date().isoformat()
    return f"{date}T{time}" if date and re.fullmatch(r"[0-2]\d:[0-5]\d:[0-5]\d", time) else date


def notes(table: Table, own_name: str) -> list[str]:
    """Note that a table is assigned to the recording it is named after, unless that is usual for its format."""
    if not own_name or time_columns(table).start == RAVEN_BEGIN:
        return []
    return [f"{table.path}: has no column for the recording, so it is assigned to {own_name!r} by its file name"]


def sorted_faults(table: Table, faults: Sequence[str]) -> list[str]:
    """Return all faults sorted by line."""
    return sorted([*table.faults, *faults], key=lambda fault: int(fault[len(f"{table.path}:") :].partition(":")[0]))
