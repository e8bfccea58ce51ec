"""Prepare a clip for people: its sound with some context, and two spectrograms."""

from collections.abc import Iterator
from itertools import count, takewhile
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
from PIL import Image

from stages.lib.audio.recording import duration_s, read_window, resampled, sample_rate_of
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.sound import Window, sound_of
from stages.lib.features.spectrogram import clip_features
from stages.lib.tables.clips import Clip

# More pixels than a screen shows would only make the page larger.
PLAIN_COLUMNS, PLAIN_ROWS = 640, 400
# Brightness rises evenly, so colour-blind people can read it too.
COLOURS = "magma"
# Percentiles of the darkest and the brightest colour, so that a single loud click does not darken everything else.
DARKEST_PERCENT, BRIGHTEST_PERCENT = 25, 99.8
ROUNDING = 1e-6
QUIETEST = 1e-10  # Stands for silence, which has no decibels.
MOST_TICKS = 6
CONTEXT_S = 1.0


class Spectrogram(NamedTuple):
    """A spectrogram and its axes.

    Attributes
    ----------
    values : ndarray of float32, shape (rows, columns)
        Lowest frequency first.
    hz : ndarray, shape (rows,)
        The centre frequency of each row, rising.
    start_s, end_s : float
        The start of the first column and the end of the last, in seconds from the start of the recording. Each column
        is one hop wide and centred on its time.
    """

    values: np.ndarray
    hz: np.ndarray
    start_s: float
    end_s: float


class ClipView(NamedTuple):
    """A clip with its context; all times are in seconds from the start of the recording.

    Attributes
    ----------
    samples : ndarray of float32, shape (samples,)
        Mono, at the `sample_rate` of the recording.
    sample_rate : int
    start_s, end_s : float
        The start and end of the samples: the clip, with as much context as the recording has.
    clip_start_s, clip_end_s : float
    plain : Spectrogram
        Decibels on a linear frequency scale, up to the highest frequency in both the recording and the features.
    features : Spectrogram
        The features of this window, as the network would see them.
    """

    samples: np.ndarray
    sample_rate: int
    start_s: float
    end_s: float
    clip_start_s: float
    clip_end_s: float
    plain: Spectrogram
    features: Spectrogram


def view_clip(path: Path, clip: Clip, params: FeatureParams, context_s: float = CONTEXT_S) -> ClipView:
    """Return the sound and the spectrograms of a clip.

    Parameters
    ----------
    path : Path
        The recording.
    clip : Clip
    params : FeatureParams
    context_s : float
        Seconds before and after the clip, if the recording has them. A clip that extends beyond the recording is
        silent there; the network sees the window's own sound there (`stages.lib.audio.missing_sound`).
    """
    clip_end_s = clip.start_s + params.clip_s
    start_s = max(0.0, clip.start_s - context_s)
    end_s = max(clip_end_s, min(duration_s(path), clip_end_s + context_s))
    sample_rate = sample_rate_of(path)
    sound = sound_of(path, start_s, end_s - start_s, params.channel, params.sample_rate)
    samples = read_window(path, start_s, end_s - start_s, params.channel)
    return ClipView(
        samples=samples,
        sample_rate=sample_rate,
        start_s=start_s,
        end_s=end_s,
        clip_start_s=clip.start_s,
        clip_end_s=clip_end_s,
        plain=plain_spectrogram(samples, sample_rate, start_s, params),
        features=feature_spectrogram(sound, start_s, params),
    )


def feature_spectrogram(window: Window, start_s: float, params: FeatureParams) -> Spectrogram:
    """Return the features of a window of any length, with their axes; missing bands get the lowest value."""
    values = clip_features(window.samples, params, window.highest_hz)
    values = np.nan_to_num(values, nan=np.nanmin(values, initial=np.inf) if not np.isnan(values).all() else 0.0)
    edges_hz = librosa.mel_frequencies(params.mel_bands + 2, fmin=params.min_hz, fmax=params.max_hz)
    return timed(values, edges_hz[1:-1], start_s, params.hop_size / params.sample_rate)


def plain_spectrogram(samples: np.ndarray, sample_rate: int, start_s: float, params: FeatureParams) -> Spectrogram:
    """Return decibels by time and frequency, with no more columns and rows than a screen can show."""
    window = resampled(samples, sample_rate, params.sample_rate, round(len(samples) / sample_rate * params.sample_rate))
    hop_size = max(1, len(window) // PLAIN_COLUMNS)
    power = np.abs(librosa.stft(window, n_fft=params.fft_size, hop_length=hop_size)) ** 2
    hz = librosa.fft_frequencies(sr=params.sample_rate, n_fft=params.fft_size)
    inside = hz <= min(sample_rate, params.sample_rate) / 2
    merged = -(-np.count_nonzero(inside) // PLAIN_ROWS)
    rows = np.arange(0, np.count_nonzero(inside), merged)
    sizes = np.diff(rows, append=np.count_nonzero(inside))
    power = np.add.reduceat(power[inside], rows) / sizes[:, None]
    hz = np.add.reduceat(hz[inside], rows) / sizes
    decibels = 10 * np.log10(np.maximum(power, QUIETEST))
    return timed(decibels, hz, start_s, hop_size / params.sample_rate)


def timed(values: np.ndarray, hz: np.ndarray, start_s: float, hop_s: float) -> Spectrogram:
    """Add the time axis to a spectrogram; its first column is centred on the first sample."""
    first_s = start_s - hop_s / 2
    return Spectrogram(values.astype(np.float32), hz, first_s, first_s + values.shape[1] * hop_s)


def colour(spectrogram: Spectrogram) -> Image.Image:
    """Return a spectrogram as a picture: one pixel per value, low frequencies at the bottom, loud parts bright."""
    from matplotlib import colormaps

    darkest, brightest = np.percentile(spectrogram.values, [DARKEST_PERCENT, BRIGHTEST_PERCENT])
    brightness = (spectrogram.values - darkest) / max(brightest - darkest, np.finfo(np.float32).tiny)
    return Image.fromarray(colormaps[COLOURS](np.clip(brightness[::-1], 0, 1), bytes=True)[..., :3])


def height_of(hz: float, spectrogram: Spectrogram) -> float:
    """Return the height of a frequency in a picture, from 0 at the bottom to 1 at the top."""
    rows = np.arange(len(spectrogram.hz))
    return float(np.interp(hz, spectrogram.hz, rows) + 0.5) / len(rows)


def multiples(begin: float, end: float, most: int) -> list[float]:
    """Return at most `most` multiples of a round step from `begin` to `end`."""
    for step in round_numbers():
        # Multiples beyond an end by a rounding error still count.
        first, last = ceil(begin / step - ROUNDING), floor(end / step + ROUNDING)
        if last - first < most:
            break
    return [round(step * number, 6) for number in range(first, last + 1)]


def round_numbers() -> Iterator[float]:
    """Yield 0.001, 0.002, 0.005, 0.01 and so on."""
    return (digit * 10.0**power for power in count(-3) for digit in (1, 2, 5))


def ticks(spectrogram: Spectrogram) -> list[float]:
    """Return round frequencies, in Hz, for the axis of a picture, from the lowest to the highest.

    On a linear scale these are multiples of one step; otherwise 1, 2, 5, 10 and so on, at a similar spacing.
    """
    lowest, highest = spectrogram.hz[[0, -1]]
    evenly = multiples(lowest, highest, MOST_TICKS)
    if abs(height_of((lowest + highest) / 2, spectrogram) - 0.5) < 0.05:
        return evenly
    inside = takewhile(lambda hz: hz <= highest, (hz for hz in round_numbers() if hz >= lowest))
    chosen: list[float] = []
    for hz in reversed(list(inside)):
        if not chosen or height_of(chosen[0], spectrogram) - height_of(hz, spectrogram) > 0.5 / MOST_TICKS:
            chosen.insert(0, hz)
    return chosen
