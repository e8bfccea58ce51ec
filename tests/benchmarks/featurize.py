"""featurize against the study's way, on the same clips and one core: `python -m tests.benchmarks.featurize`.

The study drew each denoised PCEN spectrogram with matplotlib on a figure of 10 x 10 inches, saved what is not margin at
80 dpi, which is 607 x 617 points, and read the picture back as RGB (orcasound/orcagsoc, preprocess/util.py). Mel
spectrogram, PCEN and denoising are the same code on both sides.
"""

import os

# Both sides get one core, also where a library would take more.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

import tempfile
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np
from tqdm import tqdm

from stages.featurize import featurize_recording
from stages.lib.clips import by_recording, read_clips
from stages.lib.params import DataParams, read_params
from stages.lib.recording import read_window
from stages.lib.spectrogram import FeatureParams, clip_features
from tests.benchmarks.machine import machine_line

mpl.use("Agg")
import matplotlib.pyplot as plt

CLIP_COUNT = 120
# matplotlib leaves a little more than in 2020; so the figure is a little smaller, and the picture has the study's size.
DPI, INCHES = 80, 9.955


def study_picture(samples: np.ndarray, params: FeatureParams, path: Path) -> np.ndarray:
    """Return the study's input of one clip: ndarray of float32, shape (617, 607, 3)."""
    figure, axes = plt.subplots(figsize=(INCHES, INCHES))
    axes.imshow(clip_features(samples, params))
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    figure.savefig(path, dpi=DPI, bbox_inches="tight", pad_inches=0)
    # The study draws the figure once more after it has saved it.
    figure.canvas.draw()
    plt.close(figure)
    return plt.imread(path)[..., :3]


def main() -> None:
    """Time both ways and print the ratio."""
    folder = read_params("data", DataParams).folder
    params = read_params("featurize", FeatureParams)
    recordings, count = [], 0
    for name, clips in by_recording(read_clips(folder / "clips.csv")).items():
        recordings.append((folder / "recordings" / name, clips))
        count += len(clips)
        if count >= CLIP_COUNT:
            break

    featurize_recording(*recordings[0], params)  # Filters and lazily loaded modules are not what is measured.
    start = time.perf_counter()
    for path, clips in tqdm(recordings, desc="featurize", disable=None):
        featurize_recording(path, clips, params)
    ours = (time.perf_counter() - start) / count

    with tempfile.TemporaryDirectory() as pictures:
        picture = Path(pictures) / "clip.png"
        noise = np.random.default_rng(0).standard_normal(params.clip_samples).astype(np.float32)
        shape = study_picture(noise, params, picture).shape
        start = time.perf_counter()
        for path, clips in tqdm(recordings, desc="the study's way", disable=None):
            for clip in clips:
                study_picture(read_window(path, clip.start_s, params.clip_s, params.sample_rate), params, picture)
        theirs = (time.perf_counter() - start) / count

    print(machine_line("numpy", "librosa", "PyWavelets", "matplotlib"))
    print(f"{count} clips of {folder}, one core each way")
    print(f"featurize        {1000 * ours:8.2f} ms a clip")
    print(f"the study's way  {1000 * theirs:8.2f} ms a clip, pictures of shape {shape}")
    print(f"ratio            {theirs / ours:8.1f}")


if __name__ == "__main__":
    main()
