"""What is wrong with a recording, or with clips of it, so that they cannot have features."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stages.lib.audio.examination import Examined, examine
from stages.lib.audio.missing_sound import LEAST_SHARE
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.spectrogram import held_bands
from stages.lib.tables.clips import Clip


def recording_faults(table: Path, path: Path, clips: Sequence[Clip], params: FeatureParams) -> list[str]:
    """List what is wrong with one recording, or else its clips with too little sound."""
    found = examine(path, params.channel)
    if isinstance(found, str):
        return [f"{table}:{clips[0].line}: {found}"]
    if holds_no_band(found, params):
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


def holds_no_band(found: Examined, params: FeatureParams) -> bool:
    """Tell whether the rate of a recording is too low for every band that the model sees; a probe alone sees none."""
    return params.highest_hz > 0 and not held_bands(params, found.highest_hz)


def missing_in(clip: Clip, path: Path, found: Examined, clip_s: float) -> str:
    """Say why a clip has no sound, or too little."""
    if clip.start_s >= found.length_s:
        return (
            f"begins at {clip.start_s} s, but {path} ends at {found.length_s:.3f} s; correct start_s or remove the clip"
        )
    (sound_s,) = found.sound_s(np.array([clip.start_s]), clip_s)
    return (
        f"holds {sound_s:.3f} s of sound from {clip.start_s} s of {path} on, and a clip needs {LEAST_SHARE:.0%} of its "
        f"{clip_s:g} s; remove the clip"
    )
