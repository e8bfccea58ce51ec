"""The sea: coloured noise, rain, snapping shrimp, and the propagation of sounds."""

import numpy as np
from scipy import fft

from data.synthetic.tones import SAMPLE_RATE, curve, impulses, ringing

# Hydrophone amplifiers cut off below this frequency. It also keeps swell from using up the 16 bits.
LOWEST_HZ = 60.0


def coloured(samples: np.ndarray, gain_db) -> np.ndarray:
    """Return samples filtered, without delay, by a gain that depends on frequency.

    Parameters
    ----------
    samples : ndarray, shape (samples,)
    gain_db : callable
        Takes frequencies in Hz, all at least `LOWEST_HZ`, shape (bins,); returns decibels of the same shape.

    Returns
    -------
    ndarray of float64, shape (samples,)
        Without anything below `LOWEST_HZ`.
    """
    padded_count = fft.next_fast_len(samples.size, real=True)
    frequency_hz = fft.rfftfreq(padded_count, 1 / SAMPLE_RATE)
    passed = 1 / (1 + (LOWEST_HZ / np.maximum(frequency_hz, 1.0)) ** 8)
    gain = passed * 10 ** (gain_db(np.maximum(frequency_hz, LOWEST_HZ)) / 20)
    return fft.irfft(fft.rfft(samples, padded_count) * gain, padded_count)[: samples.size]


def coloured_noise(sample_count: int, decibels_per_octave: float, rng: np.random.Generator) -> np.ndarray:
    """Return Gaussian noise whose spectrum has a constant slope, scaled to a standard deviation of 1."""
    noise = coloured(rng.standard_normal(sample_count), lambda hz: decibels_per_octave * np.log2(hz / 1000))
    return noise / noise.std()


def slow_level(sample_count: int, deviation_db: float, rng: np.random.Generator) -> np.ndarray:
    """Return a gain that wanders over about five seconds, log-normal around 1, shape (sample_count,)."""
    knot_count = 2 + sample_count // (5 * SAMPLE_RATE)
    return 10 ** (curve(rng.normal(0, deviation_db, knot_count), sample_count) / 20)


def rain(sample_count: int, rng: np.random.Generator) -> np.ndarray:
    """Return rain in gusts: noise that rises with frequency, standard deviation about 1."""
    return coloured_noise(sample_count, rng.uniform(0, 2), rng) * slow_level(sample_count, 3, rng)


def snapping_shrimp(sample_count: int, snaps_per_s: float, rng: np.random.Generator) -> np.ndarray:
    """Return the crackle of snapping shrimp: Poisson snaps of log-normal strength, median 1."""
    snap_count = rng.poisson(snaps_per_s * sample_count / SAMPLE_RATE)
    times_s = rng.uniform(0, sample_count / SAMPLE_RATE, snap_count)
    strengths = np.exp(rng.normal(0, 0.8, snap_count)) * rng.choice([-1, 1], snap_count)
    return impulses(times_s, strengths, ringing(rng.uniform(3500, 6000), 0.0004), sample_count)


def propagated(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a sound after propagation through shallow water: duller, with echoes from the surface and the bottom.

    Parameters
    ----------
    sound : ndarray, shape (samples,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (samples,)
        Cut to the length of the sound, so that no echo reaches another window.
    """
    loss_db_at_10_khz = rng.uniform(0, 15)
    duller = coloured(sound, lambda hz: -loss_db_at_10_khz * hz / 10_000)
    delays_s = np.sort(rng.uniform(0.004, 0.12, 6))
    strengths = rng.uniform(0.2, 0.7) * np.exp(-delays_s / 0.06) * rng.choice([-1, 1], 6)
    return impulses(np.append(0.0, delays_s), np.append(1.0, strengths), duller, sound.size)
