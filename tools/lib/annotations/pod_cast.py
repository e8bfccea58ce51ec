"""Tables of Pod.Cast: the name of a recording, where an event begins and how long it is, in seconds.

Pod.Cast lists calls only. A recording without any has one row of a hundredth of a second or less. Tables that say of
each row whether it is a `call` or a `nocall`, in a column of that name, are of the same form.

References
----------
https://github.com/orcasound/orcadata/wiki/Pod.Cast-data-archive, "Data archive format".
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from stages.lib.clips import parse_seconds
from stages.lib.table import Row
from tools.lib.annotations.delimited import first, has_any, header_of, read_rows
from tools.lib.annotations.event import CALL, Annotations, Event, Origin

RECORDING = ("wav_filename", "filename")
BEGIN = ("start_time_s", "start_s", "start")
DURATION = ("duration_s", "duration")
TEXT = ("label", "tag")
SITE = ("site", "location")
DATE, TIME = "date", "pst_or_master_tape_identifier"
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%Y_%m_%d")
NOTHING_S = 0.01


def is_pod_cast(lines: Sequence[str]) -> bool:
    """Tell whether lines are such a table."""
    header = header_of(lines)
    return all(has_any(header, names) for names in (RECORDING, BEGIN, DURATION))


def read_pod_cast(path: Path, lines: Sequence[str]) -> Annotations:
    """Read the events, and what is wrong with the rows."""
    events, origins, faults = [], {}, []
    has_words = has_any(header_of(lines), TEXT)
    for row in read_rows(lines):
        recording = first(row.cells, RECORDING)
        begin_s, duration_s = (parse_seconds(first(row.cells, names)) for names in (BEGIN, DURATION))
        if not recording or begin_s is None or duration_s is None:
            faults.append(f"{path}:{row.line}: {row_fault(row)}")
            continue
        origins.setdefault(recording, origin(row.cells))
        if duration_s > NOTHING_S:
            text = first(row.cells, TEXT) if has_words else CALL
            events.append(Event(f"{path}:{row.line}", recording, begin_s, begin_s + duration_s, text))
    return Annotations(events, origins, faults)


def row_fault(row: Row) -> str:
    """Say what a row lacks."""
    if not first(row.cells, RECORDING):
        return "names no recording; fill in its file name, or remove the row"
    return (
        f"begins at {first(row.cells, BEGIN)!r} and lasts {first(row.cells, DURATION)!r}; "
        "write seconds, such as 12.5, or remove the row"
    )


def origin(cells: Mapping[str, str]) -> Origin:
    """Return where and when the recording of a row was made."""
    return Origin(first(cells, SITE), began(first(cells, (DATE,)), first(cells, (TIME,))))


def began(date: str, time: str) -> str:
    """Return a date, and a time if it is one, in the form of ISO 8601; a date of an unknown form as it is."""
    for form in DATE_FORMATS:
        with suppress(ValueError):
            date = datetime.strptime(date, form).date().isoformat()
    return f"{date}T{time}" if date and re.fullmatch(r"[0-2]\d:[0-5]\d:[0-5]\d", time) else date
