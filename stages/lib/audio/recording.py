"""Recordings: what is wrong with one, where it holds sound, and the samples of one window."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import soundfile
from pydantic import Field

from stages.lib.audio.cut_off import missing_part
from stages.lib.audio.missing_sound import LEAST_SHARE, ROUNDING_OF_LOSSY, missing_stretches
from stages.lib.audio.unfinished import Finished, unfinished_from

# The mean of all channels, or one channel by its number from 1 on.
Channel = Literal["mix"] | Annotated[int, Field(ge=1)]

BLOCK_SAMPLES = 1 << 17  # Checking a recording takes the memory of one block, however long the recording is.

# Full scale is 1, or 2**31 in what was not scaled, or micropascals; from about 1e18 on, features overflow.
LOUDEST = 1e12
NO_FRAME_COUNT = 2**63 - 1  # libsndfile's word for a FLAC file without one.
LOSSY = ("VORBIS", "OPUS", "MPEG")
# Channels that have nothing in common leave 1 / channels of their energy in the mix.
LEAST_ENERGY_OF_MIX = 0.01
TOLERANCE_S = 1e-6


class Examined(NamedTuple):
    """What a sound recording holds.

    Attributes
    ----------
    length_s : float
    sample_rate : int
        Its own, in Hz.
    missing : tuple of (begin, end)
        The stretches that carry no sound, in seconds from its start, in order.
    """

    length_s: float
    sample_rate: int
    missing: tuple[tuple[float, float], ...] = ()

    @property
    def missing_s(self) -> float:
        """How many seconds of it carry no sound."""
        return sum(end_s - start_s for start_s, end_s in self.missing)

    @property
    def highest_hz(self) -> float:
        """The highest frequency that it can hold."""
        return self.sample_rate / 2

    def sound_s(self, starts_s: np.ndarray, window_s: float) -> np.ndarray:
        """Return how many seconds of sound windows hold.

        Parameters
        ----------
        starts_s : ndarray of float, shape (windows,)
            Where they begin. They may go on beyond the end of the recording, where there is no sound.
        window_s : float

        Returns
        -------
        ndarray of float, shape (windows,), in [0, window_s]
        """
        # Seconds of sound from the start of the recording: it rises with time where there is sound.
        edges = [0.0, *(edge for stretch in self.missing for edge in stretch), self.length_s]
        rises = [end - begin for begin, end in zip(edges[::2], edges[1::2], strict=True)]
        until = np.repeat(np.concatenate([[0.0], np.cumsum(rises)]), 2)[1:-1]
        starts_s = np.asarray(starts_s, np.float64)
        return np.interp(starts_s + window_s, edges, until) - np.interp(starts_s, edges, until)

    def has_sound(self, starts_s: np.ndarray, window_s: float) -> np.ndarray:
        """Tell which windows hold enough sound for a clip: bool, shape (windows,)."""
        return self.sound_s(starts_s, window_s) >= LEAST_SHARE * window_s - TOLERANCE_S

    def is_whole(self, starts_s: np.ndarray, window_s: float) -> np.ndarray:
        """Tell which windows are sound from end to end, to a sample or two: bool, shape (windows,)."""
        return self.sound_s(starts_s, window_s) >= window_s - 2 / self.sample_rate


def recording_fault(path: Path, channel: Channel = "mix") -> str | None:
    """Say what is wrong with a recording; None for a sound one. It is decoded from end to end, as by `examine`."""
    found = examine(path, channel)
    return found if isinstance(found, str) else None


def examine(path: Path, channel: Channel) -> Examined | str:
    """Decode a recording from end to end and say what it holds, or what is wrong with it.

    That a file has been cut off can be told of FLAC, WAV, AIFF and Ogg, and of an MP3 whose first frame counts the
    others. Of other MP3 it cannot, because nothing in them says how long they should be; of rarer formats it is not.

    Parameters
    ----------
    path : Path
    channel : "mix" or int

    Returns
    -------
    Examined or str
        A string says what is wrong and what to do.
    """
    if not path.is_file():
        return f"there is no file {path}; add it, or remove its clips"
    if path.stat().st_size == 0:
        return f"{path} is empty; copy it again from its source"
    if path.suffix.lower() == ".raw":
        return f"{path} is by its name samples without a header; convert it to FLAC or WAV"
    try:
        with open_recording(path) as recording:
            return header_fault(path, recording, channel) or examine_samples(path, recording, channel)
    except soundfile.LibsndfileError as error:
        reason = error.error_string or error.code
        return f"{path} is not audio that libsndfile reads ({reason}); copy it again, or convert it to FLAC or WAV"


@contextmanager
def open_recording(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a recording; of a WAV file whose header was never finished, all samples that are there can be read."""
    start = unfinished_from(path)
    if start is None:
        # As bytes, because a name need not be UTF-8.
        with soundfile.SoundFile(os.fsencode(path)) as recording:
            yield recording
    else:
        with path.open("rb") as file, soundfile.SoundFile(Finished(file, start)) as recording:
            yield recording


def header_fault(path: Path, recording: soundfile.SoundFile, channel: Channel) -> str | None:
    """Say why the samples of an open recording cannot be used, by what it says of itself."""
    if recording.frames == NO_FRAME_COUNT:
        return f"{path} does not say how long it is, as when it was streamed; convert it to FLAC once more"
    if channel != "mix" and channel > recording.channels:
        return (
            f"{path} has no channel {channel}, which featurize.channel asks for; it has {recording.channels}, "
            "counted from 1"
        )
    return None


class Reading:
    """The samples of an open recording, read from end to end once, and what was found on the way.

    Attributes
    ----------
    frames : int
        Read until now.
    sound : bool
        Whether every sample until now is a number that a recording can hold.
    """

    def __init__(self, recording: soundfile.SoundFile, channel: Channel):
        self.recording, self.channel = recording, channel
        self.frames, self.sound = 0, True
        # Sums over the samples less those of the first frame, so that an offset does not hide what varies.
        self.first: np.ndarray | None = None
        self.sums, self.squares = np.zeros(recording.channels + 1), np.zeros(recording.channels + 1)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the samples of the channel that is used, a block at a time; end at the first that is no number."""
        frames = max(1, BLOCK_SAMPLES // self.recording.channels)
        # Not `recording.blocks()`, which does not say that it could read less than it was asked for.
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
        """Add up what varies in each channel, and last in the mix."""
        if self.first is None:
            self.first = block[0].astype(np.float64)
        varying = block - self.first
        self.sums += varying.sum(axis=0)
        self.squares += (varying**2).sum(axis=0)

    @property
    def mix_cancels(self) -> bool:
        """Whether the channels add up to next to nothing."""
        if self.first is None:
            return False
        *channels, mix = self.squares - self.sums**2 / self.frames
        return bool(mix < LEAST_ENERGY_OF_MIX * np.mean(channels))


def examine_samples(path: Path, recording: soundfile.SoundFile, channel: Channel) -> Examined | str:
    """Say what the samples of an open recording hold, or what is wrong with them."""
    reading = Reading(recording, channel)
    stretches = missing_stretches(reading.blocks(), recording.samplerate, rounding=rounding(recording))
    fault = samples_fault(path, recording, reading)
    if fault:
        return fault
    if reading.mix_cancels:
        return (
            f"{path} is silent in the mix, because its {recording.channels} channels cancel one another; choose one "
            "with featurize.channel, or save one as a recording of its own"
        )
    if stretches == [(0, reading.frames)]:
        return f"{path} is silent from end to end (its samples do not vary); leave it out"
    rate = recording.samplerate
    return Examined(reading.frames / rate, rate, tuple((first / rate, after / rate) for first, after in stretches))


def samples_fault(path: Path, recording: soundfile.SoundFile, reading: Reading) -> str | None:
    """Say what is wrong with a recording whose samples have been read; None where they are all there."""
    if not reading.sound:
        return f"{path} holds samples that are not numbers (NaN, infinite or beyond {LOUDEST:g}); export it again"
    if reading.frames < recording.frames:
        return f"{path} is cut off: {reading.frames} of {recording.frames} frames can be decoded; copy it again"
    missing = missing_part(path)
    if missing:
        return f"{path} is cut off: {missing}; copy it again, or, if there is no more, convert it to FLAC"
    if reading.frames == 0:
        return f"{path} holds no samples; copy it again from its source"
    return None


def rounding(recording: soundfile.SoundFile) -> float:
    """Return by how much samples that should be the same can differ in an open recording."""
    return ROUNDING_OF_LOSSY if recording.subtype.startswith(LOSSY) else 0.0


def of_channel(block: np.ndarray, channel: Channel) -> np.ndarray:
    """Return one channel of samples of shape (frames, channels), or the mean of all: float32, shape (frames,)."""
    return block.mean(axis=1) if channel == "mix" else block[:, channel - 1]


def low_rate_lines(sample_rates: Mapping[Path, int], max_hz: float) -> list[str]:
    """Name every recording whose sample rate cannot hold a frequency, one sentence for each rate.

    Parameters
    ----------
    sample_rates : mapping
        From recordings to their own rates, in Hz.
    max_hz : float
        The highest frequency of the features.
    """
    names = defaultdict(list)
    count_of = Counter(path.name for path in sample_rates)
    for path, sample_rate in sample_rates.items():
        if sample_rate / 2 < max_hz:
            names[sample_rate].append(path.name if count_of[path.name] == 1 else str(path))
    return [
        f"recorded at {sample_rate} Hz, which holds nothing above {sample_rate / 2:g} Hz, while featurize.max_hz is "
        f"{max_hz:g}; what is missing counts as unknown ({len(of_rate)} in all): {', '.join(of_rate)}"
        for sample_rate, of_rate in sorted(names.items())
    ]


def unfinished_lines(paths: Iterable[Path]) -> list[str]:
    """Name the recordings whose headers were never finished, one sentence each."""
    return [
        f"{path}: its header was never finished, as when a recorder stops without warning; read to the end of the file"
        for path in paths
        if unfinished_from(path) is not None
    ]


def sample_rate_of(path: Path) -> int:
    """Return the sample rate of a recording, in Hz."""
    with open_recording(path) as recording:
        return recording.samplerate


def duration_s(path: Path) -> float:
    """Return the length of a recording in seconds."""
    with open_recording(path) as recording:
        return recording.frames / recording.samplerate


class Samples(NamedTuple):
    """A part of a recording as it is.

    Attributes
    ----------
    samples : ndarray of float32, shape (samples,)
        In [-1, 1]; fewer than were asked for at the end of the recording.
    sample_rate : int
        The recording's own, in Hz.
    rounding : float
        By how much samples that should be the same can differ.
    """

    samples: np.ndarray
    sample_rate: int
    rounding: float


def read_samples(path: Path, start_s: float, length_s: float, channel: Channel) -> Samples:
    """Decode a part of a recording, as far as there is one."""
    with open_recording(path) as recording:
        first = min(round(start_s * recording.samplerate), recording.frames)
        recording.seek(first)
        block = recording.read(round(length_s * recording.samplerate), dtype="float32", always_2d=True)
        return Samples(of_channel(block, channel), recording.samplerate, rounding(recording))


def resampled(samples: np.ndarray, from_rate: float, to_rate: float, size: int) -> np.ndarray:
    """Return samples at another rate, exactly so many of them.

    Parameters
    ----------
    samples : ndarray of float32, shape (samples,)
    from_rate, to_rate : float
        In Hz.
    size : int
        What is missing at the end is zeros.
    """
    import librosa  # It takes a second, which most readers of recordings can do without.

    if from_rate != to_rate:
        samples = librosa.resample(samples, orig_sr=from_rate, target_sr=to_rate)
    return librosa.util.fix_length(samples, size=size)


def read_window(path: Path, start_s: float, clip_s: float, sample_rate: int, channel: Channel = "mix") -> np.ndarray:
    """Decode one window of a recording as people hear it: mono, resampled, silent past the end of the recording.

    What the network sees of a window is made by `stages.lib.features.window`.

    Parameters
    ----------
    path : Path
    start_s, clip_s : float
        Where the window begins, and its length, in seconds.
    sample_rate : int
        Of the result, in Hz.
    channel : "mix" or int

    Returns
    -------
    ndarray of float32, shape (round(clip_s * sample_rate),)
        In [-1, 1].
    """
    samples, own_rate, _ = read_samples(path, start_s, clip_s, channel)
    return resampled(samples, own_rate, sample_rate, round(clip_s * sample_rate))
