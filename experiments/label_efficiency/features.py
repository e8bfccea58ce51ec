"""The features of one data set, computed once for all runs, with its clips.csv beside them."""

import argparse
from functools import partial
from pathlib import Path

import yaml

from experiments.label_efficiency.settings import FEATURES, HERE, read_settings
from stages.lib.cache.digests import file_digest
from stages.lib.cache.shard import write_shard
from stages.lib.cluster.parallel import in_parallel
from stages.lib.feature_store import write_index
from stages.lib.features.clip_faults import recording_faults
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.features_key import features_key, write_description
from stages.lib.features.pretrained import Pretrained
from stages.lib.features.views import VIEWS, chosen_model
from stages.lib.runtime.atomic_write import atomic_write, write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import SectionType, read_params
from stages.lib.runtime.running import run
from stages.lib.tables.clips import Clip, by_recording, read_clips


def overlaid(section: str, kind: type[SectionType], overlay: Path) -> SectionType:
    """Return a section of params.yaml with that of another YAML file laid over it."""
    changes = yaml.safe_load(overlay.read_text(encoding="utf-8"))
    return kind.model_validate({**read_params(section, kind).model_dump(), **changes.get(section, {})})


def write_recording(
    folder: Path, pretrained: Pretrained | None, path: Path, clips: list[Clip], params: FeatureParams
) -> tuple[str, ...]:
    """Compute and write the shards of one recording, one for each view, and return their names."""
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


def write_features(folder: Path, source: Path, params: FeatureParams) -> None:
    """Write a folder as the stage `featurize` does, from a data set that stays where it is."""
    table = source / "clips.csv"
    recordings = [
        (source / "recordings" / name, clips) for name, clips in sorted(by_recording(read_clips(table)).items())
    ]
    arguments = [(*recording, params) for recording in recordings]
    faults = in_parallel(partial(recording_faults, table), arguments, "checking")
    refuse(fault for of_recording in faults for fault in of_recording)
    pretrained = chosen_model(params)
    with atomic_write(folder) as partial_folder:
        partial_folder.mkdir()
        names = in_parallel(partial(write_recording, partial_folder, pretrained), arguments, "featurize")
        clips_of = {name: [clip.clip_id for clip in clips] for name, (_, clips) in zip(names, recordings, strict=True)}
        write_index(partial_folder, params.views, clips_of)
        write_description(partial_folder, params, pretrained)
        write_text(partial_folder / "clips.csv", table.read_text(encoding="utf-8"))


def main() -> None:
    """Write the features of the data set that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", help="one of `sources` in params.yaml")
    dataset = parser.parse_args().dataset
    source = read_settings().sources[dataset]
    params = overlaid("featurize", FeatureParams, HERE / source.overlay)
    write_features(FEATURES / dataset, HERE / source.folder, params)


if __name__ == "__main__":
    run(main)
