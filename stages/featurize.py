"""featurize: turn every clip of the data set into the array that the network sees."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.clips import Clip, by_recording, read_clips
from stages.lib.cluster import Cluster
from stages.lib.compute import chosen_cluster
from stages.lib.digests import Seen, look_at, recall, remember, repeated, short_digest, sources_of
from stages.lib.faults import refuse
from stages.lib.feature_store import FOLDER, INDEX_COLUMNS
from stages.lib.inputs import changed, reading, state
from stages.lib.missing_sound import LEAST_SHARE
from stages.lib.parallel import in_parallel
from stages.lib.params import DataParams, read_params
from stages.lib.recording import Examined, examine, low_rate_lines, sample_rate_of, unfinished_lines
from stages.lib.running import run_stage
from stages.lib.shard import content_of, intact, shards_in, write_blocks
from stages.lib.spectrogram import FeatureParams, held_bands
from stages.lib.table import write_table
from stages.lib.whole import remove, write_json
from stages.lib.window import window_features

# What computes the features, below our own modules.
LIBRARIES = ("numpy", "scipy", "librosa", "soxr", "soundfile", "PyWavelets")
MEMORY = Path(".cache/digests.json")
# A long recording is worked on in parts, so that all cores have a share in it and no memory holds the whole.
BLOCK_CLIPS = 64
# On a cluster each worker that has a part of a recording reads the whole of it first, so that parts are longer there.
CLUSTER_BLOCK_CLIPS = 512


def recording_faults(table: Path, path: Path, clips: Sequence[Clip], params: FeatureParams) -> list[str]:
    """List what is wrong with one recording, and the clips that hold no sound."""
    found = examine(path, params.channel)
    if isinstance(found, str):
        return [f"{table}:{clips[0].line}: {found}"]
    if not held_bands(params, found.highest_hz):
        return [
            f"{table}:{clips[0].line}: {path} holds nothing above {found.highest_hz:g} Hz, and the lowest band of "
            f"featurize ends above that; lower featurize.min_hz and max_hz, or remove its clips"
        ]
    has_sound = found.has_sound(np.array([clip.start_s for clip in clips]), params.clip_s)
    return [
        f"{table}:{clip.line}: {clip.clip_id} {missing_in(clip, path, found, params.clip_s)}"
        for clip, sounds in zip(clips, has_sound, strict=True)
        if not sounds
    ]


def missing_in(clip: Clip, path: Path, found: Examined, clip_s: float) -> str:
    """Say why a clip holds no sound, or too little."""
    if clip.start_s >= found.length_s:
        return (
            f"begins at {clip.start_s} s, but {path} ends at {found.length_s:.3f} s; correct start_s or remove the clip"
        )
    (sound_s,) = found.sound_s(np.array([clip.start_s]), clip_s)
    return (
        f"holds {sound_s:.3f} s of sound from {clip.start_s} s of {path} on, and a clip needs {LEAST_SHARE:.0%} of its "
        f"{clip_s:g} s; remove the clip"
    )


@cache
def made_by() -> bytes:
    """Return what the features are computed by: all code that this module imports, and the libraries' versions."""
    sources = [path.read_bytes() for path in sources_of(Path(__file__))]
    return b"\0".join(sources + [version(library).encode() for library in LIBRARIES])


def origin(content: str, clips: Sequence[Clip], params: FeatureParams) -> str:
    """Return the digest of everything that the features of a recording depend on, from that of what it holds."""
    starts_s = repr([clip.start_s for clip in clips])
    return short_digest(b"\0".join([params.model_dump_json().encode(), starts_s.encode(), made_by(), content.encode()]))


def repetition_faults(table: Path, clips_of: Mapping[Path, Sequence[Clip]], seen: Mapping[str, Seen]) -> list[str]:
    """List the recordings that are there under two names, which a split could put on two sides."""
    twice = repeated({path: seen[str(path)].digest for path in clips_of if str(path) in seen})
    return [
        f"{table}:{clips_of[path][0].line}: {path} holds the same bytes as {first}; remove one of them, and its clips"
        for path, first in twice.items()
    ]


class Recording(NamedTuple):
    """A recording, its clips, its state when it was looked at, and the digest of what decides its features.

    One that is not there has no state, and no shard was made from it.
    """

    path: Path
    clips: Sequence[Clip]
    state: tuple | None = None
    origin: str = ""

    @property
    def recording_id(self) -> str:
        """What the ids of its clips call it."""
        return self.clips[0].recording_id

    @property
    def key(self) -> str:
        """What its shard is known by."""
        return f"{self.recording_id}.{self.origin}"


def look_up(path: Path, clips: Sequence[Clip], params: FeatureParams, seen: Mapping[str, Seen]) -> Recording:
    """Return a recording with what was seen of it."""
    if str(path) not in seen:
        return Recording(path, clips)
    return Recording(path, clips, seen[str(path)].state, origin(seen[str(path)].digest, clips, params))


def in_blocks(clips: Sequence[Clip], size: int) -> list[Sequence[Clip]]:
    """Divide the clips of one recording among several calls."""
    return [clips[start : start + size] for start in range(0, len(clips), size)]


def featurize(table: Path, path: Path, clips: Sequence[Clip], params: FeatureParams) -> np.ndarray:
    """Return the features of some clips of a recording that was sound when it was checked."""
    try:
        return window_features(path, [clip.start_s for clip in clips], params)
    except Exception:
        # One that has been lost since is a fault of the input.
        refuse(recording_faults(table, path, clips, params))
        raise


def while_unchanged(recording: Recording, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Pass features on; end with a refusal where their recording is not the one any more that was looked at."""
    yield from blocks
    if state(recording.path) != recording.state:
        refuse([changed(recording.path)])


def write_shards(
    table: Path,
    recordings: Sequence[Recording],
    params: FeatureParams,
    cluster: Cluster | None,
    files: Mapping[Path, str],
) -> dict[str, str]:
    """Compute and write the shards of recordings; return their names by what they were made from."""
    size = BLOCK_CLIPS if cluster is None else CLUSTER_BLOCK_CLIPS
    work = [(table, one.path, block, params) for one in recordings for block in in_blocks(one.clips, size)]
    features = in_parallel(featurize, work, "featurize", "part", cluster=cluster, files=files)
    names = {}
    for one in recordings:
        blocks = while_unchanged(one, islice(features, len(in_blocks(one.clips, size))))
        shape = (len(one.clips), *params.shape)
        names[one.key] = write_blocks(
            FOLDER, one.recording_id, one.origin, blocks, shape=shape, dtype=np.dtype("float16")
        )
    return names


def speed(clip_count: int, clip_s: float, took_s: float) -> str:
    """Say how fast clips were computed."""
    hours_a_minute = clip_count * clip_s / 60 / took_s
    return f"{clip_count} clips: {clip_count / took_s:.1f} a second, {hours_a_minute:.1f} hours of audio a minute"


def write_description(recordings: Sequence[Recording], shards: Mapping[str, str], params: FeatureParams) -> None:
    """Write where the features of each clip are, and how they were made; remove what is of no recording."""
    names = [shards[one.key] for one in recordings]
    for stale in set(FOLDER.iterdir()) - {FOLDER / name for name in names}:
        remove(stale)
    places = [
        (clip.clip_id, name, row)
        for name, one in zip(names, recordings, strict=True)
        for row, clip in enumerate(one.clips)
    ]
    write_table(FOLDER / "index.csv", INDEX_COLUMNS, sorted(places))
    write_json(FOLDER / "features.json", {"params": params.model_dump(), "shape": params.shape})


def main() -> None:
    """Featurize what is new, and leave in the folder exactly what the data set holds."""
    data = read_params("data", DataParams)
    params = read_params("featurize", FeatureParams)
    table = data.folder / "clips.csv"
    clips_of = {
        reading(data.folder / "recordings" / name): clips for name, clips in by_recording(read_clips(table)).items()
    }
    shards = shards_in(FOLDER)
    seen = look_at([*filter(Path.is_file, clips_of), *shards], recall(MEMORY))
    refuse(repetition_faults(table, clips_of, seen))
    recordings = [look_up(path, clips, params, seen) for path, clips in clips_of.items()]
    ready = intact(shards, seen)
    new = [one for one in recordings if one.key not in ready]
    files = {path: seen[str(path)].digest for path in clips_of if str(path) in seen}
    with chosen_cluster() as cluster:
        to_check = [(table, one.path, one.clips, params) for one in new]
        faults = in_parallel(recording_faults, to_check, "checking", cluster=cluster, files=files)
        refuse(fault for of_recording in faults for fault in of_recording)
        low_rate = low_rate_lines({one.path: sample_rate_of(one.path) for one in new}, params.max_hz)
        for line in unfinished_lines(one.path for one in new) + low_rate:
            print(line)

        FOLDER.mkdir(exist_ok=True)
        start = time.perf_counter()
        written = write_shards(table, new, params, cluster, files)
    if new:
        print(speed(sum(len(one.clips) for one in new), params.clip_s, time.perf_counter() - start))
    write_description(recordings, ready | written, params)
    written_now = {
        str(FOLDER / name): Seen(state(FOLDER / name), content_of(FOLDER / name)) for name in written.values()
    }
    remember(MEMORY, seen | written_now)


if __name__ == "__main__":
    run_stage(main)
