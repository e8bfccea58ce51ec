"""Sounds of other animals, which an orca detector can mistake for orca calls."""

import numpy as np

from data.synthetic.tones import SAMPLE_RATE, curve, envelope, harmonics


def humpback_moan(rng: np.random.Generator) -> np.ndarray:
    """Return a moan of 0.8 to 2.4 s: harmonics of a slow sweep between 90 and 500 Hz."""
    sample_count = int(SAMPLE_RATE * rng.uniform(0.8, 2.4))
    knots = rng.uniform(120, 380) * np.exp(rng.normal(0, 0.2, rng.integers(2, 5)))
    tone = harmonics(curve(knots, sample_count), rng.uniform(300, 900), octaves=rng.uniform(0.6, 1.0))
    return tone * envelope(sample_count, 0.2, 0.3)


def humpback_cry(rng: np.random.Generator) -> np.ndarray:
    """Return a cry of 0.5 to 1.5 s: harmonics of a sweep between 300 and 1,700 Hz, from a single source."""
    sample_count = int(SAMPLE_RATE * rng.uniform(0.5, 1.5))
    knots = np.exp(rng.uniform(np.log(400), np.log(1300))) * np.exp(rng.normal(0, 0.28, rng.integers(3, 6)))
    frequency_hz = curve(np.clip(knots, 300, 1700), sample_count)
    tone = harmonics(frequency_hz, rng.uniform(1200, 3000), octaves=rng.uniform(0.7, 1.1))
    return tone * curve(rng.uniform(0.5, 1.0, 4), sample_count) * envelope(sample_count, 0.08, 0.15)


def dolphin_whistle(rng: np.random.Generator) -> np.ndarray:
    """Return a whistle of 0.4 to 1.4 s that rises and falls between 3.5 and 10 kHz."""
    sample_count = int(SAMPLE_RATE * rng.uniform(0.4, 1.4))
    middle_hz = rng.uniform(5500, 8000)
    loops = np.sin(np.linspace(0, 2 * np.pi * rng.uniform(0.5, 2.5), sample_count) + rng.uniform(0, 2 * np.pi))
    frequency_hz = middle_hz * (1 + rng.uniform(0.1, 0.3) * loops) * curve(np.exp(rng.normal(0, 0.08, 3)), sample_count)
    return harmonics(np.clip(frequency_hz, 3500, 10_000), middle_hz, octaves=0.4) * envelope(sample_count, 0.05, 0.08)


def seal_barks(rng: np.random.Generator) -> np.ndarray:
    """Return a bout of 2 to 6 barks, each 0.12 to 0.25 s of rough harmonics of 250 to 600 Hz."""
    bark_count = rng.integers(2, 7)
    pitch_hz, seconds, gap_s = rng.uniform(250, 600), rng.uniform(0.12, 0.25), rng.uniform(0.08, 0.2)
    peak_hz = rng.uniform(700, 1800)
    gap = np.zeros(int(SAMPLE_RATE * gap_s))
    parts = []
    for _ in range(bark_count):
        sample_count = int(SAMPLE_RATE * seconds * np.exp(rng.normal(0, 0.1)))
        arch = 1 + 0.15 * np.sin(np.linspace(0, np.pi, sample_count))
        bark = harmonics(pitch_hz * np.exp(rng.normal(0, 0.04)) * arch, peak_hz, octaves=0.9)
        roughness = 1 + 0.5 * rng.standard_normal(sample_count)
        parts += [bark * roughness * envelope(sample_count, 0.02, 0.06), gap]
    return np.concatenate(parts[:-1])
