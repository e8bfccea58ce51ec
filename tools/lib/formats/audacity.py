"""Read Audacity label tracks as annotations: each label is an event in the recording that the file is named after.

Audacity suggests the name `Labels.txt`. Such a file belongs to the only recording in its folder.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from tools.lib.formats.audacity_track import FIRST_LINE, parse_track
from tools.lib.formats.event import UNSURE, Annotations, Event
from tools.lib.formats.text_lines import lines_of
from tools.lib.formats.word_columns import verdict_word
from tools.lib.recordings.recording_name import SUFFIX, Origin, named_after

SCORED = re.compile(r"[01][.,]\d\d(?:\s+(.*))?", re.DOTALL)


def is_audacity(lines: Sequence[str]) -> bool:
    """Tell whether lines are a label track; an empty file is a track without labels."""
    first = next((line for line in lines if line.strip()), "")
    return not first or bool(FIRST_LINE.match(first))


def read_audacity(path: Path, lines: Sequence[str]) -> Annotations:
    """Read the labels and their faults."""
    recording = recording_of_track(path)
    if not recording:
        fault = "belongs to an unknown recording; name it after its recording, as in bay.txt for bay.wav"
        return Annotations([], {}, [f"{path}: {fault}"])
    selections, faults = parse_track(path, lines)
    events = [
        Event(f"{path}:{one.line}", recording, one.start_s, one.end_s, (word_of(one.text.strip()),))
        for one in selections
    ]
    return Annotations(events, {recording: Origin()}, faults)


def word_of(text: str) -> str:
    """Return the word in a label; in a detection of this project, such as `0.93 nocall faint`, the verdict, if any."""
    scored = SCORED.fullmatch(text)
    return verdict_word(scored[1] or UNSURE) if scored else text


def recording_of_track(path: Path) -> str:
    """Return the recording of a track; empty if unknown."""
    name = named_after(path.name)
    if name or not path.parent.is_dir():
        return name
    beside = [other.name for other in sorted(path.parent.iterdir()) if SUFFIX.search(other.name)]
    return beside[0] if len(beside) == 1 else ""


def name_in_data_set(path: Path) -> str:
    """Return the name of an annotation file in a data set, where no recording is in its folder."""
    if named_after(path.name) or not path.is_file() or not is_audacity(lines_of(path.read_bytes())):
        return path.name
    recording = recording_of_track(path)
    return f"{recording}{path.suffix}" if recording else path.name
