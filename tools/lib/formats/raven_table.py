"""Read and write Raven selection tables: columns separated by tabs, one or more rows per selection.

Raven writes a selection once for each view, waveform and spectrogram. If several files were opened as one sound,
`Begin Time (s)` counts from the start of the first file, and `Begin File` and `File Offset (s)` give the actual start.

References
----------
Charif, Waack and Strickman (2010), Raven Pro 1.4 User's Manual, chapter 6. Cornell Lab of Ornithology.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from stages.lib.features.feature_params import FeatureParams
from stages.lib.tables.clips import CALL
from tools.lib.clips.queue_windows import Window
from tools.lib.detection.searched import Searched
from tools.lib.formats.columns import BEGIN_FILE, BEGIN_PATH, FILE_OFFSET, NOTES, RAVEN_BEGIN, VERDICT
from tools.lib.formats.delimited import first, parse_table
from tools.lib.formats.selections import Selection
from tools.lib.formats.times import span_fault, times_reader
from tools.lib.recordings.recording_name import named_after

SUFFIX = ".Table.1.selections.txt"
RAVEN_END = "endtimes"
TIMES = (RAVEN_BEGIN, RAVEN_END, FILE_OFFSET)
LABELS = ("label", "annotation", "species")
SCORE = "score"  # Of detections.
HEADER_LINES = 20  # There may be blank lines before the header.
PLACE = (
    *("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"),
    *("Begin File", "Begin Path"),
)
COLUMNS = (*PLACE, "Label", "Note")
OFFSET = "File Offset (s)"
DETECTION_COLUMNS = (*PLACE, "Label", "Score", "Continues", "Verdict")


def is_raven(lines: Sequence[str]) -> bool:
    """Tell whether lines are a selection table, also if another program saved it."""
    return RAVEN_BEGIN in parse_table(Path(), lines[:HEADER_LINES]).names


def parse_raven(path: Path, lines: Sequence[str], labels: Sequence[str] = LABELS) -> tuple[list[Selection], list[str]]:
    """Read the selections of a table with labels, and their faults.

    `labels` are the keys of the columns with the text. A verdict, or else the first that is filled in, counts.
    """
    table = parse_table(path, lines)
    *most, last = map(str.capitalize, labels)
    named = f"{', '.join(most)} or {last}" if most else last
    lacking = {"End Time (s)": RAVEN_END not in table.names, named: not table.key(labels)}
    faults = [
        f"{path}:{table.line}: there is no column {name}; add it in Raven" for name, lacks in lacking.items() if lacks
    ]
    if lacking["End Time (s)"]:
        return [], faults

    seconds = times_reader(row.cells.get(key, "") for row in table.rows for key in TIMES)
    faults += table.faults
    seen = set()
    selections = []
    for row in table.rows:
        cells = row.cells
        start_s, end_s = seconds(cells[RAVEN_BEGIN]), seconds(cells[RAVEN_END])
        recording = first(cells, (BEGIN_PATH, BEGIN_FILE))
        offset_s = seconds(cells[FILE_OFFSET]) if recording and cells.get(FILE_OFFSET) else start_s
        if start_s is None or end_s is None or offset_s is None or end_s < start_s:
            faults.append(f"{path}:{row.line}: {span_fault(cells[RAVEN_BEGIN], cells[RAVEN_END])}")
            continue
        selection = Selection(
            row.line,
            recording or named_after(path.name),
            offset_s,
            offset_s + end_s - start_s,
            first(cells, (VERDICT, *labels), ()),
            first(cells, NOTES),
            cells.get(SCORE, ""),
        )
        view = (cells.get("selection"), selection._replace(line=0))
        if view not in seen:
            selections.append(selection)
        seen.add(view)
    return selections, faults


def format_raven(windows: Iterable[Window], params: FeatureParams) -> str:
    """Return a selection table of the windows of a recording, with empty labels."""
    rows = []
    for number, window in enumerate(windows, start=1):
        span_s, span_hz = (window.start_s, window.end_s), (params.min_hz, params.max_hz)
        rows.append((*place(number, window.recording, span_s, span_hz, params.channel), "", ""))
    return table_text(COLUMNS, rows)


def format_detections(searched: Sequence[Searched], params: FeatureParams, *, offsets: bool) -> str:
    """Return a selection table of what was found in recordings, with scores and an empty column for the verdict.

    Parameters
    ----------
    searched : sequence of Searched
        In order. `Begin Time (s)` counts from the start of the first recording, as if all were opened as one sound.
    params : FeatureParams
        Give the frequencies and the channel analysed.
    offsets : bool
        Whether to add the start in its own recording. A table that is named after its only recording needs none, and
        people who move a row would have to change both.
    """
    rows: list[tuple[str, ...]] = []
    before_s = 0.0
    for one in searched:
        name, span = one.recording.name, (params.min_hz, min(params.max_hz, one.recording.sample_rate / 2))
        for detection, continues in zip(one.detections, one.continued, strict=True):
            times_s = before_s + detection.start_s, before_s + detection.end_s
            cells = place(len(rows) + 1, name, times_s, span, params.channel)
            offset = [f"{detection.start_s:.9f}"] if offsets else []
            rows.append((*cells, CALL, f"{detection.p_call:.6f}", continues, "", *offset))
        before_s += one.recording.length_s
    return table_text((*DETECTION_COLUMNS, *([OFFSET] if offsets else [])), rows)


def place(
    number: int, recording: str, span_s: Sequence[float], span_hz: Sequence[float], channel: str | int
) -> list[str]:
    """Return the cells with the place of a selection: its times, frequencies and recording.

    Raven cannot name the mix of all channels, so it is written as channel 1.
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
    """Return rows as a table that Raven can read."""
    return "".join("\t".join(row) + "\n" for row in (columns, *rows))
