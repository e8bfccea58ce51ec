"""featurize: turn every clip of the data set into the array that the network sees."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
from tqdm import tqdm

from stages.lib import determinism, spectrogram, wavelet
from stages.lib import recording as recording_module
from stages.lib.clips import Clip, by_recording, read_clips
from stages.lib.faults import refuse
from stages.lib.feature_store import FOLDER, INDEX_COLUMNS
from stages.lib.inputs import reading
from stages.lib.params import DataParams, read_params
from stages.lib.recording import duration_s, read_window, recording_fault
from stages.lib.running import run_stage
from stages.lib.shard import find_shard, short_digest, write_shard
from stages.lib.spectrogram import FeatureParams, clip_features
from stages.lib.table import write_table
from stages.lib.whole import remove, write_json

# What computes the features, below our own modules.
LIBRARIES = ("numpy", "scipy", "librosa", "soxr", "soundfile", "PyWavelets")


def featurize_recording(path: Path, clips: Sequence[Clip], params: FeatureParams) -> np.ndarray:
    """Return the features of the clips of one recording.

    Each clip is computed from its own window alone, so that neither its neighbours nor the length of the recording
    change it.

    Returns
    -------
    ndarray of float16, shape (clips, bands, frames)
    """
    arrays = np.empty((len(clips), *params.shape), np.float16)
    for row, clip in enumerate(clips):
        samples = read_window(path, clip.start_s, params.clip_s, params.sample_rate)
        arrays[row] = clip_features(samples, params)
    return arrays


def recording_faults(table: Path, path: Path, clips: Sequence[Clip]) -> list[str]:
    """List what is wrong with one recording, and the clips that lie outside it."""
    fault = recording_fault(path)
    if fault:
        return [f"{table}:{clips[0].line}: {fault}"]
    length_s = duration_s(path)
    return [
        f"{table}:{clip.line}: {clip.clip_id} begins at {clip.start_s} s, but {path} ends at {length_s:.3f} s; "
        "correct start_s or remove the clip"
        for clip in clips
        if clip.start_s >= length_s
    ]


def origin(path: Path, clips: Sequence[Clip], params: FeatureParams) -> str:
    """Return the digest of everything that the features of a recording depend on."""
    parts = [params.model_dump_json().encode(), repr([clip.start_s for clip in clips]).encode()]
    sources = (__file__, *(module.__file__ for module in (determinism, recording_module, spectrogram, wavelet)))
    parts += [Path(source).read_bytes() for source in sources]
    parts += [version(library).encode() for library in LIBRARIES]
    with path.open("rb") as audio:
        parts.append(hashlib.file_digest(audio, "sha256").digest())
    return short_digest(b"\0".join(parts))


def check(table: Path, path: Path, clips: Sequence[Clip], params: FeatureParams) -> tuple[str | None, list[str]]:
    """Return the name of the recording's shard if there is one already, and what is wrong with the recording."""
    # A shard is only ever written for a recording without faults.
    name = find_shard(FOLDER, path.stem, origin(path, clips, params)) if path.is_file() else None
    return name, [] if name else recording_faults(table, path, clips)


def featurize(table: Path, path: Path, clips: Sequence[Clip], params: FeatureParams) -> str:
    """Compute and write the shard of one recording and return its name."""
    try:
        return write_shard(FOLDER, path.stem, origin(path, clips, params), featurize_recording(path, clips, params))
    except Exception:
        # Every recording was sound when it was checked; one that has been lost since is a fault of the input.
        refuse(recording_faults(table, path, clips))
        raise


def in_parallel(function, arguments: list[tuple], title: str) -> list:
    """Call a function on all cores, with a progress bar on a terminal; results come in order."""
    calls = (joblib.delayed(function)(*each) for each in arguments)
    results = joblib.Parallel(n_jobs=-1, return_as="generator")(calls)
    return list(tqdm(results, desc=title, unit="recording", total=len(arguments), disable=None))


def main() -> None:
    """Featurize what is new, and leave in the folder exactly what the data set holds."""
    data = read_params("data", DataParams)
    params = read_params("featurize", FeatureParams)
    table = data.folder / "clips.csv"
    recordings = [
        (reading(data.folder / "recordings" / recording), clips)
        for recording, clips in by_recording(read_clips(table)).items()
    ]

    checks = in_parallel(check, [(table, path, clips, params) for path, clips in recordings], "checking")
    refuse(fault for _, faults in checks for fault in faults)

    FOLDER.mkdir(exist_ok=True)
    known = [name for name, _ in checks]
    new = [(table, *recording, params) for recording, name in zip(recordings, known, strict=True) if not name]
    written = iter(in_parallel(featurize, new, "featurize"))
    names = [name or next(written) for name in known]
    for stale in set(FOLDER.iterdir()) - {FOLDER / name for name in names}:
        remove(stale)
    places = [
        (clip.clip_id, name, row)
        for name, (_, clips) in zip(names, recordings, strict=True)
        for row, clip in enumerate(clips)
    ]
    write_table(FOLDER / "index.csv", INDEX_COLUMNS, sorted(places))
    write_json(FOLDER / "features.json", {"params": params.model_dump(), "shape": params.shape})


if __name__ == "__main__":
    run_stage(main)
