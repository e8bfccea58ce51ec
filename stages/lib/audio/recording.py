"""Recordings: opening one, and reading samples from it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal, NamedTuple

import numpy as np
import soundfile
from pydantic import Field

from stages.lib.audio.missing_sound import ROUNDING_OF_LOSSY
from stages.lib.audio.unfinished import Finished, unfinished_from

# The mean of all channels, or one channel by its number from 1 on.
Channel = Literal["mix"] | Annotated[int, Field(ge=1)]
LOSSY = ("VORBIS", "OPUS", "MPEG")
# A frame of MPEG audio needs some earlier frames, which libsndfile does not decode after a seek. Measured: with a lead
# of ten frames of 1,152 samples, all samples are right to 2e-7. Without it, the first 20 to 50 ms can be wrong.
MPEG_LEAD = 10 * 1152
STDERR = 2
_one_thread = Lock()  # All threads share the file that errors are printed to.


@contextmanager
def open_recording(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a recording. If a WAV header was never finished, all samples up to the end of the file can be read."""
    start = unfinished_from(path)
    if start is None:
        # As bytes, because the name may not be UTF-8.
        with soundfile.SoundFile(os.fsencode(path)) as recording:
            yield recording
    else:
        with path.open("rb") as file, soundfile.SoundFile(Finished(file, start)) as recording:
            yield recording


def sample_rate_of(path: Path) -> int:
    """Return the sample rate of a recording, in Hz."""
    with open_recording(path) as recording:
        return recording.samplerate


def duration_s(path: Path) -> float:
    """Return the length of a recording in seconds."""
    with open_recording(path) as recording:
        return recording.frames / recording.samplerate


class Samples(NamedTuple):
    """The samples of a part of a recording, at its own rate.

    Attributes
    ----------
    samples : ndarray of float32, shape (samples,)
        In [-1, 1]; fewer than requested at the end of the recording.
    sample_rate : int
        The recording's own rate, in Hz.
    rounding : float
        How much samples that should be equal can differ.
    """

    samples: np.ndarray
    sample_rate: int
    rounding: float


def read_samples(path: Path, start_s: float, length_s: float, channel: Channel) -> Samples:
    """Decode a part of a recording; it is shorter than requested at the end of the recording."""
    with open_recording(path) as recording:
        first = min(round(start_s * recording.samplerate), recording.frames)
        block = read_frames(recording, first, round(length_s * recording.samplerate))
        return Samples(of_channel(block, channel), recording.samplerate, rounding(recording))


def read_frames(recording: soundfile.SoundFile, first: int, count: int) -> np.ndarray:
    """Read frames of an open recording, the same as in a read of the whole recording (MP3: to within 1e-6).

    Returns
    -------
    ndarray of float32, shape (frames, channels)
        Fewer than `count` at the end of the recording.
    """
    if not recording.subtype.startswith("MPEG"):
        recording.seek(first)
        return recording.read(count, dtype="float32", always_2d=True)
    lead = min(first, MPEG_LEAD)
    with silent_decoder():
        recording.seek(first - lead)
        return recording.read(lead + count, dtype="float32", always_2d=True)[lead:]


@contextmanager
def silent_decoder() -> Iterator[None]:
    """Discard what the decoder of MP3 prints: it complains of the frames after a seek, none of which is used."""
    with _one_thread, Path(os.devnull).open("wb") as nowhere:
        stderr = os.dup(STDERR)
        os.dup2(nowhere.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(stderr, STDERR)
            os.close(stderr)


def of_channel(block: np.ndarray, channel: Channel) -> np.ndarray:
    """Return one channel of samples of shape (frames, channels), or the mean of all: float32, shape (frames,)."""
    return block.mean(axis=1) if channel == "mix" else block[:, channel - 1]


def rounding(recording: soundfile.SoundFile) -> float:
    """Return how much samples that should be equal can differ in an open recording."""
    return ROUNDING_OF_LOSSY if recording.subtype.startswith(LOSSY) else 0.0


def resampled(samples: np.ndarray, from_rate: float, to_rate: float, size: int) -> np.ndarray:
    """Resample to another rate and an exact number of samples.

    Parameters
    ----------
    samples : ndarray of float32, shape (samples,)
    from_rate, to_rate : float
        In Hz.
    size : int
        Number of samples to return; missing ones at the end are zeros.
    """
    import librosa  # Importing it takes a second, and most callers of this module do not need it.

    if from_rate != to_rate:
        samples = librosa.resample(samples, orig_sr=from_rate, target_sr=to_rate)
    return librosa.util.fix_length(samples, size=size)


def read_window(path: Path, start_s: float, length_s: float, channel: Channel) -> np.ndarray:
    """Decode a window of a recording for people: mono, at its own rate, silent past the end of the recording.

    Its offset is removed. Otherwise it would be heard as a click at each end, and seen as the brightest line.
    `stages.lib.features.sound.sound_of` reads windows for models.

    Parameters
    ----------
    path : Path
    start_s, length_s : float
        Start and length of the window, in seconds. It starts within the recording.
    channel : "mix" or int

    Returns
    -------
    ndarray of float32, shape (round(length_s * rate of the recording),)
    """
    samples, sample_rate, _ = read_samples(path, start_s, length_s, channel)
    return resampled(samples - np.median(samples), sample_rate, sample_rate, round(length_s * sample_rate))
