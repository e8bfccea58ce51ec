"""The sound of a window of a recording: the same for every view, in training and in detection."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.audio.missing_sound import filled_window
from stages.lib.audio.recording import Channel, read_samples, resampled


class Window(NamedTuple):
    """A window of a recording.

    Attributes
    ----------
    samples : ndarray of float32, shape (samples,)
        Without an offset, and with missing sound filled.
    highest_hz : float
        The highest frequency that the recording can contain.
    """

    samples: np.ndarray
    highest_hz: float


def sound_of(path: Path, start_s: float, length_s: float, channel: Channel, sample_rate: float) -> Window:
    """Read a window.

    Parameters
    ----------
    path : Path
    start_s, length_s : float
        Start and length of the window, in seconds.
    channel : "mix" or int
    sample_rate : float
        Sample rate of the result, in Hz.
    """
    samples, own_rate, rounding = read_samples(path, start_s, length_s, channel)
    filled = filled_window(samples, max(1, round(length_s * own_rate)), own_rate, rounding=rounding)
    size = max(1, round(length_s * sample_rate))
    return Window(resampled(filled, own_rate, sample_rate, size), own_rate / 2)
