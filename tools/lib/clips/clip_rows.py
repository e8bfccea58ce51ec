"""Rows of clips.csv, as tools write them."""

import numpy as np

from stages.lib.audio.recording import Examined
from stages.lib.tables.clips import UNLABELLED, make_clip_id
from tools.lib.recordings.register import Registered

ClipRow = tuple[str, str, str, str, str]
TOLERANCE_S = 1e-6


def clip_row(recording: str, start_s: float, label: str, site: str) -> ClipRow:
    """Return the row of one clip; it begins at a whole millisecond, as its id says."""
    text = f"{start_s:.3f}"
    return make_clip_id(recording, float(text)), recording, text, label, site


def unlabelled_rows(recording: Registered, found: Examined, window_s: float) -> tuple[list[ClipRow], int]:
    """Return the rows of a recording that joined without annotations: a window every hop.

    Parameters
    ----------
    recording : Registered
        With a hop.
    found : Examined
        What the recording holds. What is left at its end and is no whole window is passed over; a recording shorter
        than a window has one all the same.
    window_s : float

    Returns
    -------
    rows : list of tuple
    left_out : int
        Windows that hold no sound, which have no row.
    """
    hop_s = float(recording.hop_s)
    count = 1 + max(0, int((found.length_s - window_s) / hop_s + TOLERANCE_S))
    starts_s = np.arange(count) * hop_s
    sounding_s = starts_s[found.has_sound(starts_s, window_s)].tolist()
    rows = [clip_row(recording.recording, start_s, UNLABELLED, recording.site) for start_s in sounding_s]
    return rows, count - len(rows)
