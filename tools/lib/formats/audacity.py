"""Label tracks of Audacity as annotations: every label is an event of the recording after which the file is named.

Audacity proposes `Labels.txt` as the name. Such a file is about the one recording that lies beside it.
"""

from collections.abc import Sequence
from pathlib import Path

from tools.lib.formats.audacity_track import FIRST_LINE, parse_track
from tools.lib.formats.event import Annotations, Event
from tools.lib.formats.text_lines import lines_of
from tools.lib.recordings.recording_name import SUFFIX, Origin, named_after


def is_audacity(lines: Sequence[str]) -> bool:
    """Tell whether lines are a label track; an empty file is one without labels."""
    first = next((line for line in lines if line.strip()), "")
    return not first or bool(FIRST_LINE.match(first))


def read_audacity(path: Path, lines: Sequence[str]) -> Annotations:
    """Read the labels, and what is wrong with them."""
    recording = recording_of_track(path)
    if not recording:
        fault = "is named after no recording, and not one alone lies beside it; name it as in bay.txt for bay.wav"
        return Annotations([], {}, [f"{path}: {fault}"])
    selections, faults = parse_track(path, lines)
    events = [Event(f"{path}:{one.line}", recording, one.start_s, one.end_s, one.text.strip()) for one in selections]
    return Annotations(events, {recording: Origin()}, faults)


def recording_of_track(path: Path) -> str:
    """Return the recording that a track is about; empty where nobody can tell."""
    name = named_after(path.name)
    if name or not path.parent.is_dir():
        return name
    beside = [other.name for other in sorted(path.parent.iterdir()) if SUFFIX.search(other.name)]
    return beside[0] if len(beside) == 1 else ""


def name_in_data_set(path: Path) -> str:
    """Return the name that a file of annotations gets in a data set, where no recording lies beside it."""
    if named_after(path.name) or not path.is_file() or not is_audacity(lines_of(path.read_bytes())):
        return path.name
    recording = recording_of_track(path)
    return f"{recording}{path.suffix}" if recording else path.name
