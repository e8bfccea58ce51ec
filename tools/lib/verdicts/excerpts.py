"""Excerpts: parts of a few minutes that join a data set instead of a whole long recording.

A recording is cut at every multiple of some minutes. Each part is a window longer than that, so that a window lies
whole in the part in which it begins. So the same window is always in the same file, whatever else was reviewed.

Excerpts are FLAC files, which hold at most 24-bit integers and eight channels. Excerpts of other recordings are AU
files of floating-point numbers. They are not WAV files, because libsndfile writes the time of day into these.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from stages.lib.audio.recording import duration_s, open_recording, read_frames
from stages.lib.runtime.atomic_write import atomic_write
from tools.lib.recordings.recording_name import SUFFIX

FLOAT = "FLOAT"
# From the subtype of a recording to that of its excerpts. For any other subtype, excerpts have 24 bits.
SUBTYPES = {"PCM_S8": "PCM_S8", "PCM_U8": "PCM_S8", "PCM_16": "PCM_16", FLOAT: FLOAT, "DOUBLE": FLOAT}
BITS = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}
MOST_CHANNELS, HIGHEST_RATE = 8, 655350  # Limits of FLAC.
BLOCK_FRAMES = 1 << 17  # Only one block is in memory at a time.


class Excerpt(NamedTuple):
    """A part of a recording: its name in the data set, the file it is cut from, its start and length in seconds."""

    name: str
    source: Path
    start_s: float
    length_s: float


class Form(NamedTuple):
    """How samples are stored: their rate, the number of channels, and the subtype of libsndfile."""

    sample_rate: int
    channels: int
    subtype: str


def excerpt_of(name: str, source: Path, start_s: float, minutes: float, clip_s: float) -> Excerpt:
    """Return the part of a recording that holds a window.

    Parameters
    ----------
    name : str
        The path that the recording would have in the data set. The name of the part adds where it begins and how long
        parts are, in seconds.
    source : Path
    start_s : float
        Start of the window, in seconds.
    minutes : float
        Time from the start of one part to the start of the next.
    clip_s : float
    """
    part_s = minutes * 60
    begin_s = int(start_s / part_s) * part_s
    suffix = ".au" if form_of(source).subtype == FLOAT else ".flac"
    return Excerpt(f"{SUFFIX.sub('', name)}_{begin_s:g}s_{part_s:g}s{suffix}", source, begin_s, part_s + clip_s)


def form_of(source: Path) -> Form:
    """Return how the excerpts of a recording are stored."""
    with open_recording(source) as sound:
        of_flac = sound.channels <= MOST_CHANNELS and sound.samplerate <= HIGHEST_RATE
        subtype = SUBTYPES.get(sound.subtype, "PCM_24") if of_flac else FLOAT
        return Form(sound.samplerate, sound.channels, subtype)


def excerpt_fault(excerpt: Excerpt, target: Path) -> str | None:
    """Return why an excerpt cannot be written; None if it can, or if it already exists."""
    if target.exists() and not holds_part(target, *excerpt[1:]):
        return f"{target} is another recording with the name of this part, or damaged; rename one, or restore it"
    return None


def read_blocks(path: Path, start_s: float, length_s: float, subtype: str) -> Iterator[np.ndarray]:
    """Yield the samples of a part of a recording, shape (samples, channels), in the format of a subtype."""
    with open_recording(path) as sound:
        first = round(start_s * sound.samplerate)
        after = min(first + round(length_s * sound.samplerate), sound.frames)
        for start in range(first, after, BLOCK_FRAMES):
            block = read_frames(sound, start, min(BLOCK_FRAMES, after - start))
            yield block if subtype == FLOAT else as_integers(block, BITS[subtype])


def as_integers(samples: np.ndarray, bits: int) -> np.ndarray:
    """Convert samples to integers of some bits, in the upper bits of int32; samples beyond full scale are clipped.

    libsndfile itself would let samples of Ogg files overflow. Less than half a step becomes 0, as in digital silence.
    """
    highest = 1 << bits - 1
    integers = np.clip(np.rint(samples.astype(np.float64) * highest), -highest, highest - 1)
    return integers.astype(np.int32) << 32 - bits


def holds_part(target: Path, source: Path, start_s: float, length_s: float | None = None) -> bool:
    """Tell whether a file holds a part of a recording, at the precision of excerpts; False if it cannot be read.

    Without a length, the part is as long as the file.
    """
    try:
        held = Excerpt(target.name, target, 0.0, duration_s(target))
        return same_parts(Excerpt(target.name, source, start_s, length_s or held.length_s), held)
    except soundfile.LibsndfileError:
        return False


def same_parts(one: Excerpt, other: Excerpt) -> bool:
    """Tell whether two parts hold the same samples, at the precision of the format of the first one's excerpts."""
    form = form_of(one.source)
    least = 0 if form.subtype == FLOAT else 1 << 32 - BITS[form.subtype]
    if form_of(other.source)[:2] != form[:2]:
        return False
    pairs = zip_longest(
        *(read_blocks(part.source, part.start_s, part.length_s, form.subtype) for part in (one, other)),
        fillvalue=np.empty((0, form.channels), np.int32),
    )
    return all(
        len(first) == len(second) and (abs(first.astype(float) - second) <= least).all() for first, second in pairs
    )


def write_excerpt(excerpt: Excerpt, target: Path) -> None:
    """Write an excerpt, whole or not at all."""
    form = form_of(excerpt.source)
    with atomic_write(target) as partial, soundfile.SoundFile(partial, "w", *form) as copy:
        for block in read_blocks(excerpt.source, excerpt.start_s, excerpt.length_s, form.subtype):
            copy.write(block)
