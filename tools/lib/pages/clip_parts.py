"""Prepare clips for pages: the facts, sound and pictures of each."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import soundfile

from stages.lib.audio.examination import recording_fault
from stages.lib.audio.recording import duration_s
from stages.lib.cluster.parallel import in_parallel
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.faults import refuse
from stages.lib.tables.clips import Clip
from tools.lib.pages.document import base64_text
from tools.lib.pages.sound import DELAY_SAMPLES, encode, playable_rate
from tools.lib.pictures.clip_view import ClipView, Spectrogram, colour, height_of, multiples, ticks, view_clip

MOST_TIMES = 8  # Labels on the time axis of a spectrogram.
# Chosen by size: a page of 200 clips should fit in an e-mail. The plain picture is much larger than the other.
PLAIN_QUALITY, FEATURES_QUALITY = 60, 80
PICTURE_EFFORT = 2  # Out of 6: takes half the time of the default and makes pictures 3 % larger.

Part = tuple[dict[str, Any], dict[str, str]]


class Shown(NamedTuple):
    """A clip to show, the file of its recording, and the place in a table (file and line) that faults name."""

    clip: Clip
    path: Path
    place: str


def in_data_set(folder: Path, clips: Iterable[Clip]) -> list[Shown]:
    """Return clips of a data set, to show."""
    return [
        Shown(clip, folder / "recordings" / clip.recording, f"{folder / 'clips.csv'}:{clip.line}") for clip in clips
    ]


def clip_parts(clips: Sequence[Shown], params: FeatureParams, description: str) -> list[Part]:
    """Return the facts, sound and pictures of each clip.

    Parameters
    ----------
    clips : sequence of Shown
    params : FeatureParams
    description : str
        The name of the progress bar.

    Raises
    ------
    InputFaults
        With every clip whose recording is missing.
    """
    refuse(fault for shown in clips for fault in clip_faults(shown))
    return list(in_parallel(clip_part, [(shown, params) for shown in clips], description, unit="clip"))


def media_blocks(parts: Sequence[Part]) -> dict[str, dict[str, str]]:
    """Return sound and pictures by the element ids that clip_media.js uses."""
    return {f"media-{position}": content for position, (_, content) in enumerate(parts)}


def clip_faults(shown: Shown) -> list[str]:
    """List the faults that keep a clip from being played, without decoding its recording."""
    clip, path, place = shown
    try:
        length_s = duration_s(path)
    except soundfile.LibsndfileError:
        return [f"{place}: {recording_fault(path)}"]
    if clip.start_s >= length_s:
        return [f"{place}: {clip.clip_id} begins at {clip.start_s} s, but {path} ends at {length_s:.3f} s"]
    return []


def clip_part(shown: Shown, params: FeatureParams) -> Part:
    """Return the facts, sound and pictures of a clip."""
    clip, path, place = shown
    try:
        view = view_clip(path, clip, params)
    except Exception:
        fault = recording_fault(path)
        refuse([f"{place}: {fault}"] if fault else [])
        raise
    media = {
        "sound": base64_text(encode(view.samples, view.sample_rate)),
        "plain": picture(view.plain, PLAIN_QUALITY),
        "features": picture(view.features, FEATURES_QUALITY),
    }
    return about_clip(clip, view), media


def about_clip(clip: Clip, view: ClipView) -> dict[str, Any]:
    """Return the facts of a clip, without its label in the data set, which must not influence the expert.

    Times are seconds from the start of the sound, except the labels of the time axis, which count from the start of the
    clip.
    """
    before_s = view.clip_start_s - view.start_s
    length_s = view.end_s - view.start_s
    return {
        "clip_id": clip.clip_id,
        "recording": clip.recording,
        "site": clip.site,
        "start_s": clip.start_s,
        "length_s": length_s,
        "clip_start_s": before_s,
        "clip_end_s": view.clip_end_s - view.start_s,
        "delay_s": DELAY_SAMPLES / playable_rate(view.sample_rate),
        "times": [[second, before_s + second] for second in multiples(-before_s, length_s - before_s, MOST_TIMES)],
        "plain": axes(view.plain, view),
        "features": axes(view.features, view),
    }


def axes(spectrogram: Spectrogram, view: ClipView) -> dict[str, Any]:
    """Return the start and end of a picture in time, and its frequency labels: kHz, and their heights."""
    return {
        "start_s": spectrogram.start_s - view.start_s,
        "end_s": spectrogram.end_s - view.start_s,
        "frequencies": [[hz / 1000, height_of(hz, spectrogram)] for hz in ticks(spectrogram)],
    }


def picture(spectrogram: Spectrogram, quality: int) -> str:
    """Return a picture as a data URL."""
    file = io.BytesIO()
    colour(spectrogram).save(file, format="WEBP", quality=quality, method=PICTURE_EFFORT)
    return f"data:image/webp;base64,{base64_text(file.getvalue())}"
