"""The real data sets: their folders, params, features and clips."""

from collections.abc import Mapping
from pathlib import Path

from experiments.clone import REPOSITORY
from experiments.features import write_features
from experiments.kinds import available_kinds, features_folder, overlay_of
from experiments.overlays import overlaid, read_overlay
from stages.lib.feature_store import Features, open_features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.params import SectionType
from stages.lib.tables.clips import Clip, read_clips
from tools.lib.recordings.audio_files import known_sound

RECORDINGS = REPOSITORY.parent / "shared" / "real"
OVERLAYS = Path(__file__).parent


def params_for(dataset: str, section: str, kind: type[SectionType], *changes: Mapping) -> SectionType:
    """Return a section of params.yaml for a real data set, with further changes."""
    return overlaid(section, kind, read_overlay(OVERLAYS / f"{dataset}.yaml"), *changes)


def featurized(dataset: str, *changes: Mapping) -> tuple[Features, list[Clip]]:
    """Return the features (computed if not stored) and clips of a real data set, without repeats of a sound."""
    params = params_for(dataset, "featurize", FeatureParams, overlay_of(available_kinds()), *changes)
    source = RECORDINGS / dataset
    return kept_features(dataset, source / "clips.csv", source / "recordings", params)


def kept_features(
    name: str, table: Path, recordings_folder: Path, params: FeatureParams
) -> tuple[Features, list[Clip]]:
    """Return the features of the clips in a table, and the clips; features are computed if not stored."""
    folder = features_folder(name, table, params)
    if not folder.is_dir():
        write_features(folder, table, recordings_folder, params)
    return open_features(folder), read_clips(folder / "clips.csv")


def repeats_in(folder: Path) -> set[str]:
    """Return the recordings of a data set that have the same bytes as another of its recordings."""
    names = {clip.recording for clip in read_clips(folder / "clips.csv")}
    return set(known_sound({name: folder / "recordings" / name for name in names}, []))
