"""Rows of clips.csv, as tools write them."""

from stages.lib.clips import UNLABELLED, make_clip_id
from tools.lib.register import Registered

ClipRow = tuple[str, str, str, str, str]
TOLERANCE_S = 1e-6


def clip_row(recording: str, start_s: float, label: str, site: str) -> ClipRow:
    """Return the row of one clip; it begins at a whole millisecond, as its id says."""
    text = f"{start_s:.3f}"
    return make_clip_id(recording, float(text)), recording, text, label, site


def unlabelled_rows(recording: Registered, length_s: float, window_s: float) -> list[ClipRow]:
    """Return the rows of a recording that joined without annotations: a window every hop.

    Parameters
    ----------
    recording : Registered
        With a hop.
    length_s, window_s : float
        Of the recording and of a window. What is left at the end and is no whole window is passed over; a recording
        shorter than a window has one all the same.
    """
    hop_s = float(recording.hop_s)
    count = 1 + max(0, int((length_s - window_s) / hop_s + TOLERANCE_S))
    return [clip_row(recording.recording, number * hop_s, UNLABELLED, recording.site) for number in range(count)]
