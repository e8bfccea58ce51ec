"""featurize: turn every clip of the data set into the arrays that the model sees."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.audio.recording import sample_rate_of
from stages.lib.audio.remarks import low_rate_lines, unfinished_lines
from stages.lib.cache.digests import FileHash, hash_files, read_hashes, repeated, write_hashes
from stages.lib.cache.shard import content_of, intact, shards_in, write_blocks
from stages.lib.cluster.cluster import Cluster
from stages.lib.cluster.compute import chosen_cluster
from stages.lib.cluster.parallel import in_parallel
from stages.lib.feature_store import FOLDER, in_batches, write_index
from stages.lib.features.clip_faults import recording_faults
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.features_key import features_key, write_description
from stages.lib.features.pretrained import Pretrained
from stages.lib.features.views import VIEWS, chosen_model, files_needed, shapes_of
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import changed, remembered, state
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run_stage
from stages.lib.tables.clips import Clip, by_recording, read_clips

MEMORY = Path(".cache/digests.json")
# A long recording is worked on in parts, so that all cores have a share in it and no memory holds the whole.
BLOCK_CLIPS = 64
# On a cluster each worker that has a part of a recording reads the whole of it first, so that parts are longer there.
CLUSTER_BLOCK_CLIPS = 512


def repetition_faults(table: Path, clips_of: Mapping[Path, Sequence[Clip]], seen: Mapping[str, FileHash]) -> list[str]:
    """List the recordings that are there under two names, which a split could put on two sides."""
    twice = repeated({path: seen[str(path)].digest for path in clips_of if str(path) in seen})
    return [
        f"{table}:{clips_of[path][0].line}: {path} holds the same bytes as {first}; remove one of them, and its clips"
        for path, first in twice.items()
    ]


class ClipsOfRecording(NamedTuple):
    """A recording, its clips, a view of them, its state when it was looked at, and the key of its features.

    One that is not there has no state, and no shard was made from it.
    """

    path: Path
    clips: Sequence[Clip]
    view: str
    state: tuple | None = None
    made_from: str = ""

    @property
    def recording_id(self) -> str:
        """What the ids of its clips call it."""
        return self.clips[0].recording_id

    @property
    def key(self) -> str:
        """What its shard is known by."""
        return f"{self.recording_id}.{self.made_from}"


def look_up(
    path: Path,
    clips: Sequence[Clip],
    params: FeatureParams,
    pretrained: Pretrained | None,
    seen: Mapping[str, FileHash],
) -> list[ClipsOfRecording]:
    """Return a recording in each view, with what was seen of it."""
    if str(path) not in seen:
        return [ClipsOfRecording(path, clips, view) for view in params.views]
    was, digest = seen[str(path)]
    return [
        ClipsOfRecording(path, clips, view, was, features_key(digest, clips, params, view, pretrained))
        for view in params.views
    ]


def featurize(table: Path, path: Path, clips: Sequence[Clip], params: FeatureParams, view: str) -> np.ndarray:
    """Return the features of some clips of a recording that was sound when it was checked, in one view."""
    try:
        return VIEWS[view].compute(path, [clip.start_s for clip in clips], params)
    except Exception:
        # One that has been lost since is a fault of the input.
        refuse(recording_faults(table, path, clips, params))
        raise


def while_unchanged(recording: ClipsOfRecording, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Pass features on; end with a refusal where their recording is not the one any more that was looked at."""
    yield from blocks
    if state(recording.path) != recording.state:
        raise InputFaults([changed(recording.path)])


def write_shards(
    table: Path,
    recordings: Sequence[ClipsOfRecording],
    params: FeatureParams,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    cluster: Cluster | None,
    files: Mapping[Path, str],
) -> dict[str, str]:
    """Compute and write the shards of recordings; return their names by what they were made from."""
    size = BLOCK_CLIPS if cluster is None else CLUSTER_BLOCK_CLIPS
    work = [(table, one.path, block, params, one.view) for one in recordings for block in in_batches(one.clips, size)]
    features = in_parallel(featurize, work, "featurize", "part", cluster=cluster, files=files)
    names = {}
    for one in recordings:
        blocks = while_unchanged(one, islice(features, len(list(in_batches(one.clips, size)))))
        shape = (len(one.clips), *shapes[one.view])
        names[one.key] = write_blocks(
            FOLDER, one.recording_id, one.made_from, blocks, shape=shape, dtype=np.dtype("float16")
        )
    return names


def speed(recordings: Sequence[ClipsOfRecording], clip_s: float, took_s: float) -> str:
    """Say how fast the clips of recordings were computed, in all views together."""
    clip_count = sum({one.path: len(one.clips) for one in recordings}.values())
    hours_a_minute = clip_count * clip_s / 60 / took_s
    return f"{clip_count} clips: {clip_count / took_s:.1f} per second, {hours_a_minute:.1f} hours of audio per minute"


def keep_only(recordings: Sequence[Sequence[ClipsOfRecording]], views: Sequence[str], names: Mapping[str, str]) -> None:
    """Write which shards hold the features of each clip; remove what is of no recording."""
    clips_of = {
        tuple(names[one.key] for one in in_views): [clip.clip_id for clip in in_views[0].clips]
        for in_views in recordings
    }
    for stale in set(FOLDER.iterdir()) - {FOLDER / name for shards in clips_of for name in shards}:
        remove(stale)
    write_index(FOLDER, views, clips_of)


def main() -> None:
    """Featurize what is new, and leave in the folder exactly what the data set holds."""
    data = read_params("data", DataParams)
    params = read_params("featurize", FeatureParams)
    pretrained = chosen_model(params)
    table = data.folder / "clips.csv"
    clips_of = {
        remembered(data.folder / "recordings" / name): clips for name, clips in by_recording(read_clips(table)).items()
    }
    shards = shards_in(FOLDER)
    seen = hash_files([*filter(Path.is_file, clips_of), *shards], read_hashes(MEMORY))
    refuse(repetition_faults(table, clips_of, seen))
    recordings = [look_up(path, clips, params, pretrained, seen) for path, clips in clips_of.items()]
    ready = intact(shards, seen)
    new = [one for in_views in recordings for one in in_views if one.key not in ready]
    files = {path: seen[str(path)].digest for path in clips_of if str(path) in seen}
    with chosen_cluster(files_needed(params)) as cluster:
        to_check = [(table, path, clips_of[path], params) for path in dict.fromkeys(one.path for one in new)]
        faults = in_parallel(recording_faults, to_check, "checking", cluster=cluster, files=files)
        refuse(fault for of_recording in faults for fault in of_recording)
        low_rate = low_rate_lines({one.path: sample_rate_of(one.path) for one in new}, params.highest_hz)
        for line in unfinished_lines(one.path for one in new) + low_rate:
            print(line)

        FOLDER.mkdir(exist_ok=True)
        start = time.perf_counter()
        written = write_shards(table, new, params, shapes_of(params, pretrained), cluster=cluster, files=files)
    if new:
        print(speed(new, params.clip_s, time.perf_counter() - start))
    keep_only(recordings, params.views, ready | written)
    write_description(FOLDER, params, pretrained)
    written_now = {
        str(FOLDER / name): FileHash(state(FOLDER / name), content_of(FOLDER / name)) for name in written.values()
    }
    write_hashes(MEMORY, seen | written_now)


if __name__ == "__main__":
    run_stage(main)
