"""The plan of the data set: its recordings, their windows and the sounds in each, drawn before any synthesis."""

from dataclasses import dataclass

import numpy as np

from data.synthetic.sites import SITES, Site

WINDOW_MS = 3000
LONGEST_GAP_MS = 600
# This many windows, with gaps before, between and after them, last between 30 and 120 s.
FEWEST_WINDOWS, MOST_WINDOWS = 9, 33
SHORTEST_RECORDING_MS = 30_000

# Sounds that resemble orca calls; each recording has only some kinds of them.
HARD_NEGATIVES = ("dolphin_whistle", "hull_knocks", "humpback_cry", "humpback_moan", "seal_barks", "winch_squeal")
KINDS_PER_RECORDING = 3
HARD_NEGATIVE_SHARE = {"call": 0.47, "nocall": 0.78}
# Orcas often click without calling, but whistles only occur with calls here.
CLICK_SHARE = {"call": 0.25, "nocall": 0.12}
WHISTLE_SHARE = {"call": 0.15, "nocall": 0.0}

# Signal-to-noise ratio above 0.5 kHz: from barely audible (but clearly visible in a spectrogram) to clear.
LOWEST_DB, HIGHEST_DB = -13.0, 6.5


@dataclass(frozen=True)
class Sound:
    """One sound in a window.

    Attributes
    ----------
    kind : str
        "pulsed_call" or a name in `data.synthetic.recording.SOURCES`.
    signal_to_noise_db : float
        Power of the sound relative to the window's background, both above 0.5 kHz.
    """

    kind: str
    signal_to_noise_db: float


@dataclass(frozen=True)
class Window:
    """One future clip: its start in the recording, its label, and its sounds apart from the background."""

    start_ms: int
    label: str
    sounds: tuple[Sound, ...]


@dataclass(frozen=True)
class PlannedRecording:
    """One file: site, number at the site, length, and windows in order of time."""

    site: Site
    number: int
    length_ms: int
    windows: tuple[Window, ...]

    @property
    def stem(self) -> str:
        """Name of the file without its extension."""
        return f"{self.site.name}_{self.number:03d}"


def window_counts(total: int, rng: np.random.Generator) -> list[int]:
    """Return the number of windows of each recording; the numbers add up to the total.

    Each number is between `FEWEST_WINDOWS` and `MOST_WINDOWS`, unless the total is too small.
    """
    recording_count = max(1, round(2 * total / (FEWEST_WINDOWS + MOST_WINDOWS)))
    counts = []
    for others in range(recording_count - 1, -1, -1):
        left = total - sum(counts)
        fewest = max(FEWEST_WINDOWS, left - MOST_WINDOWS * others)
        most = min(MOST_WINDOWS, left - FEWEST_WINDOWS * others)
        counts.append(int(rng.integers(fewest, most + 1)) if fewest < most else most)
    return counts


def labels(counts: list[int], calls: int, rng: np.random.Generator) -> list[list[str]]:
    """Return the labels of each recording's windows; `calls` of them are "call".

    Orcas keep calling for a while, so recordings differ in their share of calls. Each recording has a readiness, each
    window adds a random number to it, and the windows with the highest sums get a call.
    """
    readiness = np.repeat(rng.normal(0, 0.7, len(counts)), counts)
    score = readiness + rng.logistic(size=readiness.size)
    label = np.full(score.size, "nocall", dtype=object)
    label[np.argsort(score)[score.size - calls :]] = "call"
    return [part.tolist() for part in np.split(label, np.cumsum(counts)[:-1])]


def sounds(label: str, hard_negatives: np.ndarray, loudness_db: float, rng: np.random.Generator) -> tuple[Sound, ...]:
    """Draw the sounds of one window.

    Parameters
    ----------
    label : str
        "call" or "nocall"; a "call" window has one to three pulsed calls, a "nocall" window none.
    hard_negatives : ndarray of str
        The kinds that occur in this recording.
    loudness_db : float
        Loudness of the animals in this recording, relative to the average.
    rng : numpy.random.Generator
    """
    kinds = ["pulsed_call"] * int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08])) if label == "call" else []
    if rng.random() < HARD_NEGATIVE_SHARE[label]:
        kinds += [str(rng.choice(hard_negatives))] * int(rng.choice([1, 2], p=[0.7, 0.3]))
    if rng.random() < CLICK_SHARE[label]:
        kinds.append("click_train")
    if rng.random() < WHISTLE_SHARE[label]:
        kinds.append("whistle")
    decibels = np.clip(loudness_db + rng.uniform(LOWEST_DB, HIGHEST_DB, len(kinds)), LOWEST_DB, HIGHEST_DB)
    return tuple(Sound(kind, float(level)) for kind, level in zip(kinds, decibels, strict=True))


def recordings(calls: int, nocalls: int, rng: np.random.Generator) -> list[PlannedRecording]:
    """Draw all recordings of the data set, sorted by site and number.

    Parameters
    ----------
    calls, nocalls : int
        Windows with each label, over all recordings.
    rng : numpy.random.Generator
    """
    counts = window_counts(calls + nocalls, rng)
    result = []
    for index, recording_labels in enumerate(labels(counts, calls, rng)):
        hard_negatives = rng.choice(HARD_NEGATIVES, KINDS_PER_RECORDING, replace=False)
        loudness_db = rng.normal(0, 2.5)
        gaps_ms = rng.integers(0, LONGEST_GAP_MS + 1, len(recording_labels) + 1)
        starts_ms = np.cumsum(gaps_ms[:-1]) + WINDOW_MS * np.arange(len(recording_labels))
        windows = tuple(
            Window(int(start_ms), label, sounds(label, hard_negatives, loudness_db, rng))
            for start_ms, label in zip(starts_ms, recording_labels, strict=True)
        )
        length_ms = max(int(starts_ms[-1] + WINDOW_MS + gaps_ms[-1]), SHORTEST_RECORDING_MS)
        result.append(PlannedRecording(SITES[index % len(SITES)], 1 + index // len(SITES), length_ms, windows))
    return sorted(result, key=lambda recording: recording.stem)
