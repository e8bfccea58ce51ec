"""From a place in a recording to what the network sees there, the same for training and for detection."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.audio.missing_sound import filled_window
from stages.lib.audio.recording import read_samples, resampled
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.spectrogram import clip_features


class Window(NamedTuple):
    """A window of a recording.

    Attributes
    ----------
    samples : ndarray of float32, shape (samples,)
        At `params.sample_rate`, without an offset, missing sound filled.
    highest_hz : float
        The highest frequency that the recording can hold.
    """

    samples: np.ndarray
    highest_hz: float


def sound_of(path: Path, start_s: float, length_s: float, params: FeatureParams) -> Window:
    """Read a window.

    Parameters
    ----------
    path : Path
    start_s, length_s : float
        Where it begins, and its length, in seconds.
    params : FeatureParams
        Of which the channel and the sample rate count here.
    """
    samples, own_rate, rounding = read_samples(path, start_s, length_s, params.channel)
    filled = filled_window(samples, max(1, round(length_s * own_rate)), own_rate, rounding=rounding)
    size = round(length_s * params.sample_rate)
    return Window(resampled(filled, own_rate, params.sample_rate, size), own_rate / 2)


def window_features(path: Path, starts_s: Sequence[float], params: FeatureParams) -> np.ndarray:
    """Return what the network sees of some windows of a recording.

    Each is computed from itself alone, so that neither its neighbours nor the length of the recording change it.

    Parameters
    ----------
    path : Path
    starts_s : sequence of float
        Where the windows begin, in seconds; each lasts `params.clip_s`.
    params : FeatureParams

    Returns
    -------
    ndarray of float16, shape (windows, bands, frames)
        NaN in the bands that the recording cannot hold.
    """
    arrays = np.empty((len(starts_s), *params.shape), np.float16)
    for row, start_s in enumerate(starts_s):
        window = sound_of(path, start_s, params.clip_s, params)
        arrays[row] = clip_features(window.samples, params, window.highest_hz)
    return arrays
