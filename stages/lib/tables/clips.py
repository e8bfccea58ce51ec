"""The clips of a data set: `data/<name>/clips.csv`.

A clip is named after its recording, folders included: the clip of `2019/07/05/000000.wav` that starts at 3 s is
`2019--07--05--000000_0003000`. This is a valid file name on every system, and it depends only on the row.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import Row, is_formula, parse_table, quoted

COLUMNS = ("clip_id", "recording", "start_s", "label", "site")
CALL, NOCALL, UNLABELLED = "call", "nocall", ""
# File systems allow names of 255 bytes and paths of 4096. Files made from a recording get longer names than its own.
LONGEST_NAME, LONGEST_PATH = 200, 1000
LATEST_START_S = 1e9  # Thirty years.
FOLDER_MARK = "--"  # Separates folders in the id of a recording.


class Clip(NamedTuple):
    """One window of a recording.

    Attributes
    ----------
    line : int
        Its line in clips.csv.
    clip_id : str
    recording : str
        Path below the data set's `recordings/`.
    start_s : float
        Seconds from the start of the recording.
    label : str
        `call`, `nocall` or empty.
    site : str
        Location of the hydrophone; may be empty.
    """

    line: int
    clip_id: str
    recording: str
    start_s: float
    label: str
    site: str

    @property
    def recording_id(self) -> str:
        """The id of its recording."""
        return recording_of(self.clip_id)


def make_clip_id(recording: str, start_s: float) -> str:
    """Return the id of a clip: the recording's id and the start in milliseconds, seven digits or more."""
    return clip_id_of(recording_id(recording), start_s)


def clip_id_of(recording: str, start_s: float) -> str:
    """Return the id of a clip, given the id of its recording."""
    return f"{recording}_{round(start_s * 1000):07d}"


def recording_of(clip_id: str) -> str:
    """Return the id of a clip's recording."""
    return clip_id.rpartition("_")[0]


@cache  # Many clips share one recording.
def recording_id(recording: str) -> str:
    """Return the id of a recording, also used in file names: its path without suffix, `--` between folders.

    An id longer than `LONGEST_NAME` bytes is cut to its end, after a digest of the path.
    """
    path = PurePosixPath(recording)
    name = FOLDER_MARK.join([*path.parts[:-1], path.stem])
    if len(name.encode(errors="surrogatepass")) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(recording.encode(errors="surrogatepass")).hexdigest()[:16]
    room = LONGEST_NAME - len(digest + FOLDER_MARK)
    return digest + FOLDER_MARK + name.encode(errors="surrogatepass")[-room:].decode(errors="ignore")


def read_clips(table: Path) -> list[Clip]:
    """Read clips.csv, in the order of the file.

    Parameters
    ----------
    table : Path

    Raises
    ------
    InputFaults
        With every fault of the table. The recordings are not checked.
    """
    remedy = "run dvc repro or dvc pull, or correct data.dataset in params.yaml"
    refuse([] if table.exists() else [f"{table}: there is no such file; {remedy}"])
    rows, faults = parse_table(table, COLUMNS)
    # A site with two spellings could end up on both sides of a split.
    spelling: dict[str, str] = {}
    rows = [
        Row(row.line, row.cells | {"site": spelling.setdefault(same_site(row.cells["site"]), row.cells["site"])})
        for row in rows
    ]
    for row in rows:
        faults += [f"{table}:{row.line}: {fault}" for fault in row_faults(row.cells)]
    faults += [f"{table}:{fault}" for fault in repetition_faults(rows)]
    if not rows and not faults:
        faults.append(f"{table}: has no clips; add a row for each window of a recording")
    refuse(faults)
    return [parse_clip(row) for row in rows]


def same_site(site: str) -> str:
    """Return the form shared by all spellings of a site, such as `rpi-orcasound-lab` and `Rpi_Orcasound_Lab`."""
    return re.sub(r"[-_\s]+", "_", unicodedata.normalize("NFC", site).casefold())


def parse_clip(row: Row) -> Clip:
    """Convert a row without faults to a clip."""
    cells = row.cells
    return Clip(row.line, cells["clip_id"], cells["recording"], float(cells["start_s"]), cells["label"], cells["site"])


def row_faults(cells: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with a single row."""
    fault = path_fault(cells["recording"])
    if fault:
        yield fault
    if cells["label"] not in (CALL, NOCALL, UNLABELLED):
        yield f"unknown label {quoted(cells['label'])}; write call, nocall or nothing"
    if not cells["site"].isprintable():
        yield f"site {quoted(cells['site'])} contains an invisible character; type the name again"
    start_s = parse_seconds(cells["start_s"])
    if start_s is None:
        yield (
            f"start_s {quoted(cells['start_s'])} is not a time; "
            "write seconds from the start of the recording, such as 12.5"
        )
    elif not fault and cells["clip_id"] not in (possible := possible_clip_ids(cells["recording"], start_s)):
        yield f"clip_id {quoted(cells['clip_id'])} does not match its recording and start; it should be {possible[0]}"


def possible_clip_ids(recording: str, start_s: float) -> tuple[str, str]:
    """Return the id that a clip should have, and the id without folders that earlier versions gave it."""
    return make_clip_id(recording, start_s), clip_id_of(PurePosixPath(recording).stem, start_s)


@cache
def path_fault(recording: str) -> str | None:
    """Return what is wrong with the path of a recording, which must stay below `recordings/`."""
    if not recording:
        return "recording is empty; name a file in the data set's recordings/"
    path = PurePosixPath(recording)
    leaves = path.is_absolute() or ".." in path.parts or bool(PureWindowsPath(recording).drive)
    plain = bool(path.name) and str(path) == recording
    size, *sizes = (len(text.encode(errors="surrogatepass")) for text in (recording, *path.parts))
    long = size > LONGEST_PATH or any(size > LONGEST_NAME for size in sizes)
    faults = {
        "is not UTF-8; rename the file or folder": not is_utf8(recording),
        "is outside the data set; name a file in its recordings/": leaves,
        "contains a backslash; write / between folders": "\\" in recording,
        "contains an invisible character; rename the file": not recording.isprintable(),
        "is not a plain file path; write it like 2019/OS_20190705_0004.flac": not plain,
        "starts like a spreadsheet formula; rename it": is_formula(recording) or is_formula(path.name),
        f"is too long; rename it so that no name has more than {LONGEST_NAME} bytes": long,
    }
    fault = next((fault for fault, found in faults.items() if found), None)
    return fault and f"recording {quoted(recording)} {fault}"


def is_utf8(name: str) -> bool:
    """Tell whether a file name is UTF-8; Python represents other bytes as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def parse_seconds(text: str) -> float | None:
    """Return a number of seconds, or None if the text is not a number, negative, or longer than any recording."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= LATEST_START_S else None


def repetition_faults(rows: Sequence[Row]) -> Iterator[str]:
    """Yield repeated clips, recordings whose clips would share ids, and recordings with two sites."""
    first_line: dict[str, int] = {}
    of_id: dict[str, str] = {}
    site_of: dict[str, str] = {}
    for row in rows:
        clip_id, recording, site = row.cells["clip_id"], row.cells["recording"], row.cells["site"]
        if first_line.setdefault(clip_id, row.line) != row.line:
            yield f"{row.line}: clip {quoted(clip_id)} is on line {first_line[clip_id]} already; remove one of them"
        other = of_id.setdefault(recording_of(clip_id), recording)
        if other != recording:
            yield (
                f"{row.line}: the clips of {quoted(recording)} and {quoted(other)} have the same ids; rename one of "
                "them, or write ids with the folders"
            )
        if site_of.setdefault(recording, site) != site:
            yield (
                f"{row.line}: {quoted(recording)} has site {quoted(site_of[recording])} above and {quoted(site)} "
                "here; give it one site"
            )


def by_recording(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Group clips by recording: recordings sorted by name, clips by start."""
    groups = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: (clip.recording, clip.start_s)):
        groups[clip.recording].append(clip)
    return dict(groups)
