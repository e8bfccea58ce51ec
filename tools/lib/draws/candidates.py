"""The candidates for a review: windows of a searched recording that do not overlap, and the bins of their scores.

The windows of a run overlap, so one call scores high in several of them. The window with the highest score becomes the
first candidate, windows that overlap it are dropped, and so on (non-maximum suppression). Candidates cover the whole
recording, above and below any threshold, so that a review also finds calls that the model misses.
"""

from typing import NamedTuple

import numpy as np

from tools.lib.detection.detections import SAME_S

# Each bin is (low, high], because a detection scores more than the threshold. The first bin includes 0.
BIN_EDGES = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
BINS = tuple(f"{low:.2f}-{high:.2f}" for low, high in zip(BIN_EDGES[:-1], BIN_EDGES[1:], strict=True))


class Candidate(NamedTuple):
    """A window that may be reviewed.

    Attributes
    ----------
    site, recording : str
        Site (may be empty), and name of the recording in its run.
    start_s : float
        Seconds from the start of the recording, to the millisecond, as for clips.
    p_call : float
        Its score.
    """

    site: str
    recording: str
    start_s: float
    p_call: float

    @property
    def bin(self) -> str:
        """The bin of its score, such as `0.10-0.30`."""
        return bin_of(self.p_call)


def bin_of(p_call: float) -> str:
    """Return the bin of a score in [0, 1]."""
    return BINS[max(0, int(np.searchsorted(BIN_EDGES, p_call)) - 1)]


def candidate_windows(starts_s: np.ndarray, p_call: np.ndarray, clip_s: float) -> np.ndarray:
    """Choose windows that do not overlap, the highest scores first; among equal scores, the earliest.

    Parameters
    ----------
    starts_s, p_call : ndarray of float, shape (windows,)
        The starts in seconds, in order, and the scores, NaN for a window without sound.
    clip_s : float
        The length of a window in seconds.

    Returns
    -------
    ndarray of int, shape (candidates,)
        The positions of the chosen windows, in order. Each window with a score overlaps one of them or is one.
    """
    free = ~np.isnan(p_call)
    first = np.searchsorted(starts_s, starts_s - clip_s + SAME_S, side="left")
    after = np.searchsorted(starts_s, starts_s + clip_s - SAME_S, side="right")
    chosen = []
    for position in np.argsort(-p_call, kind="stable"):
        if free[position]:
            chosen.append(position)
            free[first[position] : after[position]] = False
    return np.sort(np.array(chosen, dtype=int))


def candidates_of(
    recording: str, site: str, starts_s: np.ndarray, p_call: np.ndarray, clip_s: float
) -> list[Candidate]:
    """Return the candidates of a recording in order of time; parameters as for `candidate_windows`."""
    chosen = candidate_windows(starts_s, p_call, clip_s)
    return [
        Candidate(site, recording, round(float(start_s), 3), float(score))
        for start_s, score in zip(starts_s[chosen], p_call[chosen], strict=True)
    ]
