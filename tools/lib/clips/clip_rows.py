"""Make rows of clips.csv."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from stages.lib.audio.examination import Examined
from stages.lib.runtime.table import read_table, write_table
from stages.lib.tables.clips import COLUMNS, UNLABELLED, make_clip_id
from tools.lib.recordings.register import Registered

ClipRow = tuple[str, str, str, str, str]
TOLERANCE_S = 1e-6
SHORTEST_HOP_S = 0.001  # Clips are named by the millisecond.


def clip_row(recording: str, start_s: float, label: str, site: str) -> ClipRow:
    """Return the row of one clip; it begins at a whole millisecond, like its id."""
    text = f"{start_s:.3f}"
    return make_clip_id(recording, float(text)), recording, text, label, site


def unlabelled_rows(recording: Registered, found: Examined, window_s: float) -> tuple[list[ClipRow], int]:
    """Return the rows of a recording that joined without annotations: one window per hop.

    Parameters
    ----------
    recording : Registered
        With a hop.
    found : Examined
        The result of decoding it. An incomplete window at the end is skipped, but a recording shorter than a window
        still gets one.
    window_s : float

    Returns
    -------
    rows : list of tuple
    left_out : int
        The number of windows without sound, which get no row.
    """
    hop_s = float(recording.hop_s)
    count = 1 + max(0, int((found.length_s - window_s) / hop_s + TOLERANCE_S))
    starts_s = np.arange(count) * hop_s
    sounding_s = starts_s[found.has_sound(starts_s, window_s)].tolist()
    rows = [clip_row(recording.recording, start_s, UNLABELLED, recording.site) for start_s in sounding_s]
    return rows, count - len(rows)


def append_rows(table: Path, rows: Iterable[ClipRow]) -> None:
    """Add rows to clips.csv after those that it has."""
    before = [tuple(row.cells[name] for name in COLUMNS) for row in read_table(table, COLUMNS)]
    write_table(table, COLUMNS, [*before, *rows])
