r"""Read and write Audacity label tracks: lines of start, end and text, separated by tabs.

If a label has frequencies, they follow on a second line that begins with a backslash.

References
----------
https://manual.audacityteam.org/man/importing_and_exporting_labels.html
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from stages.lib.runtime.table import quoted
from tools.lib.clips.queue_windows import Window
from tools.lib.detection.detections import Detection
from tools.lib.formats.selections import Selection
from tools.lib.formats.times import times_reader
from tools.lib.recordings.recording_name import named_after

SUFFIX = ".txt"
FIRST_LINE = re.compile(r"[0-9.,:]*[0-9][0-9.,:]*\t[0-9.,:]*[0-9][0-9.,:]*(\t|$)")
FREQUENCIES = "\\"
OF_TABLES = "clip_id"


def is_track(path: Path, lines: Sequence[str]) -> bool:
    """Tell whether lines are a label track; the file name decides if it is empty or its first line is faulty."""
    first = next((line for line in lines if line.strip()), "")
    by_name = path.suffix == SUFFIX and (not first or "\t" in first and OF_TABLES not in first)
    return bool(FIRST_LINE.match(first)) or by_name


def parse_track(path: Path, lines: Iterable[str]) -> tuple[list[Selection], list[str]]:
    """Read the labels and their faults; the file is named after its recording."""
    selections, faults = [], []
    labels = [
        (number, line, [*map(str.strip, line.split("\t")), "", ""])
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith(FREQUENCIES)
    ]
    seconds = times_reader(cell for _, _, cells in labels for cell in cells[:2])
    for number, line, (begin, end, *texts) in labels:
        start_s, end_s = seconds(begin), seconds(end)
        if start_s is None or end_s is None or end_s < start_s:
            faults.append(
                f"{path}:{number}: {quoted(line)} is not a label; write start, end and text, separated by tabs"
            )
        else:
            selections.append(
                Selection(number, named_after(path.name), start_s, end_s, " ".join(filter(None, texts)), "")
            )
    return selections, faults


def format_track(windows: Iterable[Window]) -> str:
    """Return a label track of the windows of a recording, with empty labels."""
    return "".join(label_line(window.start_s, window.end_s, "") for window in windows)


def format_detections(detections: Iterable[Detection]) -> str:
    """Return a label track of the detections in a recording, with their scores; verdicts are written after them."""
    return "".join(label_line(start_s, end_s, f"{p_call:.2f}") for start_s, end_s, p_call in detections)


def label_line(start_s: float, end_s: float, text: str) -> str:
    """Return one label."""
    return f"{start_s:.6f}\t{end_s:.6f}\t{text}\n"
