"""The right-whale clips and the windows of the long recordings as one data set, featurized once for all runs."""

import json
from collections.abc import Sequence
from pathlib import Path

import soundfile

from experiments.detection.matching import Call
from experiments.detection.run import DATASET, LONG_RECORDINGS, read_calls
from experiments.label_efficiency.features import overlaid, write_features
from experiments.real.run import OVERLAYS, RECORDINGS, repeats_in
from stages.lib.feature_store import EMBEDDING, Features, open_features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.views import chosen_model
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import CALL, COLUMNS, NOCALL, Clip, make_clip_id, read_clips
from tools.lib.detection.detections import window_starts

FOLDER = Path(".cache/field")
# The folders of the data set: the clips that a model learns from at first, and the recordings that it goes over.
KNOWN, FIELD = "known", "field"
PRETRAINED, SPEED = "birdnet", 8.0
HOP_S = 1.0
SITES = {"GSC": "gsc", "NOPP6": "nopp6"}


def featurized(views: Sequence[str]) -> tuple[Features, list[Clip]]:
    """Return the features of all clips and windows, computed unless they are there, and the clips themselves.

    Parameters
    ----------
    views : sequence of str
        As `featurize.views` in params.yaml.
    """
    params = overlaid("featurize", FeatureParams, OVERLAYS / f"{DATASET}.yaml").model_dump()
    params |= {"views": list(views)}
    if EMBEDDING in views:
        params |= {"pretrained": PRETRAINED, "speeds": [SPEED]}
    params = FeatureParams.model_validate(params)
    folder = FOLDER / "-".join(views)
    pretrained = chosen_model(params)
    made_with = {"params": params.model_dump(mode="json")}
    if params.embeds and pretrained:
        made_with["pretrained"] = pretrained.model_dump()
    there = folder / "features.json"
    if not there.exists() or not made_with.items() <= json.loads(there.read_text(encoding="utf-8")).items():
        write_features(folder, write_data_set(FOLDER / "data", params.clip_s), params)
    return open_features(folder), read_clips(folder / "clips.csv")


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
    """Return the windows of the long recordings; one that overlaps an annotated call is a call."""
    rows = []
    for name, calls in read_calls(LONG_RECORDINGS / "annotations.tsv").items():
        length_s = soundfile.info(LONG_RECORDINGS / "recordings" / name).duration
        for start_s in window_starts(length_s, clip_s, HOP_S):
            label = CALL if overlaps_any(start_s, clip_s, calls) else NOCALL
            rows.append(clip_row(f"{FIELD}/{name}", round(float(start_s), 3), label, SITES[name.partition("_")[0]]))
    return rows


def clip_row(recording: str, start_s: float, label: str, site: str) -> tuple:
    """Return a row of clips.csv."""
    return make_clip_id(recording, start_s), recording, start_s, label, site


def overlaps_any(start_s: float, clip_s: float, calls: Sequence[Call]) -> bool:
    """Tell whether a window has time in common with a call."""
    return any(start_s < call.end_s and call.start_s < start_s + clip_s for call in calls)
