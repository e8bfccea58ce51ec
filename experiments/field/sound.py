"""The right-whale clips and the windows of the long recordings as one data set with features for all runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile

from experiments.detection.matching import Call
from experiments.detection.run import DATASET, LONG_RECORDINGS, read_calls
from experiments.kinds import available_kinds, only, overlay_of
from experiments.real.data_sets import RECORDINGS, kept_features, params_for, repeats_in
from stages.lib.feature_store import Features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import CALL, COLUMNS, NOCALL, Clip, by_recording, read_clips
from tools.lib.clips.clip_rows import ClipRow, clip_row
from tools.lib.detection.detections import window_starts

FOLDER = Path(".cache/field")
# The folders of the data set: the clips for the first training, and the recordings to search.
KNOWN, FIELD = "known", "field"
SPEED = 8.0  # Playback speed for the embedding.
HOP_S = 1.0


class FieldData(NamedTuple):
    """The clips to learn from and the recordings to search.

    Attributes
    ----------
    features : Features
        Features of all clips and windows.
    known : list of Clip
        The published clips.
    windows : dict
        From each long recording to its windows as clips, in order of time. A window that overlaps an annotated call
        is a call.
    calls : dict
        From each long recording to its annotated calls.
    hours : dict
        From each long recording to its length in hours.
    clip_s : float
        Length of a window, in seconds.
    """

    features: Features
    known: list[Clip]
    windows: dict[str, list[Clip]]
    calls: dict[str, list[Call]]
    hours: dict[str, float]
    clip_s: float


def open_field_data(kind: str) -> FieldData:
    """Return the clips, windows and features; features are computed if not stored.

    Parameters
    ----------
    kind : str
        The kind of model that uses the features, a key of `KINDS`.
    """
    speed = {"featurize": {"speeds": [SPEED]}}
    params = params_for(DATASET, "featurize", FeatureParams, overlay_of(available_kinds()), speed)
    data_set = write_data_set(FOLDER / "data", params.clip_s)
    features, clips = kept_features("field", data_set / "clips.csv", data_set / "recordings", params)
    names = {f"{FIELD}/{name}": calls for name, calls in read_calls(LONG_RECORDINGS / "annotations.tsv").items()}
    return FieldData(
        only(features, kind),
        [clip for clip in clips if clip.recording not in names],
        by_recording([clip for clip in clips if clip.recording in names]),
        names,
        {name: soundfile.info(LONG_RECORDINGS / "recordings" / Path(name).name).duration / 3600 for name in names},
        params.clip_s,
    )


def write_data_set(folder: Path, clip_s: float) -> Path:
    """Write a data set with links to the recordings, and return its folder."""
    (folder / "recordings").mkdir(parents=True, exist_ok=True)
    for name, source in ((KNOWN, RECORDINGS / DATASET / "recordings"), (FIELD, LONG_RECORDINGS / "recordings")):
        link = folder / "recordings" / name
        link.unlink(missing_ok=True)
        link.symlink_to(source.resolve())
    write_table(folder / "clips.csv", COLUMNS, [*known_rows(), *window_rows(clip_s)])
    return folder


def known_rows() -> list[ClipRow]:
    """Return rows for the published clips, without repeats of the same sound."""
    repeats = repeats_in(RECORDINGS / DATASET)
    return [
        clip_row(f"{KNOWN}/{clip.recording}", clip.start_s, clip.label, "")
        for clip in read_clips(RECORDINGS / DATASET / "clips.csv")
        if clip.recording not in repeats
    ]


def window_rows(clip_s: float) -> list[ClipRow]:
    """Return rows for the windows of the long recordings."""
    rows = []
    for name, calls in read_calls(LONG_RECORDINGS / "annotations.tsv").items():
        length_s = soundfile.info(LONG_RECORDINGS / "recordings" / name).duration
        for start_s in window_starts(length_s, clip_s, HOP_S):
            label = CALL if overlaps_any(start_s, clip_s, calls) else NOCALL
            rows.append(clip_row(f"{FIELD}/{name}", float(start_s), label, name.partition("_")[0].lower()))
    return rows


def overlaps_any(start_s: float, clip_s: float, calls: Sequence[Call]) -> bool:
    """Tell whether a window overlaps a call."""
    return any(start_s < call.end_s and call.start_s < start_s + clip_s for call in calls)
