"""Synthesis of a planned recording: the background, and the sounds of each window at their levels."""

import numpy as np
from scipy.signal import butter, sosfilt

from data.synthetic import orca, other_species, sea, vessel
from data.synthetic.plan import WINDOW_MS, PlannedRecording
from data.synthetic.sites import Site
from data.synthetic.tones import SAMPLE_RATE

# Every kind of sound except the pulsed call, whose type depends on the recording.
SOURCES = {
    "click_train": orca.click_train,
    "dolphin_whistle": other_species.dolphin_whistle,
    "hull_knocks": vessel.hull_knocks,
    "humpback_cry": other_species.humpback_cry,
    "humpback_moan": other_species.humpback_moan,
    "seal_barks": other_species.seal_barks,
    "whistle": orca.whistle,
    "winch_squeal": vessel.winch_squeal,
}
# A family of orcas uses only a few of the call types.
TYPES_PER_RECORDING = 3
RAIN_CHANCE = 0.2
# Animals are heard above this frequency, so signal-to-noise ratios are measured above it.
HEARD_FROM_HZ = 500.0


def background(site: Site, sample_count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the background noise at a site, before the hydrophone's response, with a standard deviation of 1."""
    total = sea.coloured_noise(sample_count, site.slope + rng.normal(0, 0.4), rng)
    total *= sea.slow_level(sample_count, 1.5, rng)
    total += rng.uniform(0.05, 0.3) * sea.snapping_shrimp(sample_count, site.snaps_per_s, rng)
    if rng.random() < site.ship_chance:
        total += rng.uniform(0.3, 2.0) * vessel.passing_ship(sample_count, rng)
    if rng.random() < RAIN_CHANCE:
        total += rng.uniform(0.05, 0.25) * sea.rain(sample_count, rng)
    return total / total.std()


def heard(samples: np.ndarray) -> np.ndarray:
    """Return the samples high-pass filtered at `HEARD_FROM_HZ`, same shape."""
    return sosfilt(butter(4, HEARD_FROM_HZ, "highpass", fs=SAMPLE_RATE, output="sos"), samples)


def onset(start: int, sample_count: int, free: tuple[int, int], rng: np.random.Generator) -> int:
    """Draw the first sample of a sound, so that at least half of it is inside its window.

    Parameters
    ----------
    start : int
        First sample of the window.
    sample_count : int
        Length of the sound.
    free : (int, int)
        Samples before and after the window that belong to no other window. A sound may extend this far, so that the
        labels of neighbours stay true.
    rng : numpy.random.Generator
    """
    window_count = WINDOW_MS * SAMPLE_RATE // 1000
    earliest = start - min(free[0], sample_count // 2)
    latest = start + window_count + min(free[1], sample_count // 2) - sample_count
    return int(rng.integers(earliest, latest + 1))


def samples(recording: PlannedRecording, seed: np.random.SeedSequence) -> np.ndarray:
    """Return a whole recording.

    Parameters
    ----------
    recording : PlannedRecording
    seed : numpy.random.SeedSequence
        This recording's own seed, so that its sound does not depend on the synthesis of other recordings.

    Returns
    -------
    ndarray of int16, shape (samples,)
        At `SAMPLE_RATE`.
    """
    rng = np.random.default_rng(seed)
    sample_count = recording.length_ms * SAMPLE_RATE // 1000
    track = background(recording.site, sample_count, rng)
    heard_background = heard(track)
    repertoire = rng.choice(len(orca.CALL_TYPES), TYPES_PER_RECORDING, replace=False)

    starts = [window.start_ms * SAMPLE_RATE // 1000 for window in recording.windows]
    window_count = WINDOW_MS * SAMPLE_RATE // 1000
    edges = [0, *(start + window_count for start in starts)], [*starts, sample_count]
    for index, (window, start) in enumerate(zip(recording.windows, starts, strict=True)):
        free = start - edges[0][index], edges[1][index + 1] - start - window_count
        noise = heard_background[start : start + window_count].std()
        for sound in window.sounds:
            if sound.kind == "pulsed_call":
                wave = orca.pulsed_call(orca.CALL_TYPES[rng.choice(repertoire)], rng)
            else:
                wave = SOURCES[sound.kind](rng)
            wave = sea.propagated(wave, rng)
            wave *= 10 ** (sound.signal_to_noise_db / 20) * noise / heard(wave).std()
            place = onset(start, wave.size, free, rng)
            track[place : place + wave.size] += wave

    steps = sea.coloured(track, recording.site.response_db) * recording.site.level
    return np.clip(np.round(steps), -32768, 32767).astype(np.int16)
