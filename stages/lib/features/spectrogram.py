"""The array that the network sees, computed from the samples of one clip."""

from functools import lru_cache

import librosa
import numpy as np

from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.wavelet import denoise

# librosa's PCEN defaults are meant for samples of 32-bit integers; ours lie in [-1, 1].
PCEN_SAMPLE_SCALE = 2.0**31
PCEN_TIME_CONSTANT_S = 0.4
PCEN_START_FRAMES = 8
# -200 dB, below the quietest band of any recording. librosa's own floor of -100 dB would cut quiet bands off.
QUIETEST_MAGNITUDE = 1e-10
HZ_TOLERANCE = 1e-6


@lru_cache(maxsize=1)  # The filters cost more than the spectrogram of a clip.
def mel_filters(params: FeatureParams) -> np.ndarray:
    """Return librosa's Slaney mel filters, shape (mel bands, 1 + fft_size // 2)."""
    return librosa.filters.mel(
        sr=params.sample_rate,
        n_fft=params.fft_size,
        n_mels=params.mel_bands,
        fmin=params.min_hz,
        fmax=params.max_hz,
    )


def mel_spectrogram(samples: np.ndarray, params: FeatureParams) -> np.ndarray:
    """Return the magnitude mel spectrogram.

    Parameters
    ----------
    samples : ndarray of float32, shape (params.clip_samples,)
        In [-1, 1], at `params.sample_rate`.
    params : FeatureParams

    Returns
    -------
    ndarray of float32, shape params.shape, at least 0
    """
    # A window of float32 keeps the transform in single precision, which is twice as fast and exact enough.
    window = librosa.filters.get_window("hann", params.fft_size).astype(np.float32)
    magnitudes = np.abs(librosa.stft(samples, n_fft=params.fft_size, hop_length=params.hop_size, window=window))
    return mel_filters(params) @ magnitudes


def normalise_energy(mel: np.ndarray, params: FeatureParams) -> np.ndarray:
    """Apply per-channel energy normalisation (PCEN) with librosa's constants.

    librosa starts the running level of each band from a constant, far below the level of samples scaled for PCEN. The
    first half second of a clip is then far too strong, which hides a call at its start. Here the level starts from the
    mean of the band's first frames.

    Parameters
    ----------
    mel : ndarray of float32, shape (bands, frames), at least 0
        Magnitudes of samples in [-1, 1].
    params : FeatureParams

    Returns
    -------
    ndarray of the same shape

    References
    ----------
    Wang et al. (2017), "Trainable frontend for robust and far-field keyword spotting", equations 1 and 2, as in
    `librosa.pcen`; the smoothing coefficient is librosa's for its default time constant.
    """
    from scipy.signal import lfilter_zi

    scaled = mel * PCEN_SAMPLE_SCALE
    frames = PCEN_TIME_CONSTANT_S * params.sample_rate / params.hop_size
    smoothing = (np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2)
    level = scaled[:, :PCEN_START_FRAMES].mean(axis=1, keepdims=True)
    start = lfilter_zi([smoothing], [1, smoothing - 1]) * level
    return librosa.pcen(scaled, b=smoothing, zi=start)


def held_bands(params: FeatureParams, highest_hz: float) -> int:
    """Return the number of mel bands, from the lowest on, that lie below the highest frequency of a recording.

    Parameters
    ----------
    params : FeatureParams
    highest_hz : float
        Half the recording's own sample rate.
    """
    edges_hz = librosa.mel_frequencies(params.mel_bands + 2, fmin=params.min_hz, fmax=params.max_hz)
    return int(np.count_nonzero(edges_hz[2:] <= highest_hz + HZ_TOLERANCE))


def clip_features(samples: np.ndarray, params: FeatureParams, highest_hz: float = np.inf) -> np.ndarray:
    """Return what the network sees of one clip.

    This is a mel spectrogram, then PCEN (decibels if `params.pcen` is false), then wavelet denoising (unless off).

    Parameters
    ----------
    samples : ndarray of float32, shape (params.clip_samples,)
        In [-1, 1], at `params.sample_rate`.
    params : FeatureParams
    highest_hz : float
        The highest frequency that the recording can contain.

    Returns
    -------
    ndarray of float32, shape params.shape
        NaN in the bands above `highest_hz`. Resampling leaves traces there, and PCEN would amplify them to the level of
        real sound.
    """
    bands = held_bands(params, highest_hz)
    mel = mel_spectrogram(samples, params)
    features = np.full(mel.shape, np.nan, np.float32)
    if bands:
        features[:bands] = levels(mel[:bands], params)
    return features


def levels(mel: np.ndarray, params: FeatureParams) -> np.ndarray:
    """Return a mel spectrogram as PCEN or in decibels, denoised or not, as the params say."""
    if params.pcen:
        features = normalise_energy(mel, params)
    else:
        features = librosa.amplitude_to_db(mel, amin=QUIETEST_MAGNITUDE, top_db=None)
    features = features.astype(np.float32, copy=False)
    return denoise(features) if params.wavelet_denoise else features
