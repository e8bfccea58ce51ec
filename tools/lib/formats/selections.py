"""Turn selections drawn in a sound editor into answers for queued clips."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import Row, quoted
from stages.lib.tables.clips import recording_id
from stages.lib.tables.expert import LABELS
from tools.lib.clips.queue_windows import Window
from tools.lib.recordings.recording_finder import Finder
from tools.lib.recordings.recording_name import named_after

TEXT = re.compile(rf"({'|'.join(LABELS)})(?:[\s:,]+(.*))?", re.IGNORECASE | re.DOTALL)
NOT_FILLED_IN = ("", "?")
SAME_S = 1e-6  # The last digit that Audacity writes.


class Selection(NamedTuple):
    """A labelled span of a recording.

    Attributes
    ----------
    line : int
        Its line in the file.
    recording : str
        Its name in the file.
    start_s, end_s : float
        Seconds from the start of the recording; equal for a point.
    text : str
        `call`, `nocall` or `unsure`, optionally followed by a note.
    note : str
        From a separate column.
    score : str
        Of a detection; empty for any other selection.
    """

    line: int
    recording: str
    start_s: float
    end_s: float
    text: str
    note: str
    score: str = ""


class DataSetWindows:
    """Windows of a data set, what finds their recordings, and the clip of each recording, start and end."""

    def __init__(self, windows: Sequence[Window]):
        self.windows = windows
        self.finder = Finder(dict.fromkeys(window.recording for window in windows))
        self.clip_of = {(window.recording, *span_of(window)): window.clip_id for window in windows}


def span_of(one: Selection | Window) -> tuple[float, float]:
    """Return the start and the end to the millisecond, like clip ids."""
    return round(one.start_s, 3), round(one.end_s, 3)


def rows_of(
    path: Path,
    selections: Sequence[Selection],
    windows: Sequence[Window],
    annotator: str,
    day: str,
    *,
    ever: Sequence[Sequence[Window]],
) -> tuple[list[Row], list[str]]:
    """Turn completed selections into rows of labels/expert.csv, one per clip.

    Parameters
    ----------
    path : Path
    selections : sequence of Selection
    windows : sequence of Window
        The queued clips.
    annotator, day : str
    ever : sequence of sequence of Window
        The windows of each data set that any queue has asked about, the data set in use first. A selection with exactly
        the times of such a window is about its clip.

    Returns
    -------
    rows : list of Row
    faults : list of str
        Selections with unknown text, outside queued clips, or in contradiction to another.
    """
    rows: dict[str, Row] = {}
    notes: dict[str, list[str]] = defaultdict(list)
    faults = []
    queued, table = DataSetWindows(windows), named_after(path.name)
    in_use, others = DataSetWindows([*windows, *ever[0]]), [DataSetWindows(of_data_set) for of_data_set in ever[1:]]
    for selection in selections:
        label, said = label_of(selection)
        clip_id, fault = exact_clip(selection, [in_use], table), None
        if not clip_id:
            clip_id, fault = queued_clip(selection, queued, table)
        if fault and (elsewhere := exact_clip(selection, others, table)):
            clip_id, fault = elsewhere, None
        if not label:
            fault = f"unknown text {quoted(selection.text)}; write {', '.join(LABELS)}, and optionally a note after it"
        elif clip_id in rows and rows[clip_id].cells["label"] != label:
            before = rows[clip_id]
            fault = f"{label} for {clip_id}, but {before.cells['label']} on line {before.line}; keep one"
        if fault:
            faults.append(f"{path}:{selection.line}: {fault}")
        else:
            cells = {"clip_id": clip_id, "label": label, "annotator": annotator, "date": day}
            rows.setdefault(clip_id, Row(selection.line, cells))
            notes[clip_id] += said
    return [Row(row.line, row.cells | {"note": joined(notes[clip_id])}) for clip_id, row in rows.items()], faults


def label_of(selection: Selection) -> tuple[str, list[str]]:
    """Return the label and the notes of a selection; an empty label if its first word is unknown."""
    match = TEXT.fullmatch(selection.text.strip())
    return (match[1].lower(), [match[2] or "", selection.note]) if match else ("", [])


def is_filled_in(selection: Selection) -> bool:
    """Tell whether a selection has a text."""
    return selection.text.strip() not in NOT_FILLED_IN


def joined(notes: Sequence[str]) -> str:
    """Join notes without repeats."""
    return "; ".join(dict.fromkeys(note.strip() for note in notes if note.strip()))


def exact_clip(selection: Selection, data_sets: Sequence[DataSetWindows], table: str) -> str:
    """Return the id of the one clip that has exactly the times of a selection; empty if there is none, or several."""
    found = {
        clip_id
        for one in data_sets
        for path in meant_recordings(selection, one.finder, table)
        if (clip_id := one.clip_of.get((path, *span_of(selection))))
    }
    return found.pop() if len(found) == 1 else ""


def meant_recordings(selection: Selection, finder: Finder, table: str) -> list[str]:
    """Return the recordings that a selection may be about; parameters as for `queued_clip`."""
    meant = finder.find(selection.recording).meant
    return [path for path in finder.find(table).meant if path in meant] or meant


def queued_clip(selection: Selection, queued: DataSetWindows, table: str) -> tuple[str, str | None]:
    """Return the id of the clip that a selection overlaps most, or its fault.

    `table` is the recording that the file is named after. It decides if the selection itself is ambiguous.
    """
    place = f"{selection.start_s:g} to {selection.end_s:g} s"
    meant = meant_recordings(selection, queued.finder, table)
    if not meant:
        return "", f"no clip of a recording {quoted(selection.recording)} is queued; name the file after its recording"
    if len(meant) > 1:
        return "", (
            f"{quoted(selection.recording)} matches {len(meant)} recordings: {', '.join(meant)}; name the file as "
            f"python -m tools.queue_tracks does: {recording_id(meant[0])}"
        )
    of_recording = [window for window in queued.windows if window.recording == meant[0]]
    shared_s = {window.clip_id: overlap_s(selection, window) for window in of_recording if covers(selection, window)}
    if not shared_s:
        return "", f"there is no queued clip at {place}; python -m tools.queue_tracks lists their times"
    most = max(shared_s.values())
    best = [clip_id for clip_id, seconds in shared_s.items() if seconds > most - SAME_S]
    if len(best) > 1:
        return "", f"{place} overlaps {best[0]} and {best[1]} equally; make a selection for each"
    return best[0], None


def overlap_s(selection: Selection, window: Window) -> float:
    """Return the overlap of a selection and a window in seconds; negative if they do not meet."""
    return min(selection.end_s, window.end_s) - max(selection.start_s, window.start_s)


def covers(selection: Selection, window: Window) -> bool:
    """Tell whether the overlap is at least half of the shorter one; for a point, whether it is in the window."""
    selected_s, window_s = selection.end_s - selection.start_s, window.end_s - window.start_s
    if selected_s < SAME_S:
        return window.start_s <= selection.start_s < window.end_s
    return overlap_s(selection, window) > min(selected_s, window_s) / 2 - SAME_S / 2
