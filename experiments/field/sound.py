"""The right-whale clips and the windows of the long recordings as one data set, featurized once for all runs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile

from experiments.detection.matching import Call
from experiments.detection.run import DATASET, LONG_RECORDINGS, read_calls
from experiments.features import write_features
from experiments.overlays import overlaid, read_overlay
from experiments.real.data_sets import OVERLAYS, RECORDINGS, repeats_in
from stages.lib.feature_store import EMBEDDING, Features, Place, open_features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.views import chosen_model
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import CALL, COLUMNS, NOCALL, Clip, by_recording, make_clip_id, read_clips
from tools.lib.detection.detections import window_starts

FOLDER = Path(".cache/field")
# The folders of the data set: the clips that a model learns from at first, and the recordings that it goes over.
KNOWN, FIELD = "known", "field"
PRETRAINED, SPEED = "birdnet", 8.0
HOP_S = 1.0


class Sea(NamedTuple):
    """What there is to learn from and to search.

    Attributes
    ----------
    features : Features
        Of all clips and windows.
    known : list of Clip
        The published clips.
    windows : dict
        From each long recording to its windows as clips, in the order of time. One that overlaps an annotated call is
        a call.
    calls : dict
        From each long recording to its annotated calls.
    hours : dict
        From each long recording to its length.
    clip_s : float
        The length of a window in seconds.
    """

    features: Features
    known: list[Clip]
    windows: dict[str, list[Clip]]
    calls: dict[str, list[Call]]
    hours: dict[str, float]
    clip_s: float


def open_sea(views: Sequence[str]) -> Sea:
    """Return the clips, windows and features, which are computed unless they are there.

    Parameters
    ----------
    views : sequence of str
        As `featurize.views` in params.yaml.
    """
    parts = [featurized(view) for view in views]
    clips = read_clips(parts[0].folder / "clips.csv")
    names = {f"{FIELD}/{name}": calls for name, calls in read_calls(LONG_RECORDINGS / "annotations.tsv").items()}
    return Sea(
        side_by_side(parts),
        [clip for clip in clips if clip.recording not in names],
        by_recording([clip for clip in clips if clip.recording in names]),
        names,
        {name: soundfile.info(LONG_RECORDINGS / "recordings" / Path(name).name).duration / 3600 for name in names},
        parts[0].description["params"]["clip_s"],
    )


def side_by_side(parts: Sequence[Features]) -> Features:
    """Return the features of the same clips in several views as one."""
    first = parts[0]
    description = first.description | {
        key: value for part in parts for key, value in part.description.items() if key == "pretrained"
    }
    description["shapes"] = {view: shape for part in parts for view, shape in part.description["shapes"].items()}
    places = {
        clip_id: Place(tuple(f"{part.folder.name}/{part.places[clip_id].shards[0]}" for part in parts), place.row)
        for clip_id, place in first.places.items()
    }
    return Features(FOLDER, description, places)


def featurized(view: str) -> Features:
    """Return the features of all clips and windows in one view."""
    overlay = read_overlay(OVERLAYS / f"{DATASET}.yaml")
    params = overlaid("featurize", FeatureParams, overlay).model_dump() | {"views": [view]}
    if view == EMBEDDING:
        params |= {"pretrained": PRETRAINED, "speeds": [SPEED]}
    params = FeatureParams.model_validate(params)
    pretrained = chosen_model(params)
    made_with = {"params": params.model_dump(mode="json")}
    if view == EMBEDDING and pretrained:
        made_with["pretrained"] = pretrained.model_dump()
    folder = FOLDER / view
    there = folder / "features.json"
    if not there.exists() or not made_with.items() <= json.loads(there.read_text(encoding="utf-8")).items():
        data_set = write_data_set(FOLDER / "data", params.clip_s)
        write_features(folder, data_set / "clips.csv", data_set / "recordings", params)
    return open_features(folder)


def write_data_set(folder: Path, clip_s: float) -> Path:
    """Write a data set whose recordings stay where they are, and return its folder."""
    (folder / "recordings").mkdir(parents=True, exist_ok=True)
    for name, source in ((KNOWN, RECORDINGS / DATASET / "recordings"), (FIELD, LONG_RECORDINGS / "recordings")):
        link = folder / "recordings" / name
        link.unlink(missing_ok=True)
        link.symlink_to(source.resolve())
    write_table(folder / "clips.csv", COLUMNS, [*known_rows(), *window_rows(clip_s)])
    return folder


def known_rows() -> list[tuple]:
    """Return the published clips, each sound once."""
    repeats = repeats_in(RECORDINGS / DATASET)
    return [
        clip_row(f"{KNOWN}/{clip.recording}", clip.start_s, clip.label, "")
        for clip in read_clips(RECORDINGS / DATASET / "clips.csv")
        if clip.recording not in repeats
    ]


def window_rows(clip_s: float) -> list[tuple]:
    """Return the windows of the long recordings."""
    rows = []
    for name, calls in read_calls(LONG_RECORDINGS / "annotations.tsv").items():
        length_s = soundfile.info(LONG_RECORDINGS / "recordings" / name).duration
        for start_s in window_starts(length_s, clip_s, HOP_S):
            label = CALL if overlaps_any(start_s, clip_s, calls) else NOCALL
            rows.append(clip_row(f"{FIELD}/{name}", round(float(start_s), 3), label, name.partition("_")[0].lower()))
    return rows


def clip_row(recording: str, start_s: float, label: str, site: str) -> tuple:
    """Return a row of clips.csv."""
    return make_clip_id(recording, start_s), recording, start_s, label, site


def overlaps_any(start_s: float, clip_s: float, calls: Sequence[Call]) -> bool:
    """Tell whether a window has time in common with a call."""
    return any(start_s < call.end_s and call.start_s < start_s + clip_s for call in calls)
