"""The embeddings of windows of a recording, by a pretrained model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stages.lib.cache.sources import at_hand
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.pretrained import FOLDER, pretrained_at_hand
from stages.lib.features.sound import sound_of
from stages.lib.runtime.faults import InputFaults

# The value in Perch's own code. BirdNET scales each window itself.
PEAK = 0.25


def window_embeddings(path: Path, starts_s: Sequence[float], params: FeatureParams) -> np.ndarray:
    """Return the embeddings of some windows of a recording, side by side for all `params.speeds`.

    As in `window_features`, each window is computed by itself, and its sound has no offset and no missing parts. The
    sound is played faster than it was recorded. This moves the calls of large whales to the frequencies of birdsong.

    Parameters
    ----------
    path : Path
    starts_s : sequence of float
        Starts of the windows, in seconds; each window lasts `params.clip_s`.
    params : FeatureParams

    Returns
    -------
    ndarray of float16, shape (windows, speeds * size of the embedding)
        Rounded to float16, so that the last bits of the model's output do not matter.

    Raises
    ------
    InputFaults
        If the model returns NaN, or a number too large for float16.
    """
    pretrained, embed = pretrained_at_hand(at_hand(FOLDER / params.pretrained).resolve())
    arrays = np.empty((len(starts_s), len(params.speeds) * pretrained.size), np.float16)
    for row, start_s in enumerate(starts_s):
        of_speeds = []
        for speed in params.speeds:
            # Resampled to this rate and played at the model's own rate, the sound is `speed` times as fast.
            sound = sound_of(path, start_s, params.clip_s, params.channel, pretrained.sample_rate / speed)
            parts = model_windows(scaled(sound.samples), pretrained.window_samples)
            of_speeds.append(np.mean([embed(part) for part in parts], axis=0))
        with np.errstate(over="ignore"):
            arrays[row] = np.concatenate(of_speeds)
        if not np.isfinite(arrays[row]).all():
            fault = f"{FOLDER / params.pretrained} gives no usable numbers for the window at {start_s:g} s"
            raise InputFaults([f"{path}: {fault}; use another output of this model, or another"])
    return arrays


def scaled(samples: np.ndarray) -> np.ndarray:
    """Scale samples so that the loudest is `PEAK`, because models expect one scale and recordings have many."""
    return samples * np.float32(PEAK / max(np.abs(samples).max(), np.finfo(np.float32).tiny))


def model_windows(samples: np.ndarray, size: int) -> list[np.ndarray]:
    """Divide a clip into windows of the length that a model takes.

    A shorter clip is repeated until it fills one window. A longer clip is covered by as few windows as possible, at
    equal distances.

    Parameters
    ----------
    samples : ndarray, shape (samples,)
    size : int
        Samples in one window.

    Returns
    -------
    list of ndarray, shape (size,)
    """
    if len(samples) <= size:
        return [np.resize(samples, size)]
    count = -(-len(samples) // size)
    firsts = np.linspace(0, len(samples) - size, count).round().astype(int)
    return [samples[first : first + size] for first in firsts]
