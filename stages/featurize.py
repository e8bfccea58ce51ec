"""featurize: turn every clip of the data set into the array that the network sees."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import joblib
import numpy as np
from tqdm import tqdm

from stages.lib import recording as recording_module
from stages.lib import spectrogram, wavelet
from stages.lib.clips import Clip, by_recording, read_clips
from stages.lib.faults import refuse, run
from stages.lib.feature_store import FOLDER, INDEX_COLUMNS
from stages.lib.params import DataParams, read_params
from stages.lib.recording import duration_s, read_window, recording_fault
from stages.lib.spectrogram import FeatureParams, clip_features
from stages.lib.table import write_table
from stages.lib.whole import remove, whole, write_json


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


def shard_name(path: Path, clips: Sequence[Clip], params: FeatureParams) -> str:
    """Name the shard of a recording after everything that its content depends on.

    A shard of that name is therefore up to date, and a run that was killed goes on where it was.
    """
    digest = hashlib.sha256(params.model_dump_json().encode())
    digest.update(repr([clip.start_s for clip in clips]).encode())
    for source in (__file__, recording_module.__file__, spectrogram.__file__, wavelet.__file__):
        digest.update(Path(source).read_bytes())
    for library in ("numpy", "scipy", "librosa", "soxr", "soundfile", "PyWavelets"):
        digest.update(version(library).encode())
    with path.open("rb") as audio:
        while block := audio.read(1 << 20):
            digest.update(block)
    return f"{PurePosixPath(clips[0].recording).stem}.{digest.hexdigest()[:16]}.npy"


def check(table: Path, path: Path, clips: Sequence[Clip], params: FeatureParams) -> tuple[str, list[str]]:
    """Return the name of the recording's shard and what is wrong with the recording."""
    name = shard_name(path, clips, params) if path.is_file() else ""
    # A shard is only ever written for a recording without faults.
    known = name and (FOLDER / name).is_file()
    return name, [] if known else recording_faults(table, path, clips)


def write_shard(name: str, path: Path, clips: Sequence[Clip], params: FeatureParams) -> None:
    """Compute and write one shard."""
    with whole(FOLDER / name) as partial:
        np.save(partial, featurize_recording(path, clips, params))


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
        (data.folder / "recordings" / recording, clips) for recording, clips in by_recording(read_clips(table)).items()
    ]

    checks = in_parallel(check, [(table, path, clips, params) for path, clips in recordings], "checking")
    refuse(fault for _, faults in checks for fault in faults)
    names = [name for name, _ in checks]

    FOLDER.mkdir(exist_ok=True)
    new = [
        (name, path, clips, params)
        for name, (path, clips) in zip(names, recordings, strict=True)
        if not (FOLDER / name).is_file()
    ]
    in_parallel(write_shard, new, "featurize")
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
    run(main)
