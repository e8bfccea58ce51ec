"""The features of one data set, computed once for all runs, with its clips.csv beside them."""

import argparse
from functools import partial
from pathlib import Path

import yaml

from experiments.label_efficiency.settings import FEATURES, HERE, read_settings
from stages.featurize import origin, recording_faults
from stages.lib.clips import Clip, by_recording, read_clips
from stages.lib.digests import file_digest
from stages.lib.faults import refuse
from stages.lib.feature_store import INDEX_COLUMNS
from stages.lib.parallel import in_parallel
from stages.lib.params import SectionType, read_params
from stages.lib.running import run
from stages.lib.shard import write_shard
from stages.lib.spectrogram import FeatureParams
from stages.lib.table import write_table
from stages.lib.whole import whole, write_json, write_text
from stages.lib.window import window_features


def overlaid(section: str, kind: type[SectionType], overlay: Path) -> SectionType:
    """Return a section of params.yaml with that of another YAML file laid over it."""
    changes = yaml.safe_load(overlay.read_text(encoding="utf-8"))
    return kind.model_validate({**read_params(section, kind).model_dump(), **changes.get(section, {})})


def write_recording(folder: Path, path: Path, clips: list[Clip], params: FeatureParams) -> str:
    """Compute and write the shard of one recording and return its name."""
    features = window_features(path, [clip.start_s for clip in clips], params)
    return write_shard(folder, path.stem, origin(file_digest(path), clips, params), features)


def write_features(folder: Path, source: Path, params: FeatureParams) -> None:
    """Write a folder as the stage `featurize` does, from a data set that stays where it is."""
    table = source / "clips.csv"
    recordings = [
        (source / "recordings" / name, clips) for name, clips in sorted(by_recording(read_clips(table)).items())
    ]
    arguments = [(*recording, params) for recording in recordings]
    faults = in_parallel(partial(recording_faults, table), arguments, "checking")
    refuse(fault for of_recording in faults for fault in of_recording)
    with whole(folder) as partial_folder:
        partial_folder.mkdir()
        names = in_parallel(partial(write_recording, partial_folder), arguments, "featurize")
        places = [
            (clip.clip_id, name, row)
            for name, (_, clips) in zip(names, recordings, strict=True)
            for row, clip in enumerate(clips)
        ]
        write_table(partial_folder / "index.csv", INDEX_COLUMNS, sorted(places))
        write_json(partial_folder / "features.json", {"params": params.model_dump(), "shape": params.shape})
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
