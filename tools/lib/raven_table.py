"""Selection tables of Raven: columns separated by tabs, one row or more for each selection.

Raven writes a selection once for each view, waveform and spectrogram. Where several files were opened as one sound,
`Begin Time (s)` counts from the start of the first; `Begin File` and `File Offset (s)` then say where a selection
really begins.

References
----------
Charif, Waack and Strickman (2010), Raven Pro 1.4 User's Manual, chapter 6. Cornell Lab of Ornithology.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from stages.lib.clips import CALL, parse_seconds
from stages.lib.table import quoted
from tools.lib.detections import Detection
from tools.lib.queue_windows import Window
from tools.lib.selections import Selection

SUFFIX = ".Table.1.selections.txt"
BEGIN, END, OFFSET, FILE = "begin time (s)", "end time (s)", "file offset (s)", "begin file"
PATH = "begin path"
LABELS = ("label", "annotation", "species")
NOTES = ("note", "notes", "comments")
PLACE = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin File",
    "Begin Path",
)
COLUMNS = (*PLACE, "Label", "Note")
DETECTION_COLUMNS = (*PLACE, "Label", "Score")


def is_raven(lines: Sequence[str]) -> bool:
    """Tell whether lines are a selection table."""
    return bool(lines) and BEGIN in lines[0].casefold().split("\t")


def parse_raven(path: Path, lines: Sequence[str]) -> tuple[list[Selection], list[str]]:
    """Read the selections of a table in which labels are filled in, and what is wrong with them."""
    selections, faults = parse_selections(path, lines)
    if not set(LABELS) & set(header_of(lines)):
        faults.append(f"{path}:1: there is no column Label, Annotation or Species; add one in Raven and fill it in")
    return selections, faults


def parse_selections(path: Path, lines: Sequence[str]) -> tuple[list[Selection], list[str]]:
    """Read the selections, each once however many views it has, and what is wrong with them."""
    header = header_of(lines)
    faults = [f"{path}:1: missing column {name}" for name in (BEGIN, END) if name not in header]
    if faults:
        return [], faults

    seen = set()
    selections = []
    for number, line in enumerate(lines[1:], start=2):
        cells = dict(zip(header, map(str.strip, line.split("\t")), strict=False))
        begin_s, end_s = parse_seconds(cells.get(BEGIN, "")), parse_seconds(cells.get(END, ""))
        offset_s = parse_seconds(cells[OFFSET]) if cells.get(OFFSET) and cells.get(FILE) else begin_s
        if not line.strip():
            continue
        if begin_s is None or end_s is None or offset_s is None or end_s < begin_s:
            faults.append(f"{path}:{number}: {quoted(line)} is not a selection; save the selection table anew")
            continue
        recording = first(cells, (PATH, FILE)) or recording_name(path)
        selection = Selection(
            number, recording, offset_s, offset_s + end_s - begin_s, first(cells, LABELS), first(cells, NOTES)
        )
        view = (cells.get("selection"), selection._replace(line=0))
        if view not in seen:
            selections.append(selection)
        seen.add(view)
    return selections, faults


def header_of(lines: Sequence[str]) -> list[str]:
    """Return the names of the columns, in small letters."""
    return [name.strip().casefold() for name in lines[0].split("\t")]


def recording_name(path: Path) -> str:
    """Return the name of the recording after which Raven has named a table, which has no suffix."""
    name = path.name.removesuffix(".txt").removesuffix(".selections")
    return name.rpartition(".Table.")[0] if ".Table." in name else name


def first(cells: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the first of some cells that is there and not empty."""
    return next((cells[name] for name in names if cells.get(name)), "")


def format_raven(windows: Iterable[Window]) -> str:
    """Return the selection table in which the windows of a recording wait for their labels."""
    return table_text(
        COLUMNS,
        (
            (
                *place(
                    number,
                    window.recording,
                    (window.begin_s, window.end_s),
                    (window.min_hz, window.max_hz),
                    window.channel,
                ),
                "",
                "",
            )
            for number, window in enumerate(windows, start=1)
        ),
    )


def format_detections(
    recording: str, detections: Iterable[Detection], span_hz: tuple[float, float], channel: str | int
) -> str:
    """Return the selection table of what was detected in a recording, with the scores in a column `Score`.

    Parameters
    ----------
    recording : str
        Its path.
    detections : iterable of Detection
    span_hz : tuple of float
        The lowest and the highest frequency that was looked at.
    channel : "mix" or int
        What was listened to.
    """
    return table_text(
        DETECTION_COLUMNS,
        (
            (*place(number, recording, span_s, span_hz, channel), CALL, f"{p_call:.6f}")
            for number, (*span_s, p_call) in enumerate(detections, start=1)
        ),
    )


def place(
    number: int, recording: str, span_s: Sequence[float], span_hz: Sequence[float], channel: str | int
) -> list[str]:
    """Return the cells that say where a selection is: from and to which second and frequency of a recording.

    Raven has no word for the mix of all channels; it stands as the first.
    """
    times, frequencies = [f"{second:.9f}" for second in span_s], [f"{hz:.3f}" for hz in span_hz]
    return [
        str(number),
        "Spectrogram 1",
        "1" if channel == "mix" else str(channel),
        *times,
        *frequencies,
        PurePosixPath(recording).name,
        recording,
    ]


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as Raven reads them."""
    return "".join("\t".join(row) + "\n" for row in (columns, *rows))
