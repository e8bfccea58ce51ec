"""The clips of a data set: `data/<name>/clips.csv`.

A clip is named after its recording, folders included: `2019/07/05/000000.wav` from 3 s on is
`2019--07--05--000000_0003000`. That is a file name on every system, and it depends on nothing but the row.
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
# A file system holds names of 255 bytes and paths of 4096; what is made from a recording has a longer name than it.
LONGEST_NAME, LONGEST_PATH = 200, 1000
LATEST_START_S = 1e9  # Thirty years.
FOLDER_MARK = "--"  # Between folders in what a file name or an id calls a recording.


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

    @property
    def recording_id(self) -> str:
        """What its id calls the recording."""
        return recording_of(self.clip_id)


def make_clip_id(recording: str, start_s: float) -> str:
    """Return the id of a clip: that of the recording and the start in milliseconds, seven digits or more."""
    return clip_id_of(recording_id(recording), start_s)


def clip_id_of(recording: str, start_s: float) -> str:
    """Return the id of a clip, given that of its recording."""
    return f"{recording}_{round(start_s * 1000):07d}"


def recording_of(clip_id: str) -> str:
    """Return the id of the recording that a clip is of."""
    return clip_id.rpartition("_")[0]


@cache  # Many clips are of one recording.
def recording_id(recording: str) -> str:
    """Return what ids and file names call a recording: its path without suffix, `--` between folders.

    Where that is longer than file systems allow, its end with a digest of the path before it.
    """
    path = PurePosixPath(recording)
    name = FOLDER_MARK.join([*path.parts[:-1], path.stem])
    if len(name.encode(errors="surrogatepass")) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(recording.encode(errors="surrogatepass")).hexdigest()[:16]
    room = LONGEST_NAME - len(digest + FOLDER_MARK)
    return digest + FOLDER_MARK + name.encode(errors="surrogatepass")[-room:].decode(errors="ignore")


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
    # A site that is spelt in two ways would be on two sides of a split.
    spelling: dict[str, str] = {}
    rows = [
        Row(row.line, row.cells | {"site": spelling.setdefault(same_site(row.cells["site"]), row.cells["site"])})
        for row in rows
    ]
    for row in rows:
        faults += [f"{table}:{row.line}: {fault}" for fault in row_faults(row.cells)]
    faults += [f"{table}:{fault}" for fault in repetition_faults(rows)]
    if not rows and not faults:
        faults.append(f"{table}: holds no clip; it needs a row for each window of a recording")
    refuse(faults)
    return [parse_clip(row) for row in rows]


def same_site(site: str) -> str:
    """Return what all spellings of a site have in common: `rpi-orcasound-lab` and `Rpi_Orcasound_Lab` are one."""
    return re.sub(r"[-_\s]+", "_", unicodedata.normalize("NFC", site).casefold())


def parse_clip(row: Row) -> Clip:
    """Turn a row without faults into a clip."""
    cells = row.cells
    return Clip(row.line, cells["clip_id"], cells["recording"], float(cells["start_s"]), cells["label"], cells["site"])


def row_faults(cells: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with one row, taken by itself."""
    fault = path_fault(cells["recording"])
    if fault:
        yield fault
    if cells["label"] not in (CALL, NOCALL, UNLABELLED):
        yield f"unknown label {quoted(cells['label'])}; write call, nocall or nothing"
    if not cells["site"].isprintable():
        yield f"site {quoted(cells['site'])} holds a character that cannot be seen; type the name anew"
    start_s = parse_seconds(cells["start_s"])
    if start_s is None:
        yield (
            f"start_s {quoted(cells['start_s'])} is not a time; "
            "write seconds from the start of the recording, such as 12.5"
        )
    elif not fault and cells["clip_id"] not in (possible := possible_clip_ids(cells["recording"], start_s)):
        yield f"clip_id {quoted(cells['clip_id'])} does not fit its recording and start; it should be {possible[0]}"


def possible_clip_ids(recording: str, start_s: float) -> tuple[str, str]:
    """Return the id that a clip should have, and the one without folders that tables of earlier versions have."""
    return make_clip_id(recording, start_s), clip_id_of(PurePosixPath(recording).stem, start_s)


@cache
def path_fault(recording: str) -> str | None:
    """Return what is wrong with the path of a recording, which must lead to a place below `recordings/`."""
    if not recording:
        return "recording is empty; name a file of the data set's recordings/"
    path = PurePosixPath(recording)
    leaves = path.is_absolute() or ".." in path.parts or bool(PureWindowsPath(recording).drive)
    plain = bool(path.name) and str(path) == recording
    size, *sizes = (len(text.encode(errors="surrogatepass")) for text in (recording, *path.parts))
    long = size > LONGEST_PATH or any(size > LONGEST_NAME for size in sizes)
    faults = {
        "is not UTF-8; rename the file or folder": not is_utf8(recording),
        "leaves the data set; name a file of its recordings/": leaves,
        "holds a backslash; write / between folders": "\\" in recording,
        "holds a character that cannot be seen; rename the file": not recording.isprintable(),
        "is not the plain path of a file; write it as in 2019/OS_20190705_0004.flac": not plain,
        "begins as a formula in a spreadsheet does; rename it": is_formula(recording) or is_formula(path.name),
        f"is too long; rename it so that no name has more than {LONGEST_NAME} bytes": long,
    }
    fault = next((fault for fault, found in faults.items() if found), None)
    return fault and f"recording {quoted(recording)} {fault}"


def is_utf8(name: str) -> bool:
    """Tell whether the name of a file is UTF-8; Python has lone surrogates for bytes that are not."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def parse_seconds(text: str) -> float | None:
    """Return a number of seconds, or None where the text is none, or negative, or beyond all recordings."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= LATEST_START_S else None


def repetition_faults(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the clips that are there twice, the recordings that clip ids cannot tell apart, and those at two sites."""
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
                f"{row.line}: {quoted(recording)} is at site {quoted(site_of[recording])} above and {quoted(site)} "
                "here; write one"
            )


def by_recording(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Group clips by recording, recordings in the order of their names, clips in the order of their start."""
    groups = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: (clip.recording, clip.start_s)):
        groups[clip.recording].append(clip)
    return dict(groups)
