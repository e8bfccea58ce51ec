"""Selection tables of Raven as annotations: every selection is an event."""

from collections.abc import Sequence
from pathlib import Path

from tools.lib.annotations.delimited import header_of, read_rows
from tools.lib.annotations.event import Annotations, Event, Origin
from tools.lib.raven_table import FILE, OFFSET, parse_selections, recording_name
from tools.lib.recording_name import stem


def read_raven(path: Path, lines: Sequence[str]) -> Annotations:
    """Read the selections, each once however many views it has, and what is wrong with them."""
    selections, faults = parse_selections(path, lines)
    events = [
        Event(f"{path}:{selection.line}", selection.stem, selection.begin_s, selection.end_s, selection.text)
        for selection in selections
    ]
    # A table without selections says of the recording that it is named after that there is nothing in it.
    stems = {event.stem for event in events} or {stem(recording_name(path))}
    files = {row.cells.get(FILE, "") for row in read_rows(lines)}
    if len(files) > 1 and OFFSET not in header_of(lines):
        faults.append(
            f"{path}:1: names {len(files)} files, but without the column File Offset (s) nobody can tell whether times "
            "count from the start of each or of the first; add the column in Raven and save the table anew"
        )
    return Annotations(events, dict.fromkeys(sorted(stems), Origin()), faults)
