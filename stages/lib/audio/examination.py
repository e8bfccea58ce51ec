"""What a recording holds: its length, where it has sound, and what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from stages.lib.audio.cut_off import missing_part
from stages.lib.audio.missing_sound import LEAST_SHARE, missing_stretches
from stages.lib.audio.recording import Channel, of_channel, open_recording, rounding

BLOCK_SAMPLES = 1 << 17  # Checking a recording needs the memory of one block, however long the recording is.

# Full scale is 1, or 2**31 if unscaled; samples may also be in micropascals. From about 1e18 on, features overflow.
LOUDEST = 1e12
NO_FRAME_COUNT = 2**63 - 1  # libsndfile returns this for a FLAC file without a frame count.
# Independent channels leave 1 / channels of their energy in the mix.
LEAST_ENERGY_OF_MIX = 0.01
TOLERANCE_S = 1e-6


class Examined(NamedTuple):
    """The content of a recording without faults.

    Attributes
    ----------
    length_s : float
    sample_rate : int
        The recording's own rate, in Hz.
    missing : tuple of (begin, end)
        The stretches that carry no sound, in seconds from the start, in order.
    """

    length_s: float
    sample_rate: int
    missing: tuple[tuple[float, float], ...] = ()

    @property
    def missing_s(self) -> float:
        """Seconds without sound."""
        return sum(end_s - start_s for start_s, end_s in self.missing)

    @property
    def highest_hz(self) -> float:
        """The highest frequency that the recording can contain."""
        return self.sample_rate / 2

    def sound_s(self, starts_s: np.ndarray, window_s: float) -> np.ndarray:
        """Return the seconds of sound in each window.

        Parameters
        ----------
        starts_s : ndarray of float, shape (windows,)
            Starts of the windows. Windows may extend beyond the end of the recording, where there is no sound.
        window_s : float

        Returns
        -------
        ndarray of float, shape (windows,), in [0, window_s]
        """
        # The seconds of sound before each edge; they increase where there is sound.
        edges = [0.0, *(edge for stretch in self.missing for edge in stretch), self.length_s]
        rises = [end - begin for begin, end in zip(edges[::2], edges[1::2], strict=True)]
        until = np.repeat(np.concatenate([[0.0], np.cumsum(rises)]), 2)[1:-1]
        starts_s = np.asarray(starts_s, np.float64)
        return np.interp(starts_s + window_s, edges, until) - np.interp(starts_s, edges, until)

    def has_sound(self, starts_s: np.ndarray, window_s: float) -> np.ndarray:
        """Tell which windows have enough sound for a clip: bool, shape (windows,)."""
        return self.sound_s(starts_s, window_s) >= LEAST_SHARE * window_s - TOLERANCE_S

    def is_whole(self, starts_s: np.ndarray, window_s: float) -> np.ndarray:
        """Tell which windows are sound from start to end, to within two samples: bool, shape (windows,)."""
        return self.sound_s(starts_s, window_s) >= window_s - 2 / self.sample_rate


def recording_fault(path: Path, channel: Channel = "mix") -> str | None:
    """Return what is wrong with a recording, or None. The whole file is decoded, as by `examine`."""
    found = examine(path, channel)
    return found if isinstance(found, str) else None


def examine(path: Path, channel: Channel) -> Examined | str:
    """Decode a whole recording and return its content, or what is wrong with it.

    Truncation is detected in FLAC, WAV, AIFF and Ogg files, and in MP3 files whose first frame counts the others.
    Other MP3 files do not contain their length, so truncation cannot be detected. Rarer formats are not checked for it.

    Parameters
    ----------
    path : Path
    channel : "mix" or int

    Returns
    -------
    Examined or str
        A string describes the fault and its remedy.
    """
    if not path.is_file():
        return f"there is no file {path}; add it, or remove its clips"
    if path.stat().st_size == 0:
        return f"{path} is empty; copy it again from its source"
    if path.suffix.lower() == ".raw":
        return f"{path} is raw samples without a header, judging by its name; convert it to FLAC or WAV"
    try:
        path.open("rb").close()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}); let this user read it"
    try:
        with open_recording(path) as recording:
            return header_fault(path, recording, channel) or examine_samples(path, recording, channel)
    except soundfile.LibsndfileError as error:
        reason = error.error_string or error.code
        return f"{path} is not audio that libsndfile reads ({reason}); copy it again, or convert it to FLAC or WAV"


def header_fault(path: Path, recording: soundfile.SoundFile, channel: Channel) -> str | None:
    """Return what the header of an open recording says against its use, or None."""
    if recording.frames == NO_FRAME_COUNT:
        return f"{path} does not say how long it is, probably because it was streamed; convert it to FLAC again"
    if channel != "mix" and channel > recording.channels:
        return (
            f"{path} has no channel {channel}, which featurize.channel asks for; it has {recording.channels}, "
            "counted from 1"
        )
    return None


class Reading:
    """One pass over the samples of an open recording, and what it has found so far.

    Attributes
    ----------
    frames : int
        Number of frames read so far.
    sound : bool
        Whether every sample so far is a plausible number.
    """

    def __init__(self, recording: soundfile.SoundFile, channel: Channel):
        self.recording, self.channel = recording, channel
        self.frames, self.sound = 0, True
        # The first frame is subtracted from the samples before summing, so that an offset does not hide the variation.
        self.first: np.ndarray | None = None
        self.sums, self.squares = np.zeros(recording.channels + 1), np.zeros(recording.channels + 1)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the samples of the channel in use, block by block; stop at the first implausible sample."""
        frames = max(1, BLOCK_SAMPLES // self.recording.channels)
        # `recording.blocks()` would not report that fewer samples were read than requested.
        while len(block := self.recording.read(frames, dtype="float32", always_2d=True)):
            self.sound = bool((np.abs(block) <= LOUDEST).all())
            if not self.sound:
                return
            self.frames += len(block)
            used = of_channel(block, self.channel)
            if self.recording.channels > 1 and self.channel == "mix":
                self.add_energy(np.column_stack([block, used]))
            yield used

    def add_energy(self, block: np.ndarray) -> None:
        """Accumulate the variation in each channel and, last, in the mix."""
        if self.first is None:
            self.first = block[0].astype(np.float64)
        varying = block - self.first
        self.sums += varying.sum(axis=0)
        self.squares += (varying**2).sum(axis=0)

    @property
    def mix_cancels(self) -> bool:
        """Whether the channels nearly cancel in the mix."""
        if self.first is None:
            return False
        *channels, mix = self.squares - self.sums**2 / self.frames
        return bool(mix < LEAST_ENERGY_OF_MIX * np.mean(channels))


def examine_samples(path: Path, recording: soundfile.SoundFile, channel: Channel) -> Examined | str:
    """Return the content of an open recording, or what is wrong with its samples."""
    reading = Reading(recording, channel)
    stretches = missing_stretches(reading.blocks(), recording.samplerate, rounding=rounding(recording))
    fault = samples_fault(path, recording, reading)
    if fault:
        return fault
    if reading.mix_cancels:
        return (
            f"{path} is silent in the mix, because its {recording.channels} channels cancel one another; choose one "
            "with featurize.channel, or save one as a separate recording"
        )
    if stretches == [(0, reading.frames)]:
        return f"{path} is silent from end to end (its samples do not vary); leave it out"
    rate = recording.samplerate
    return Examined(reading.frames / rate, rate, tuple((first / rate, after / rate) for first, after in stretches))


def samples_fault(path: Path, recording: soundfile.SoundFile, reading: Reading) -> str | None:
    """Return what is wrong with a recording whose samples have been read, or None."""
    if not reading.sound:
        return f"{path} holds samples that are not numbers (NaN, infinite or beyond {LOUDEST:g}); export it again"
    if reading.frames < recording.frames:
        return f"{path} is cut off: {reading.frames} of {recording.frames} frames can be decoded; copy it again"
    missing = missing_part(path)
    if missing:
        return f"{path} is cut off: {missing}; copy it again, or convert it to FLAC if the source is also cut off"
    if reading.frames == 0:
        return f"{path} holds no samples; copy it again from its source"
    return None
