"""Features of a data set outside the pipeline, in a folder like that of the stage `featurize`."""

from functools import partial
from pathlib import Path

from stages.lib.cache.digests import file_digest, repeated
from stages.lib.cache.shard import write_shard
from stages.lib.cluster.parallel import in_parallel
from stages.lib.feature_store import write_index
from stages.lib.features.clip_faults import recording_faults
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.features_key import features_key, write_description
from stages.lib.features.pretrained import Pretrained
from stages.lib.features.views import VIEWS, chosen_model
from stages.lib.runtime.atomic_write import atomic_write
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS, Clip, by_recording, read_clips


def write_recording(
    folder: Path, pretrained: Pretrained | None, path: Path, clips: list[Clip], params: FeatureParams
) -> tuple[str, ...]:
    """Compute and write the shards of one recording, one per view, and return their names."""
    starts_s, digest = [clip.start_s for clip in clips], file_digest(path)
    return tuple(
        write_shard(
            folder,
            path.stem,
            features_key(digest, clips, params, view, pretrained),
            VIEWS[view].compute(path, starts_s, params),
        )
        for view in params.views
    )


def write_features(folder: Path, table: Path, recordings_folder: Path, params: FeatureParams) -> None:
    """Write the features of the clips in a table, and the table next to them.

    If several recordings have the same bytes, only the one with the shortest name is used.
    """
    clips_of = {recordings_folder / name: clips for name, clips in sorted(by_recording(read_clips(table)).items())}
    shortest_first = sorted(filter(Path.is_file, clips_of), key=lambda path: (len(path.name), path.name))
    for again in repeated({path: file_digest(path) for path in shortest_first}):
        del clips_of[again]
    arguments = [(path, clips, params) for path, clips in clips_of.items()]
    faults = in_parallel(partial(recording_faults, table), arguments, "checking")
    refuse(fault for of_recording in faults for fault in of_recording)
    pretrained = chosen_model(params)
    with atomic_write(folder) as partial_folder:
        partial_folder.mkdir()
        names = in_parallel(partial(write_recording, partial_folder, pretrained), arguments, "featurize")
        ids = {name: [clip.clip_id for clip in clips] for name, clips in zip(names, clips_of.values(), strict=True)}
        write_index(partial_folder, params.views, ids)
        write_description(partial_folder, params, pretrained)
        written = sorted((clip for clips in clips_of.values() for clip in clips), key=lambda clip: clip.line)
        rows = [(clip.clip_id, clip.recording, f"{clip.start_s:.3f}", clip.label, clip.site) for clip in written]
        write_table(partial_folder / "clips.csv", COLUMNS, rows)
