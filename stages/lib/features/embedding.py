"""From a place in a recording to what a pretrained model makes of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stages.lib.cache.sources import at_hand
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.pretrained import FOLDER, pretrained_at_hand
from stages.lib.features.sound import sound_of
from stages.lib.runtime.faults import InputFaults

# As Perch's own code has it. BirdNET scales each window by itself.
PEAK = 0.25


def window_embeddings(path: Path, starts_s: Sequence[float], params: FeatureParams) -> np.ndarray:
    """Return the embeddings of some windows of a recording, those of all `params.speeds` side by side.

    Each is computed from itself alone, as `window_features` does it, from the same sound: missing parts filled, without
    an offset. It is played faster than it was recorded, which lifts the calls of large whales to where birds sing.

    Parameters
    ----------
    path : Path
    starts_s : sequence of float
        Where the windows begin, in seconds; each lasts `params.clip_s`.
    params : FeatureParams

    Returns
    -------
    ndarray of float16, shape (windows, speeds * size of the model)
        Rounded, so that the last bits of the model do not matter.

    Raises
    ------
    InputFaults
        Where the model gives what is no number, or a larger one than float16 holds.
    """
    pretrained, embed = pretrained_at_hand(at_hand(FOLDER / params.pretrained).resolve())
    arrays = np.empty((len(starts_s), len(params.speeds) * pretrained.size), np.float16)
    for row, start_s in enumerate(starts_s):
        of_speeds = []
        for speed in params.speeds:
            # Read at this rate and played at the model's own, the sound is that many times faster.
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
    """Scale samples so that the loudest is `PEAK`: recordings come in all scales, and models expect one."""
    return samples * np.float32(PEAK / max(np.abs(samples).max(), np.finfo(np.float32).tiny))


def model_windows(samples: np.ndarray, size: int) -> list[np.ndarray]:
    """Return the windows of some samples that a model looks at.

    A clip that is shorter is repeated until it fills one. A longer one is covered by as few as will do, at equal
    distances.

    Parameters
    ----------
    samples : ndarray, shape (samples,)
    size : int
        Of a window.

    Returns
    -------
    list of ndarray, shape (size,)
    """
    if len(samples) <= size:
        return [np.resize(samples, size)]
    count = -(-len(samples) // size)
    firsts = np.linspace(0, len(samples) - size, count).round().astype(int)
    return [samples[first : first + size] for first in firsts]
