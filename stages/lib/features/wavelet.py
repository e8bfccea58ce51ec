"""Wavelet denoising of one spectrogram: BayesShrink thresholds, applied softly."""

from statistics import NormalDist

import numpy as np
import pywt

# The coarsest scales carry the calls themselves, so three of the possible levels are left untouched.
UNTOUCHED_LEVELS = 3
# No sound has so small a variance. A threshold from a smaller one would become zero in single precision.
SILENCE = 1e-30
# The median of |x| for x of the standard normal distribution: 0.6745.
MEDIAN_OF_NORMAL_MAGNITUDES = NormalDist().inv_cdf(0.75)


def noise_deviation(finest_diagonal: np.ndarray) -> float:
    """Estimate the standard deviation of the noise from the finest diagonal details.

    Parameters
    ----------
    finest_diagonal : ndarray, any shape
        Detail coefficients; exact zeros count as masked and are left out.

    Returns
    -------
    float
        0 if every coefficient is zero.

    References
    ----------
    Donoho and Johnstone (1994), Biometrika 81(3), section 4.2: median(|d|) / 0.6745.
    """
    magnitudes = np.abs(finest_diagonal[finest_diagonal != 0])
    return float(np.median(magnitudes)) / MEDIAN_OF_NORMAL_MAGNITUDES if magnitudes.size else 0.0


def bayes_threshold(details: np.ndarray, noise_variance: float) -> float:
    """Return the BayesShrink threshold of one subband.

    References
    ----------
    Chang, Yu and Vetterli (2000), IEEE Trans. Image Processing 9(9), equations 10 to 12:
    noise variance / deviation of the signal.
    """
    signal_variance = np.mean(details * details) - noise_variance
    return noise_variance / np.sqrt(max(signal_variance, np.finfo(details.dtype).eps))


def denoise(spectrogram: np.ndarray, wavelet: str = "db1") -> np.ndarray:
    """Remove noise from a spectrogram by soft thresholding of its wavelet details.

    Parameters
    ----------
    spectrogram : ndarray of float32 or float64, shape (bands, frames)
    wavelet : str
        Name of an orthogonal wavelet that PyWavelets knows.

    Returns
    -------
    ndarray of the same shape and type
        Agrees with `skimage.restoration.denoise_wavelet(spectrogram, wavelet)` to 1e-6.
    """
    levels = max(pywt.dwtn_max_level(spectrogram.shape, wavelet) - UNTOUCHED_LEVELS, 1)
    approximation, *details = pywt.wavedecn(spectrogram, wavelet, level=levels)
    noise_variance = noise_deviation(details[-1]["dd"]) ** 2
    # As in digital silence: there is no noise to remove.
    if noise_variance < SILENCE:
        return spectrogram.copy()
    denoised = [
        {
            direction: pywt.threshold(band, bayes_threshold(band, noise_variance), mode="soft")
            for direction, band in level.items()
        }
        for level in details
    ]
    bands, frames = spectrogram.shape
    # The transform makes odd sides one longer.
    restored = pywt.waverecn([approximation, *denoised], wavelet)[:bands, :frames]
    return restored.astype(spectrogram.dtype, copy=False)
