"""Recordings: what is wrong with one, and the samples of one window."""

from pathlib import Path
from typing import BinaryIO

import librosa
import numpy as np
import soundfile

BLOCK_SAMPLES = 1 << 20  # Checking a recording takes the memory of one block, however long the recording is.

# Full scale is 1, or 2**31 in what was not scaled, or micropascals; from about 1e18 on, features overflow.
LOUDEST = 1e12
NO_FRAME_COUNT = 2**63 - 1  # libsndfile's word for a FLAC file without one.
# What programs write as the length of samples that they stream, when they do not know it yet (FFmpeg, SoX, arecord).
UNKNOWN_LENGTHS = (range(1), range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
LONGEST_OGG_PAGE = 27 + 255 + 255 * 255
OGG_LAST_PAGE = 4


def recording_fault(path: Path) -> str | None:
    """Decode a recording from end to end and say what is wrong with it.

    That a file has been cut off can be told of FLAC, WAV, AIFF and Ogg, and of an MP3 whose first frame counts the
    others. Of other MP3 it cannot, because nothing in them says how long they should be; of rarer formats it is not.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str or None
        What is wrong and what to do; None for a sound recording.
    """
    if not path.is_file():
        return f"there is no file {path}; add it, or remove its clips"
    if path.stat().st_size == 0:
        return f"{path} is empty; copy it again from its source"
    if path.suffix.lower() == ".raw":
        return f"{path} is by its name samples without a header; convert it to FLAC or WAV"
    try:
        with soundfile.SoundFile(path) as recording:
            if recording.frames == NO_FRAME_COUNT:
                return f"{path} does not say how long it is, as when it was streamed; convert it to FLAC once more"
            return content_fault(path, recording)
    except soundfile.LibsndfileError as error:
        reason = error.error_string or error.code
        return f"{path} is not audio that libsndfile reads ({reason}); copy it again, or convert it to FLAC or WAV"


def content_fault(path: Path, recording: soundfile.SoundFile) -> str | None:
    """Say what is wrong with the samples of an open recording."""
    frames, silent = 0, True
    block_frames = max(1, BLOCK_SAMPLES // recording.channels)
    # Not `recording.blocks()`, which does not say that it could read less than it was asked for.
    while len(block := recording.read(block_frames, dtype="float32", always_2d=True)):
        if not (np.abs(block) <= LOUDEST).all():
            return f"{path} holds samples that are not numbers (NaN, infinite or beyond {LOUDEST:g}); export it again"
        frames += len(block)
        silent = silent and not block.any()
    if frames < recording.frames:
        return f"{path} is cut off: {frames} of {recording.frames} frames can be decoded; copy it again"
    missing = missing_part(path)
    if missing:
        return f"{path} is cut off: {missing}; copy it again, or, if there is no more, convert it to FLAC"
    if frames == 0:
        return f"{path} holds no samples; copy it again from its source"
    if silent:
        return f"{path} is silent from end to end (all samples are zero); leave it out"
    return None


def missing_part(path: Path) -> str | None:
    """Say what a file lacks at its end by its own account, which libsndfile passes over."""
    size = path.stat().st_size
    with path.open("rb") as file:
        form = file.read(4)
        if form in (b"RIFF", b"RF64", b"FORM"):
            start, length = sample_chunk(file, byte_order="big" if form == b"FORM" else "little")
            unknown = any(length in lengths for lengths in UNKNOWN_LENGTHS)
            if start + length > size and not unknown:
                return f"{size - start} of {length} bytes of samples are there"
        if form == b"OggS" and not ends_with_last_page(file, size):
            return "the last page is missing"
    return None


def sample_chunk(file: BinaryIO, byte_order: str) -> tuple[int, int]:
    """Return where the samples of a WAV or AIFF file begin, and how many bytes it says there are."""
    position, long_length = 12, 0
    while len(head := read_at(file, position, 8)) == 8:
        start, length = position + 8, int.from_bytes(head[4:], byte_order)
        if head[:4] in (b"data", b"SSND"):
            return start, long_length or length
        if head[:4] == b"ds64":  # The lengths of a WAV file of more than 4 GB: of all, of the samples.
            long_length = int.from_bytes(read_at(file, start + 8, 8), byte_order)
        position = start + length + length % 2  # Chunks begin at even positions.
    return 0, 0


def ends_with_last_page(file: BinaryIO, size: int) -> bool:
    """Tell whether an Ogg file ends with a whole page that is marked as the last of its stream."""
    tail = read_at(file, max(0, size - LONGEST_OGG_PAGE), LONGEST_OGG_PAGE)
    page = tail[max(0, tail.rfind(b"OggS")) :]
    # The lengths of a page's segments stand from byte 27 on, their number before them.
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    return bool(segments) and bool(page[5] & OGG_LAST_PAGE) and len(page) >= 27 + len(segments) + sum(segments)


def read_at(file: BinaryIO, position: int, length: int) -> bytes:
    """Read from a place in a file."""
    file.seek(position)
    return file.read(length)


def duration_s(path: Path) -> float:
    """Return the length of a recording in seconds."""
    with soundfile.SoundFile(path) as recording:
        return recording.frames / recording.samplerate


def read_window(path: Path, start_s: float, clip_s: float, sample_rate: int) -> np.ndarray:
    """Decode one window of a recording: mono, resampled, padded with zeros past the end of the recording.

    Parameters
    ----------
    path : Path
    start_s, clip_s : float
        Where the window begins, and its length, in seconds.
    sample_rate : int
        Of the result, in Hz.

    Returns
    -------
    ndarray of float32, shape (round(clip_s * sample_rate),)
        In [-1, 1].
    """
    samples, _ = librosa.load(path, sr=sample_rate, mono=True, offset=start_s, duration=clip_s)
    return librosa.util.fix_length(samples, size=round(clip_s * sample_rate))
