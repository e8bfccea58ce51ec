"""Windows that stay when the annotations of a data set change: those held out for good, and those with answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from stages.lib.tables.clips import UNLABELLED, recording_id
from stages.lib.tables.held_out import HeldOutClip
from tools.lib.clips.clip_rows import ClipRow, clip_row
from tools.lib.clips.data_sets import clips_of
from tools.lib.clips.known_clips import answered_clip_ids


def starts_held_out(held_out: Iterable[HeldOutClip], recordings: Iterable[str]) -> dict[str, set[float]]:
    """Return the starts of the windows that each recording of a data set holds out for good."""
    starts: dict[str, set[float]] = defaultdict(set)
    for clip in held_out:
        recording, _, milliseconds = clip.clip_id.rpartition("_")
        if milliseconds.isascii() and milliseconds.isdigit():
            starts[recording].add(int(milliseconds) / 1000)
    return {name: starts[recording_id(name)] for name in recordings if recording_id(name) in starts}


def answered_windows(folder: Path, lying: Mapping[str, Path], rows: Iterable[ClipRow]) -> list[ClipRow]:
    """Return the windows with answers that other annotations would take away, without a label: the answers count.

    `lying` is from the path of a recording below `recordings/` to its current path; windows of others are not kept.
    """
    answered = answered_clip_ids() - {row[0] for row in rows}
    return [
        clip_row(clip.recording, clip.start_s, UNLABELLED, clip.site)
        for clip in clips_of(folder)
        if clip.clip_id in answered and clip.recording in lying and lying[clip.recording].is_file()
    ]
