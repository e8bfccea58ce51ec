"""Building blocks of all sounds: frequency contours, harmonics of a contour, envelopes, sparse impulses."""

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.signal import oaconvolve

SAMPLE_RATE = 22_050
# Nothing is synthesised above this frequency, so that no harmonic is aliased.
HIGHEST_HZ = 10_500.0
# Harmonics this many standard deviations from the strongest are left out: they would be 49 dB weaker.
FARTHEST = 3.4


def curve(knots: np.ndarray, sample_count: int) -> np.ndarray:
    """Return a smooth curve through equally spaced knots that never leaves their range.

    Parameters
    ----------
    knots : array_like of float, shape (at least 2,)
        The first and last knots are at the first and last samples. The curve has the same unit.
    sample_count : int

    Returns
    -------
    ndarray of float64, shape (sample_count,)
    """
    knots = np.asarray(knots, dtype=float)
    return PchipInterpolator(np.linspace(0, 1, knots.size), knots)(np.linspace(0, 1, sample_count))


def phase(frequency_hz: np.ndarray) -> np.ndarray:
    """Return the running phase of a frequency contour in radians, same shape."""
    return 2 * np.pi * np.cumsum(frequency_hz) / SAMPLE_RATE


def harmonics(frequency_hz: np.ndarray, peak_hz: float, octaves: float) -> np.ndarray:
    """Return all harmonics of a contour, weighted by a bell curve over frequency in octaves.

    Parameters
    ----------
    frequency_hz : ndarray, shape (samples,)
        Fundamental, above 0.
    peak_hz : float
        Frequency at which the spectrum is strongest.
    octaves : float
        Standard deviation of the bell curve; the smaller, the fewer harmonics are heard.

    Returns
    -------
    ndarray of float64, shape (samples,)
        The strongest harmonic has an amplitude of about 1.
    """
    octaves_from_peak = np.log2(frequency_hz / peak_hz)
    turn = np.exp(1j * phase(frequency_hz))
    oscillation = np.ones_like(turn)
    total = np.zeros(frequency_hz.shape)
    for number in range(1, int(HIGHEST_HZ / frequency_hz.min()) + 1):
        oscillation *= turn
        distance = (octaves_from_peak + np.log2(number)) / octaves
        if distance.max() > -FARTHEST and distance.min() < FARTHEST:
            strength = np.exp(-0.5 * distance**2) * (number * frequency_hz < HIGHEST_HZ)
            total += strength * oscillation.imag
    return total


def envelope(sample_count: int, attack_s: float, release_s: float) -> np.ndarray:
    """Return an envelope in [0, 1] that rises and falls as half a cosine, shape (sample_count,)."""
    time_s = np.arange(sample_count) / SAMPLE_RATE
    from_end_s = time_s[::-1]
    rise = np.sin(0.5 * np.pi * np.minimum(time_s / attack_s, 1.0)) ** 2
    fall = np.sin(0.5 * np.pi * np.minimum(from_end_s / release_s, 1.0)) ** 2
    return rise * fall


def impulses(times_s: np.ndarray, strengths: np.ndarray, kernel: np.ndarray, sample_count: int) -> np.ndarray:
    """Return a kernel repeated at the given times, shape (sample_count,); the part beyond the end is cut."""
    track = np.zeros(sample_count)
    places = np.round(np.asarray(times_s) * SAMPLE_RATE).astype(int)
    inside = (places >= 0) & (places < sample_count)
    np.add.at(track, places[inside], np.asarray(strengths)[inside])
    return oaconvolve(track, kernel)[:sample_count]


def ringing(frequency_hz: float, decay_s: float) -> np.ndarray:
    """Return a damped oscillation lasting six decay times, the kernel of a click."""
    time_s = np.arange(max(int(6 * decay_s * SAMPLE_RATE), 4)) / SAMPLE_RATE
    return np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-time_s / decay_s)
