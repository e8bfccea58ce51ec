"""Turn the scores of the windows of a recording into detections.

Windows begin at 0, `hop_s`, 2 `hop_s` and so on, as long as they lie within the recording; the last one ends with it.
Each moment takes the score of the window centred closest to it. A detection is a stretch of moments that all score
above the threshold. So consecutive windows above it make one detection. It begins and ends halfway between the centres
of two windows, or where the recording or its sound begins or ends. Its score is the highest of its windows.

If detections were whole windows, calls less than a window apart would be one detection, and each detection would be up
to a window longer than its call.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stages.lib.audio.examination import Examined

SAME_S = 1e-6


class Detection(NamedTuple):
    """A stretch of a recording in which the model finds a call.

    Attributes
    ----------
    start_s, end_s : float
        Seconds from the start of the recording.
    p_call : float
        The highest score of its windows.
    """

    start_s: float
    end_s: float
    p_call: float


def window_starts(length_s: float, clip_s: float, hop_s: float) -> np.ndarray:
    """Return the starts of the windows of a recording, in seconds.

    Parameters
    ----------
    length_s : float
        Length of the recording, above 0.
    clip_s, hop_s : float
        Length of a window, and distance between the starts of two windows: above 0, and no longer than a window.

    Returns
    -------
    ndarray of float, shape (windows,)
        Starts in order. Every moment lies in a window. No window extends beyond the end, except in a recording that is
        shorter than a window.
    """
    last_s = max(0.0, length_s - clip_s)
    # Rounded, because 1.2 / 0.4 is less than 3 in floating-point arithmetic.
    starts_s = np.arange(1 + int(round(last_s / hop_s, 6))) * hop_s
    return np.append(starts_s, last_s) if last_s - starts_s[-1] > SAME_S else starts_s


def find_detections(
    p_call: np.ndarray, starts_s: np.ndarray, clip_s: float, recording: Examined, threshold: float
) -> list[Detection]:
    """Merge the windows above a threshold.

    Parameters
    ----------
    p_call, starts_s : ndarray of float, shape (windows,)
        Scores (NaN for a window without sound), and starts from `window_starts`.
    clip_s : float
        Length of a window.
    recording : Examined
        Length of the recording, and its stretches without sound.
    threshold : float
        Score in [0, 1] that a window must exceed.

    Returns
    -------
    list of Detection
        Detections in order of time; no two touch. None begins or ends in a stretch without sound. A stretch without
        sound of half a window or more divides a detection.
    """
    middles_s = starts_s + clip_s / 2
    edges_s = np.concatenate([[0.0], (middles_s[:-1] + middles_s[1:]) / 2, [recording.length_s]])
    above = np.concatenate([[False], p_call > threshold, [False]])
    (changes,) = np.nonzero(above[1:] != above[:-1])
    found = []
    for first, after in changes.reshape(-1, 2):
        for start_s, end_s in sounding((edges_s[first], edges_s[after]), recording.missing, clip_s / 2):
            here = (edges_s[first:after] < end_s) & (edges_s[first + 1 : after + 1] > start_s)
            found.append(Detection(float(start_s), float(end_s), float(p_call[first:after][here].max())))
    return found


def sounding(
    stretch: tuple[float, float], missing: Sequence[tuple[float, float]], dividing_s: float
) -> list[tuple[float, float]]:
    """Return the parts of a stretch that begin and end with sound; gaps within a part are shorter than `dividing_s`."""
    start_s, end_s = stretch
    parts: list[tuple[float, float]] = []
    inside = [gap for gap in missing if gap[0] < end_s]
    for gap_begin_s, gap_end_s in [*inside, (end_s, end_s)]:
        if gap_begin_s > start_s:
            if parts and start_s - parts[-1][1] < dividing_s:
                parts[-1] = parts[-1][0], gap_begin_s
            else:
                parts.append((start_s, gap_begin_s))
        start_s = max(start_s, gap_end_s)
    return parts
