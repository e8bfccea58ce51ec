"""Orca sounds: pulsed calls of a few stereotyped types, whistles, trains of echolocation clicks."""

from dataclasses import dataclass

import numpy as np

from data.synthetic.tones import SAMPLE_RATE, curve, envelope, harmonics, impulses, phase, ringing


@dataclass(frozen=True)
class CallType:
    """The properties shared by all calls of one type.

    Attributes
    ----------
    seconds : float
        Typical duration.
    low_hz : tuple of float
        Knots of the pulse rate, which is the spacing of the lower source's harmonics.
    high_hz : tuple of float
        Knots of the upper source's fundamental, which moves independently.
    peak_hz : float
        Frequency at which the lower source's harmonics are strongest.
    high_gain : float
        Amplitude of the upper source, relative to the strongest harmonic of the lower source.
    """

    seconds: float
    low_hz: tuple[float, ...]
    high_hz: tuple[float, ...]
    peak_hz: float
    high_gain: float


# Invented, within the range that Ford (1989, Can. J. Zool. 67, 727-745) gives for discrete calls of resident orcas:
# 0.5 to 1.5 s, most energy between 1 and 6 kHz.
CALL_TYPES = (
    CallType(0.95, (480, 560, 640, 640, 900, 1350), (5200, 5300, 5900, 6300), 2200, 0.8),
    CallType(0.70, (1150, 980, 820, 700, 640), (6800, 6500, 5900, 5600), 2600, 0.7),
    CallType(1.25, (300, 330, 330, 610, 640, 600, 590), (4400, 4400, 4700, 4700, 4500), 1700, 0.9),
    CallType(0.85, (720, 1050, 1280, 1220, 950, 760), (7200, 7600, 7900, 7300), 2900, 0.5),
    CallType(1.10, (860, 840, 850, 830, 420, 380, 360), (3900, 4600, 5200, 5300), 1900, 0.9),
    CallType(0.60, (240, 380, 700, 1250, 1700), (6100, 6100, 6600, 7400), 3100, 0.6),
    CallType(1.40, (520, 590, 520, 600, 510, 590, 500, 570), (5600, 5500, 5600, 5400), 2100, 0.8),
)


def varied(knots: tuple[float, ...], scale: float, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Return knots scaled by a common factor, with an independent log-normal deviation for each."""
    return np.asarray(knots) * scale * np.exp(rng.normal(0, deviation, len(knots)))


def pulsed_call(call_type: CallType, rng: np.random.Generator) -> np.ndarray:
    """Return one call with two simultaneous, independently modulated sources, as orcas produce.

    Parameters
    ----------
    call_type : CallType
    rng : numpy.random.Generator
        Draws the call's deviations from its type: in duration, pitch, contour and timbre.

    Returns
    -------
    ndarray of float64, shape (samples,)
    """
    sample_count = int(SAMPLE_RATE * call_type.seconds * np.exp(rng.normal(0, 0.12)))
    low_hz = curve(varied(call_type.low_hz, np.exp(rng.normal(0, 0.06)), 0.03, rng), sample_count)
    high_hz = curve(varied(call_type.high_hz, np.exp(rng.normal(0, 0.06)), 0.02, rng), sample_count)
    low = harmonics(low_hz, call_type.peak_hz * np.exp(rng.normal(0, 0.2)), octaves=rng.uniform(0.7, 1.1))
    # The upper source starts later and is partly modulated by the lower source's pulses, which gives sidebands.
    pulses = 1 + rng.uniform(0.2, 0.8) * np.sin(phase(low_hz))
    high = harmonics(high_hz, high_hz.mean(), octaves=0.5) * pulses
    onset = int(sample_count * rng.uniform(0, 0.3))
    high[:onset] = 0
    high[onset:] *= envelope(sample_count - onset, 0.05, 0.05)
    loudness = curve(rng.uniform(0.5, 1.0, 5), sample_count)
    gain = call_type.high_gain * np.exp(rng.normal(0, 0.4))
    return (low + gain * high) * loudness * envelope(sample_count, 0.04, 0.08)


def whistle(rng: np.random.Generator) -> np.ndarray:
    """Return a whistle: one wavering tone of 3 to 9 kHz for 0.4 to 1.6 s, with hardly any harmonics."""
    sample_count = int(SAMPLE_RATE * rng.uniform(0.4, 1.6))
    knots = rng.uniform(4000, 7500) * np.exp(rng.normal(0, 0.1, rng.integers(3, 8)))
    frequency_hz = np.clip(curve(knots, sample_count), 3000, 9000)
    return harmonics(frequency_hz, frequency_hz.mean(), octaves=0.3) * envelope(sample_count, 0.08, 0.12)


def click_train(rng: np.random.Generator) -> np.ndarray:
    """Return 0.6 to 2.4 s of echolocation clicks, at a rate that glides between 5 and 60 per second."""
    sample_count = int(SAMPLE_RATE * rng.uniform(0.6, 2.4))
    rate_hz = curve(np.exp(rng.uniform(np.log(5), np.log(60), 3)), sample_count)
    # A click occurs whenever the running count of clicks passes a whole number.
    times_s = np.flatnonzero(np.diff(np.floor(phase(rate_hz) / (2 * np.pi)))) / SAMPLE_RATE
    strengths = np.exp(rng.normal(0, 0.3, times_s.size)) * np.sin(
        np.pi * (0.1 + 0.8 * times_s * SAMPLE_RATE / sample_count)
    )
    return impulses(times_s, strengths, ringing(rng.uniform(5000, 9000), 0.0003), sample_count)
