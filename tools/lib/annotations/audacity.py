"""Label tracks of Audacity as annotations: every label is an event of the recording after which the file is named."""

from collections.abc import Sequence
from pathlib import Path

from tools.lib.annotations.event import Annotations, Event, Origin
from tools.lib.audacity_track import FIRST_LINE, parse_track
from tools.lib.recording_name import stem


def is_audacity(lines: Sequence[str]) -> bool:
    """Tell whether lines are a label track; an empty file is one without labels."""
    first = next((line for line in lines if line.strip()), "")
    return not first or bool(FIRST_LINE.match(first))


def read_audacity(path: Path, lines: Sequence[str]) -> Annotations:
    """Read the labels, and what is wrong with them."""
    selections, faults = parse_track(path, lines)
    events = [
        Event(
            f"{path}:{selection.line}", selection.recording, selection.begin_s, selection.end_s, selection.text.strip()
        )
        for selection in selections
    ]
    return Annotations(events, {stem(path.name): Origin()}, faults)
