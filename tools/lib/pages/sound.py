"""Encode the sound of a clip for a page: at an even loudness, in a format that every browser plays."""

import io
from functools import lru_cache

import librosa
import numpy as np
import soundfile

# Lower frequencies are inaudible even at double speed. Swell and offsets would only use up the range of the samples.
LOWEST_HZ = 10
LOUDNESS_DB = -26  # A-weighted, below full scale: comfortable for an hour.
CEILING = 0.9  # The format overshoots a little.
# The share of samples that may be clipped, so that a few clicks do not make everything else quiet.
CUT_OFF_SHARE = 0.001

# MP3 is the only compact format that Chrome, Firefox and Safari have all played for years. Ogg Vorbis is a little
# larger and new in Safari; FLAC is five times as large.
RATES = (16000, 22050, 24000, 32000, 44100, 48000)  # The rates of the format that every decoder supports.
COMPRESSION = 0.5  # Variable bit rate; 0 is the best quality.
# A decoder that does not remove the encoder delay returns this many extra samples before the sound.
DELAY_SAMPLES = 1105


def encode(samples: np.ndarray, sample_rate: int) -> bytes:
    """Return a clip as an audio file, at the same loudness as the others.

    Parameters
    ----------
    samples : ndarray of float32, shape (samples,)
    sample_rate : int
    """
    rate = playable_rate(sample_rate)
    resampled = librosa.resample(samples, orig_sr=sample_rate, target_sr=rate)
    file = io.BytesIO()
    evened = comfortable(resampled, rate)
    soundfile.write(file, evened, rate, format="MP3", bitrate_mode="VARIABLE", compression_level=COMPRESSION)
    return file.getvalue()


def playable_rate(sample_rate: int) -> int:
    """Return the lowest rate of the format that holds all frequencies of a recording, otherwise its highest rate."""
    return next((rate for rate in RATES if rate >= sample_rate), RATES[-1])


def comfortable(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Adjust a clip to the same perceived loudness as the others.

    Returns
    -------
    ndarray of the same shape
        Within -1 and 1; silence stays silent.
    """
    from scipy.signal import butter, sosfiltfilt

    passing = butter(2, LOWEST_HZ, "highpass", fs=sample_rate, output="sos")
    # Pad by the memory of the filter, so that it does not ring at the ends.
    audible = sosfiltfilt(passing, samples, padlen=min(len(samples) - 1, 2 * sample_rate // LOWEST_HZ))
    loudest = np.quantile(np.abs(audible), 1 - CUT_OFF_SHARE) or np.abs(audible).max()
    if loudest == 0:
        return np.zeros_like(samples)
    gain = min(10 ** (LOUDNESS_DB / 20) / loudness(np.clip(audible, -loudest, loudest), sample_rate), CEILING / loudest)
    return np.clip(gain * audible, -CEILING, CEILING).astype(np.float32)


def loudness(samples: np.ndarray, sample_rate: int) -> float:
    """Return the A-weighted root mean square, which weights frequencies by how well people hear them."""
    power = np.abs(np.fft.rfft(samples)[1:]) ** 2
    return float(np.sqrt(2 * np.sum(power * hearing(len(samples), sample_rate))) / len(samples))


@lru_cache(maxsize=8)  # Clips of one rate have the same length, except at the ends of recordings.
def hearing(sample_count: int, sample_rate: int) -> np.ndarray:
    """Return the A-weight for the power of each frequency except 0 Hz."""
    return librosa.db_to_power(librosa.A_weighting(np.fft.rfftfreq(sample_count, 1 / sample_rate)[1:]))
