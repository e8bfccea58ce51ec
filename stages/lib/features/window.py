"""The spectrograms of windows of a recording: the same in training and in detection."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.sound import sound_of
from stages.lib.features.spectrogram import clip_features


def window_features(path: Path, starts_s: Sequence[float], params: FeatureParams) -> np.ndarray:
    """Return what the network sees of some windows of a recording.

    Each window is computed by itself, so that neither its neighbours nor the length of the recording affect it.

    Parameters
    ----------
    path : Path
    starts_s : sequence of float
        Starts of the windows, in seconds; each window lasts `params.clip_s`.
    params : FeatureParams

    Returns
    -------
    ndarray of float16, shape (windows, bands, frames)
        NaN in the bands that the recording cannot contain.
    """
    arrays = np.empty((len(starts_s), *params.shape), np.float16)
    for row, start_s in enumerate(starts_s):
        window = sound_of(path, start_s, params.clip_s, params.channel, params.sample_rate)
        arrays[row] = clip_features(window.samples, params, window.highest_hz)
    return arrays
