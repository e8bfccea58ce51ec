"""The clips of a data set: `data/<name>/clips.csv`."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from stages.lib.faults import refuse
from stages.lib.table import Row, parse_table

COLUMNS = ("clip_id", "recording", "start_s", "label", "site")
CALL, NOCALL, UNLABELLED = "call", "nocall", ""


class Clip(NamedTuple):
    """One window of a recording.

    Attributes
    ----------
    line : int
        Where it stands in clips.csv.
    clip_id : str
    recording : str
        Path below the data set's `recordings/`.
    start_s : float
        Seconds from the start of the recording.
    label : str
        `call`, `nocall` or empty.
    site : str
        Where the hydrophone is; may be empty.
    """

    line: int
    clip_id: str
    recording: str
    start_s: float
    label: str
    site: str


def make_clip_id(recording: str, start_s: float) -> str:
    """Return the id of a clip: the recording's stem and the start in milliseconds, seven digits or more."""
    return f"{PurePosixPath(recording).stem}_{round(start_s * 1000):07d}"


def read_clips(table: Path) -> list[Clip]:
    """Read clips.csv.

    Parameters
    ----------
    table : Path

    Returns
    -------
    list of Clip
        In the order of the file.

    Raises
    ------
    InputFaults
        With every fault of the table. It does not look at the recordings.
    """
    rows, faults = parse_table(table, COLUMNS)
    for row in rows:
        faults += [f"{table}:{row.line}: {fault}" for fault in row_faults(row.cells)]
    faults += [f"{table}:{fault}" for fault in repetition_faults(rows)]
    if not rows and not faults:
        faults.append(f"{table}: holds no clip; it needs a row for each window of a recording")
    refuse(faults)
    return [parse_clip(row) for row in rows]


def parse_clip(row: Row) -> Clip:
    """Turn a row without faults into a clip."""
    cells = row.cells
    return Clip(row.line, cells["clip_id"], cells["recording"], float(cells["start_s"]), cells["label"], cells["site"])


def row_faults(cells: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with one row, taken by itself."""
    recording = PurePosixPath(cells["recording"])
    if not cells["recording"]:
        yield "recording is empty; name a file of the data set's recordings/"
    elif recording.is_absolute() or ".." in recording.parts:
        yield f"recording {cells['recording']!r} leaves the data set; name a file of its recordings/"
    if cells["label"] not in (CALL, NOCALL, UNLABELLED):
        yield f"unknown label {cells['label']!r}; write call, nocall or nothing"
    start_s = parse_seconds(cells["start_s"])
    if start_s is None:
        yield f"start_s {cells['start_s']!r} is not a time; write seconds from the start of the recording, such as 12.5"
    elif cells["clip_id"] != (expected := make_clip_id(cells["recording"], start_s)):
        yield f"clip_id {cells['clip_id']!r} does not fit its recording and start; it should be {expected}"


def parse_seconds(text: str) -> float | None:
    """Return a number of seconds, or None where the text is none, or negative, or not finite."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def repetition_faults(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the clips that are there twice, the recordings that clip ids cannot tell apart, and those at two sites."""
    first_line: dict[str, int] = {}
    recording_of: dict[str, str] = {}
    site_of: dict[str, str] = {}
    for row in rows:
        clip_id, recording, site = row.cells["clip_id"], row.cells["recording"], row.cells["site"]
        if first_line.setdefault(clip_id, row.line) != row.line:
            yield f"{row.line}: clip {clip_id} is on line {first_line[clip_id]} already; remove one of them"
        stem = PurePosixPath(recording).stem
        if recording_of.setdefault(stem, recording) != recording:
            yield f"{row.line}: {recording} and {recording_of[stem]} have the same stem; rename one of them"
        if site_of.setdefault(recording, site) != site:
            yield f"{row.line}: {recording} is at site {site_of[recording]!r} above and {site!r} here; write one"


def by_recording(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Group clips by recording, recordings in the order of their names, clips in the order of their start."""
    groups = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: (clip.recording, clip.start_s)):
        groups[clip.recording].append(clip)
    return dict(groups)
