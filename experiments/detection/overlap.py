"""Whether training clips were cut from the long recordings: `python -m experiments.detection.overlap`.

Were they, detection would be tested on what was learnt. The two sets do not say where they overlap, so the sound is
compared: a clip that was cut from a recording correlates with it at one place nearly perfectly, also if it was made
louder, or clipped, since.
"""

import numpy as np
import soundfile
from scipy.signal import oaconvolve
from tqdm import tqdm

from experiments.command import exit_without
from experiments.detection.run import DATASET, LONG_RECORDINGS, read_calls
from experiments.real.run import RECORDINGS
from stages.lib.tables.clips import CALL, read_clips

CLIP_COUNT = 120
SEED = 0
SILENCE = 1e-6  # Of the mean energy.


def highest_correlation(samples: np.ndarray, excerpt: np.ndarray) -> float:
    """Return the highest normalised cross-correlation of an excerpt with a longer recording, in [0, 1].

    Parameters
    ----------
    samples, excerpt : ndarray of float, shape (samples,)
        At one sample rate.
    """
    energy = np.concatenate([[0.0], np.cumsum(samples**2)])
    # Where there is silence, nothing but rounding errors would be compared.
    least = SILENCE * energy[-1] * len(excerpt) / len(samples)
    norms = np.sqrt(np.maximum(energy[len(excerpt) :] - energy[: -len(excerpt)], least))
    products = oaconvolve(samples, excerpt[::-1], mode="valid")
    return float(np.max(np.abs(products) / norms) / np.linalg.norm(excerpt))


def clipped(samples: np.ndarray) -> np.ndarray:
    """Return some sound as if it had been made too loud: a tenth of the samples is cut off."""
    limit = np.quantile(np.abs(samples), 0.9)
    return np.clip(samples, -limit, limit)


def main() -> None:
    """Print the highest correlation of training clips with each recording, and that of a piece of it."""
    exit_without(LONG_RECORDINGS)
    folder = RECORDINGS / DATASET
    calls = [clip.recording for clip in read_clips(folder / "clips.csv") if clip.label == CALL]
    chosen = np.random.default_rng(SEED).choice(calls, CLIP_COUNT, replace=False)
    clips = [soundfile.read(folder / "recordings" / name)[0] for name in chosen]
    names = [name for name, of_recording in read_calls(LONG_RECORDINGS / "annotations.tsv").items() if of_recording]
    for name in names:
        samples, _ = soundfile.read(LONG_RECORDINGS / "recordings" / name)
        highest = max(highest_correlation(samples, clip) for clip in tqdm(clips, desc=name, disable=None))
        middle = len(samples) // 2
        piece = clipped(samples[middle : middle + len(clips[0])])
        print(f"{name}: {highest:.2f}; a piece of itself, clipped: {highest_correlation(samples, piece):.2f}")


if __name__ == "__main__":
    main()
