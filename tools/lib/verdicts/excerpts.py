"""Excerpts: parts of a few minutes that join a data set instead of a whole long recording, as FLAC.

A recording is cut at every multiple of some minutes. Each part is a window longer than that, so that a window lies
whole in the part in which it begins. So the same window is always in the same file, whatever else was reviewed.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from stages.lib.runtime.atomic_write import atomic_write
from tools.lib.recordings.recording_name import SUFFIX

SUBTYPES = {"PCM_S8": "PCM_S8", "PCM_U8": "PCM_S8", "PCM_16": "PCM_16"}  # FLAC holds integers. All else gets 24 bits.
MOST_CHANNELS, HIGHEST_RATE = 8, 655350  # Limits of FLAC.


class Excerpt(NamedTuple):
    """A part of a recording: its name in the data set, its source file, and its start and length in seconds."""

    name: str
    source: Path
    start_s: float
    length_s: float


def excerpt_of(name: str, source: Path, start_s: float, minutes: float, clip_s: float) -> Excerpt:
    """Return the part of a recording that holds a window.

    Parameters
    ----------
    name : str
        The path that the recording would have in the data set. The path of the part also has its start and the length
        of the parts, in seconds.
    source : Path
    start_s : float
        Start of the window.
    minutes : float
        Minutes between the starts of two parts.
    clip_s : float
    """
    part_s = minutes * 60
    begin_s = int(start_s / part_s) * part_s
    return Excerpt(f"{SUFFIX.sub('', name)}_{begin_s:g}s_{part_s:g}s.flac", source, begin_s, part_s + clip_s)


def excerpt_fault(excerpt: Excerpt, target: Path) -> str | None:
    """Return why an excerpt cannot be written; None if it can, or if it already exists."""
    info = soundfile.info(excerpt.source)
    if info.channels > MOST_CHANNELS or info.samplerate > HIGHEST_RATE:
        return (
            f"has {info.channels} channels at {info.samplerate} Hz, more than FLAC holds; leave out --minutes, so that "
            "the whole recording joins"
        )
    if target.exists() and not same_samples(excerpt, target):
        return f"{target} is another recording with the name of this part; rename one of them"
    return None


def read_excerpt(excerpt: Excerpt) -> tuple[np.ndarray, int, str]:
    """Return the samples of an excerpt, shape (samples, channels), its sample rate, and the FLAC subtype for it."""
    with soundfile.SoundFile(excerpt.source) as sound:
        rate = sound.samplerate
        sound.seek(min(round(excerpt.start_s * rate), sound.frames))
        samples = sound.read(round(excerpt.length_s * rate), dtype="int32", always_2d=True)
        return samples, rate, SUBTYPES.get(sound.subtype, "PCM_24")


def same_samples(excerpt: Excerpt, target: Path) -> bool:
    """Tell whether a file holds an excerpt, at the precision of its format."""
    samples, rate, subtype = read_excerpt(excerpt)
    present, present_rate = soundfile.read(target, dtype="int32", always_2d=True)
    dropped = 32 - {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}[subtype]
    return rate == present_rate and np.array_equal(samples >> dropped, present >> dropped)


def write_excerpt(excerpt: Excerpt, target: Path) -> None:
    """Write an excerpt, whole or not at all."""
    samples, rate, subtype = read_excerpt(excerpt)
    with atomic_write(target) as partial:
        soundfile.write(partial, samples, rate, subtype=subtype)
