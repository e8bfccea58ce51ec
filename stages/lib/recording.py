"""Recordings: what is wrong with one, and the samples of one window."""

from pathlib import Path

import librosa
import numpy as np
import soundfile

BLOCK_FRAMES = 1 << 20  # Checking a recording takes the memory of one block, however long the recording is.


def recording_fault(path: Path) -> str | None:
    """Decode a recording from end to end and say what is wrong with it.

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
    try:
        with soundfile.SoundFile(path) as recording:
            return content_fault(path, recording)
    except soundfile.LibsndfileError as error:
        return f"{path} is not audio that libsndfile reads ({error.error_string}); convert it to FLAC or WAV"


def content_fault(path: Path, recording: soundfile.SoundFile) -> str | None:
    """Say what is wrong with the samples of an open recording."""
    frames, silent = 0, True
    for block in recording.blocks(blocksize=BLOCK_FRAMES, dtype="float32", always_2d=True):
        if not np.isfinite(block).all():
            return f"{path} holds samples that are not numbers (NaN or infinite); export it again"
        frames += len(block)
        silent = silent and not block.any()
    if frames < recording.frames:
        return f"{path} is cut off: {frames} of {recording.frames} frames can be decoded; copy it again"
    if frames == 0:
        return f"{path} holds no samples; copy it again from its source"
    if silent:
        return f"{path} is silent from end to end (all samples are zero); leave it out"
    return None


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
