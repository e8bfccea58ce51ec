"""CPU time per clip of featurize and of alternatives, on the same clips: `python -m benchmarks.featurize`.

The study drew each denoised PCEN spectrogram with matplotlib on a figure of 10 x 10 inches, and saved it without the
margins at 80 dpi, which gives 607 x 617 pixels. Then it read the picture back as RGB (orcasound/orcagsoc,
preprocess/util.py). Mel spectrogram, PCEN and denoising are the same code on both sides.

The librosa loop follows the documentation of librosa: load, mel spectrogram, PCEN, then wavelet denoising by
scikit-image.

scikit-maad, a library for soundscapes, has neither mel bands nor wavelets. It loads the recording (only WAV), and
computes the spectrogram and PCEN of each clip. It needs a separate environment:

    python -m venv /tmp/maad && /tmp/maad/bin/pip install scikit-maad==1.5.2
    python -m benchmarks.featurize --maad /tmp/maad/bin/python
"""

import os

# Each side uses one core, even if a library would use more.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import librosa
import matplotlib as mpl
import soundfile
from skimage.restoration import denoise_wavelet
from tqdm import tqdm

from benchmarks.machine import machine_line
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.sound import sound_of
from stages.lib.features.spectrogram import clip_features
from stages.lib.features.window import window_features
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.tables.clips import by_recording, read_clips
from tools.lib.command_parser import command_parser

mpl.use("Agg")
import matplotlib.pyplot as plt

CLIP_COUNT = 120
Recordings = list[tuple[Path, list[float]]]  # Each recording, and the starts of its clips in seconds.
# A slightly smaller figure than the study's: matplotlib now saves a larger picture of the same figure than in 2020.
DPI, INCHES = 80, 9.955


def study_pictures(path: Path, starts_s: Sequence[float], params: FeatureParams) -> tuple[int, ...]:
    """Compute the network input of the study for some clips of a recording; return its shape, (617, 607, 3)."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "clip.png"
        for start_s in starts_s:
            samples = sound_of(path, start_s, params.clip_s, "mix", params.sample_rate).samples
            figure, axes = plt.subplots(figsize=(INCHES, INCHES))
            axes.imshow(clip_features(samples, params))
            axes.xaxis.set_visible(False)
            axes.yaxis.set_visible(False)
            figure.savefig(picture, dpi=DPI, bbox_inches="tight", pad_inches=0)
            # The study draws the figure again after saving it.
            figure.canvas.draw()
            plt.close(figure)
            network_input = plt.imread(picture)[..., :3]
    return network_input.shape


def plain_loop(path: Path, starts_s: Sequence[float], params: FeatureParams) -> None:
    """Compute the features of some clips of a recording as librosa's documentation does."""
    for start_s in starts_s:
        samples, rate = librosa.load(path, sr=params.sample_rate, offset=start_s, duration=params.clip_s)
        mel = librosa.feature.melspectrogram(
            y=samples,
            sr=rate,
            n_fft=params.fft_size,
            hop_length=params.hop_size,
            n_mels=params.mel_bands,
            fmin=params.min_hz,
            fmax=params.max_hz,
            power=1,
        )
        denoise_wavelet(librosa.pcen(mel * 2**31, sr=rate, hop_length=params.hop_size))


def cpu_seconds(name: str, work: Callable[..., object], recordings: Recordings, params: FeatureParams) -> float:
    """Return the CPU seconds of some work on all clips."""
    work(recordings[0][0], [0.0], params)  # Warm-up: it loads modules and computes filters.
    start = time.process_time()
    for path, starts_s in tqdm(recordings, desc=name, disable=None):
        work(path, starts_s, params)
    return time.process_time() - start


def cpu_seconds_of_maad(python: Path, recordings: Recordings, params: FeatureParams) -> float:
    """Return the CPU seconds of scikit-maad for all clips, read from WAV copies of the recordings."""
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        for path, starts_s in recordings:
            copy = Path(folder) / f"{path.stem}.wav"
            soundfile.write(copy, *soundfile.read(path, dtype="int16"))
            copies.append((str(copy), starts_s))
        sizes = map(str, (params.clip_s, params.fft_size, params.hop_size))
        command = [python, Path(__file__).with_name("maad_clips.py"), *sizes, json.dumps(copies)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Time all alternatives and print the ratios."""
    parser = command_parser(__doc__)
    parser.add_argument("--maad", type=Path, help="the Python of an environment with scikit-maad")
    maad_python = parser.parse_args().maad
    folder = read_params("data", DataParams).folder
    params = read_params("featurize", FeatureParams)
    recordings: Recordings = []
    count = 0
    for name, clips in by_recording(read_clips(folder / "clips.csv")).items():
        recordings.append((folder / "recordings" / name, [clip.start_s for clip in clips]))
        count += len(clips)
        if count >= CLIP_COUNT:
            break

    ours = cpu_seconds("featurize", window_features, recordings, params) / count
    plain = cpu_seconds("librosa", plain_loop, recordings, params) / count
    theirs = cpu_seconds("study", study_pictures, recordings, params) / count
    shape = study_pictures(recordings[0][0], [0.0], params)
    print(machine_line("numpy", "librosa", "PyWavelets", "matplotlib", "scikit-image"))
    print(f"{count} clips of {folder}, CPU time")
    print(f"featurize        {1000 * ours:8.2f} ms per clip")
    print(f"librosa loop     {1000 * plain:8.2f} ms per clip, ratio {plain / ours:.1f}")
    if maad_python:
        maad = cpu_seconds_of_maad(maad_python, recordings, params) / count
        print(f"scikit-maad      {1000 * maad:8.2f} ms per clip, ratio {maad / ours:.1f}; no mel bands, no denoising")
    print(f"study            {1000 * theirs:8.2f} ms per clip, ratio {theirs / ours:.1f}; pictures of shape {shape}")


if __name__ == "__main__":
    main()
