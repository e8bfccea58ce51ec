"""Where the time of featurize goes, against its bare kernels: `python -m benchmarks.kernels`.

The kernels are the calls of the libraries that a clip cannot do without, timed one by one on one core. The stage runs
as `dvc repro` runs it, from nothing, on all cores, on the data set that params.yaml names. Both sides count seconds of
the processor, which other work on the machine changes less than those of the clock.
"""

import os

# As in the stage; a second thread would only wait beside the first.
os.environ |= {"OPENBLAS_NUM_THREADS": "1"}

import io
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import librosa
import numpy as np
import soundfile
import soxr

from benchmarks.machine import machine_line
from experiments.clone import REPOSITORY
from stages.lib.audio.missing_sound import filled_window
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.spectrogram import clip_features, mel_filters, normalise_energy
from stages.lib.features.wavelet import denoise
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.tables.clips import by_recording, read_clips

CLIP_COUNT = 300


class Kernels:
    """Seconds of the processor by kernel."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add what a block takes."""
        start = time.process_time()
        yield
        self.seconds[name] += time.process_time() - start


def run_kernels(path: Path, start_s: float, params: FeatureParams, kernels: Kernels) -> None:
    """Do with one clip what cannot be done without."""
    window = librosa.filters.get_window("hann", params.fft_size).astype(np.float32)
    with kernels.timed("decode"), soundfile.SoundFile(path) as recording:
        recording.seek(round(start_s * recording.samplerate))
        samples = recording.read(round(params.clip_s * recording.samplerate), dtype="float32", always_2d=True)
        rate = recording.samplerate
    samples = samples.mean(axis=1)
    with kernels.timed("missing sound"):
        samples = filled_window(samples, round(params.clip_s * rate), rate)
    with kernels.timed("resample"):
        if rate != params.sample_rate:
            samples = soxr.resample(samples, rate, params.sample_rate, quality="HQ")
    samples = librosa.util.fix_length(samples, size=params.clip_samples)
    with kernels.timed("Fourier transform"):
        transform = librosa.stft(samples, n_fft=params.fft_size, hop_length=params.hop_size, window=window)
    with kernels.timed("mel"):
        mel = mel_filters(params) @ np.abs(transform)
    with kernels.timed("PCEN"):
        energy = normalise_energy(mel, params).astype(np.float32)
    with kernels.timed("wavelet"):
        features = denoise(energy)
    with kernels.timed("write"):
        io.BytesIO().write(features.astype(np.float16).tobytes())
    np.testing.assert_array_equal(features, clip_features(samples, params, rate / 2))


def run_stage(folder: Path) -> tuple[float, float]:
    """Run featurize from nothing on a data set; return its seconds and those of the processor, all cores together."""
    with TemporaryDirectory() as parent:
        shutil.copy("params.yaml", parent)
        (Path(parent) / "data").mkdir()
        (Path(parent) / folder).symlink_to(folder.resolve())
        start = time.perf_counter()
        stage = subprocess.Popen(
            [sys.executable, "-m", "stages.featurize"], cwd=parent, env={"PYTHONPATH": str(REPOSITORY), "PATH": ""}
        )
        _, status, usage = os.wait4(stage.pid, 0)
        if status:
            sys.exit("featurize has failed")
        return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Time the kernels and the stage and print the ratio."""
    folder = read_params("data", DataParams).folder
    params = read_params("featurize", FeatureParams)
    recordings = by_recording(read_clips(folder / "clips.csv"))
    clips = [(folder / "recordings" / name, clip.start_s) for name, clips in recordings.items() for clip in clips]
    chosen = clips[:: max(1, len(clips) // CLIP_COUNT)]
    run_kernels(*chosen[0], params, Kernels())  # Filters and lazily loaded modules are not what is measured.
    kernels = Kernels()
    for path, start_s in chosen:
        run_kernels(path, start_s, params, kernels)
    took_s, processor_s = run_stage(folder)

    print(machine_line("numpy", "librosa", "soundfile", "soxr", "PyWavelets", "joblib"))
    for name, seconds in kernels.seconds.items():
        print(f"{name:20} {1000 * seconds / len(chosen):6.2f} ms a clip")
    bare = sum(kernels.seconds.values()) / len(chosen)
    stage = processor_s / len(clips)
    print(f"{'sum of the kernels':20} {1000 * bare:6.2f} ms a clip, {params.clip_s / bare:.0f} times real time a core")
    print(f"{'featurize':20} {1000 * stage:6.2f} ms a clip, {params.clip_s / stage:.0f} times real time a core")
    print(f"ratio                {stage / bare:6.2f}")
    print(
        f"{len(clips)} clips in {took_s:.1f} s, start included: {len(clips) / took_s:.0f} clips a second, "
        f"{len(clips) * params.clip_s / 60 / took_s:.1f} hours of audio a minute; cores busy "
        f"{100 * processor_s / took_s / len(os.sched_getaffinity(0)):.0f} %"
    )


if __name__ == "__main__":
    main()
