"""From the scores of the windows of a recording to what was detected in it.

Windows begin at 0, `hop_s`, 2 `hop_s` and so on, until one reaches the end of the recording. Each moment is spoken for
by the window whose middle is nearest. A detection is a stretch of moments whose windows all score above the threshold:
so it begins and ends halfway between the middles of two windows, or with the recording, and windows that follow one
another make one. Its score is the highest of its windows.

A whole window would be a poor place for a call that is shorter: calls that are less than a window apart would be one
detection, and any detection would be a window longer than its call.
"""

from math import ceil
from typing import NamedTuple

import numpy as np


class Detection(NamedTuple):
    """A stretch of a recording in which the model finds a call.

    Attributes
    ----------
    begin_s, end_s : float
        Seconds from the start of the recording.
    p_call : float
        The highest score of its windows.
    """

    begin_s: float
    end_s: float
    p_call: float


def window_starts(length_s: float, clip_s: float, hop_s: float) -> np.ndarray:
    """Return where the windows of a recording begin, in seconds.

    Parameters
    ----------
    length_s : float
        Of the recording, above 0.
    clip_s, hop_s : float
        The length of a window, and the distance between the starts of two: above 0, and no longer than a window.

    Returns
    -------
    ndarray of float, shape (windows,)
        Every moment lies in a window; of several windows the last may go on beyond the end, by less than `hop_s`.
    """
    # Rounded, because 1.2 / 0.4 is more than 3 to a processor.
    return np.arange(1 + max(0, ceil(round((length_s - clip_s) / hop_s, 6)))) * hop_s


def find_detections(
    p_call: np.ndarray, starts_s: np.ndarray, clip_s: float, length_s: float, threshold: float
) -> list[Detection]:
    """Merge the windows above a threshold.

    Parameters
    ----------
    p_call, starts_s : ndarray of float, shape (windows,)
        The scores, and the starts as `window_starts` gives them.
    clip_s, length_s : float
        The length of a window and of the recording.
    threshold : float
        In [0, 1]; a window has to score more.

    Returns
    -------
    list of Detection
        In the order of time; no two touch.
    """
    middles_s = starts_s + clip_s / 2
    edges_s = np.concatenate([[0.0], (middles_s[:-1] + middles_s[1:]) / 2, [length_s]])
    above = np.concatenate([[False], p_call > threshold, [False]])
    (changes,) = np.nonzero(above[1:] != above[:-1])
    return [
        Detection(float(edges_s[first]), float(edges_s[after]), float(p_call[first:after].max()))
        for first, after in changes.reshape(-1, 2)
    ]
