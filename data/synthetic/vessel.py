"""Ships and boats: noise that lasts for the whole recording, and short squeals and knocks."""

import numpy as np

from data.synthetic.sea import coloured_noise
from data.synthetic.tones import SAMPLE_RATE, curve, envelope, harmonics, impulses, phase, ringing


def passing_ship(sample_count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the sound of a passing ship: the tonals of its engine and gears, and the noise of its propeller.

    Parameters
    ----------
    sample_count : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (sample_count,)
        The propeller's broadband noise has a standard deviation of about 1 when the ship is closest.
    """
    time = np.linspace(0, 1, sample_count)
    closest, spread = rng.uniform(-0.2, 1.2), rng.uniform(0.2, 0.8)
    nearness = np.exp(-0.5 * ((time - closest) / spread) ** 2)
    blades_hz = rng.uniform(4, 16) * curve(np.exp(rng.normal(0, 0.01, 6)), sample_count)
    # Bubbles collapse with the beat of the blades, so the noise is modulated at their rate.
    angle = phase(blades_hz)
    beat = 1 + rng.uniform(0.2, 0.6) * np.sin(angle)
    propeller = coloured_noise(sample_count, rng.uniform(-4.5, -2.5), rng) * beat
    # Engine and gears give a few steady lines. Their frequencies follow the speed, as the beat does.
    lines = np.append(rng.uniform(4, 8) * np.arange(1, 7), rng.uniform(40, 120) * np.arange(1, 4))
    strengths = rng.uniform(0, 0.3, lines.size) / np.sqrt(lines / lines[0])
    tonals = sum(strength * np.sin(line * angle) for line, strength in zip(lines, strengths, strict=True))
    return nearness * (propeller + tonals)


def winch_squeal(rng: np.random.Generator) -> np.ndarray:
    """Return 0.4 to 1.8 s of squealing metal: one to three strokes of stiff, rough harmonics of 350 to 1,500 Hz."""
    parts = []
    pitch_hz, peak_hz = np.exp(rng.uniform(np.log(350), np.log(1500))), rng.uniform(1500, 3500)
    for _ in range(rng.integers(1, 4)):
        sample_count = int(SAMPLE_RATE * rng.uniform(0.35, 0.6))
        slide = np.exp(rng.normal(0, 0.05, 2))
        judder = 1 + 0.01 * np.sin(phase(np.full(sample_count, rng.uniform(20, 45))))
        tone = harmonics(pitch_hz * curve(slide, sample_count) * judder, peak_hz, octaves=rng.uniform(0.6, 1.0))
        parts.append(tone * envelope(sample_count, 0.03, 0.1))
    return np.concatenate(parts)


def hull_knocks(rng: np.random.Generator) -> np.ndarray:
    """Return 2 to 6 dull knocks within 1.5 s, like a chain against a mooring: two damped tones each."""
    times_s = rng.uniform(0, 1.3, rng.integers(2, 7))
    strengths = rng.uniform(0.3, 1.0, times_s.size)
    decay_s = rng.uniform(0.008, 0.025)
    kernel = ringing(rng.uniform(200, 700), decay_s) + ringing(rng.uniform(900, 2500), decay_s)
    return impulses(times_s, strengths, kernel, int(SAMPLE_RATE * 1.5))
