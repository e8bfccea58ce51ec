"""The sound of a clip as a page plays it: evened out, and in a format that every browser plays."""

import io
from functools import lru_cache

import librosa
import numpy as np
import soundfile

# What nobody hears, even at double speed. Swell and offsets would take up the range that the rest could be loud in.
LOWEST_HZ = 10
LOUDNESS_DB = -26  # A-weighted, below full scale: comfortable for an hour.
CEILING = 0.9  # The format overshoots a little.
# Of the samples, those that may be cut off: a few clicks must not keep everything else down.
CUT_OFF_SHARE = 0.001

# MP3 is the one compact format that Chrome, Firefox and Safari have all played for years. Ogg Vorbis is a little larger
# and new to Safari; FLAC is five times as large.
RATES = (16000, 22050, 24000, 32000, 44100, 48000)  # Those of the format that every decoder knows.
COMPRESSION = 0.5  # Variable bit rate, 0 the best.
# A decoder that does not take the format's own delay off delivers it as so many more samples before the sound.
DELAY_SAMPLES = 1105


def encode(samples: np.ndarray, sample_rate: int) -> bytes:
    """Return a clip as an audio file, as loud as the others.

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
    """Return the lowest rate of the format that holds all of a recording, or else its highest."""
    return next((rate for rate in RATES if rate >= sample_rate), RATES[-1])


def comfortable(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Bring a clip to the loudness of the others, as people hear it.

    Returns
    -------
    ndarray of the same shape
        Within -1 and 1; silence stays silent.
    """
    from scipy.signal import butter, sosfiltfilt

    passing = butter(2, LOWEST_HZ, "highpass", fs=sample_rate, output="sos")
    # As much beyond the ends as the filter looks back, so that it does not swing there.
    audible = sosfiltfilt(passing, samples, padlen=min(len(samples) - 1, 2 * sample_rate // LOWEST_HZ))
    loudest = np.quantile(np.abs(audible), 1 - CUT_OFF_SHARE) or np.abs(audible).max()
    if loudest == 0:
        return np.zeros_like(samples)
    gain = min(10 ** (LOUDNESS_DB / 20) / loudness(np.clip(audible, -loudest, loudest), sample_rate), CEILING / loudest)
    return np.clip(gain * audible, -CEILING, CEILING).astype(np.float32)


def loudness(samples: np.ndarray, sample_rate: int) -> float:
    """Return the A-weighted root mean square, by which what the ear hardly hears hardly counts."""
    power = np.abs(np.fft.rfft(samples)[1:]) ** 2
    return float(np.sqrt(2 * np.sum(power * hearing(len(samples), sample_rate))) / len(samples))


@lru_cache(maxsize=8)  # Clips of one rate share their length, but for those at the ends of recordings.
def hearing(sample_count: int, sample_rate: int) -> np.ndarray:
    """Return how much the power of each frequency but 0 Hz counts."""
    return librosa.db_to_power(librosa.A_weighting(np.fft.rfftfreq(sample_count, 1 / sample_rate)[1:]))
