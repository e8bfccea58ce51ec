"""Selection tables of Raven as annotations: every selection is an event."""

from collections.abc import Sequence
from pathlib import Path

from tools.lib.annotations.delimited import header_of, read_rows
from tools.lib.annotations.event import Annotations, Event, Origin
from tools.lib.raven_table import FILE, OFFSET, parse_selections, recording_name


def read_raven(path: Path, lines: Sequence[str]) -> Annotations:
    """Read the selections, each once however many views it has, and what is wrong with them."""
    selections, faults = parse_selections(path, lines)
    events = [
        Event(f"{path}:{selection.line}", selection.recording, selection.begin_s, selection.end_s, selection.text)
        for selection in selections
    ]
    # A table without selections says of the recording that it is named after that there is nothing in it.
    names = {event.recording for event in events} or {recording_name(path)}
    return Annotations(events, dict.fromkeys(sorted(names), Origin()), [*faults, *offset_faults(path, lines)])


def offset_faults(path: Path, lines: Sequence[str]) -> list[str]:
    """List where a table of several files does not say from which on its times count."""
    rows = read_rows(lines)
    files = {row.cells.get(FILE, "") for row in rows}
    if len(files) < 2:
        return []
    if OFFSET not in header_of(lines):
        return [
            f"{path}:1: names {len(files)} files, but without the column File Offset (s) nobody can tell whether times "
            "count from the start of each or of the first; add the column in Raven and save the table anew"
        ]
    return [
        f"{path}:{row.line}: lacks its {name}, which a table of several files needs; save the table anew"
        for row in rows
        for column, name in ((FILE, "Begin File"), (OFFSET, "File Offset (s)"))
        if not row.cells[column]
    ]
