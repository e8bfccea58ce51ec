"""Find answered or queued clips whose id also belongs to another window: answers know a clip by its id alone."""

import filecmp
from collections.abc import Callable, Mapping
from itertools import zip_longest
from pathlib import Path

import numpy as np
import soundfile

from stages.lib.audio.recording import open_recording
from stages.lib.runtime.params import ClipLength, read_params
from stages.lib.tables.expert import QUEUE, clip_ids_of, read_rows
from tools.lib.clips.data_sets import clips_of, window_lengths
from tools.lib.clips.known_clips import answered_clip_ids
from tools.lib.recordings.data_set import is_imported
from tools.lib.wording import counted

BLOCK_FRAMES = 1 << 16


def foreign_ids(folder: Path) -> list[str]:
    """List the other data sets on this machine that share ids of such clips for other windows, one fault for each."""
    remedy = (
        "import them under another name, with --recordings a folder further up, or with the folder that holds them "
        "renamed, if these are folders of clips"
        if is_imported(folder)
        else "move the recordings of one data set to a folder below its recordings/"
    )
    clips = {clip.clip_id: clip.recording for clip in clips_of(folder)}
    return foreign_joining(folder, clips, lambda name, other: other_sound(folder / "recordings" / name, other), remedy)


def foreign_joining(
    folder: Path, clips: Mapping[str, str], differs: Callable[[str, Path], bool], remedy: str
) -> list[str]:
    """List the same for clips before they join the data set in use.

    Parameters
    ----------
    folder : Path
        The data set.
    clips : mapping
        From the id of each clip to its recording.
    differs : callable
        Takes such a recording and one of another data set; tells whether they hold different sound.
    remedy : str
    """
    # Answers about queued clips may still come.
    meant = answered_clip_ids() | clip_ids_of(read_rows(QUEUE)[0])
    recording_of = {clip_id: recording for clip_id, recording in clips.items() if clip_id in meant}
    if not recording_of:
        return []
    clip_s = read_params("featurize", ClipLength).clip_s
    faults = []
    for other, length_s in list(window_lengths(folder).items())[1:]:
        pairs = {
            (recording_of[clip.clip_id], clip.recording) for clip in clips_of(other) if clip.clip_id in recording_of
        }
        foreign = [
            name
            for name, of_other in sorted(pairs)
            if length_s != clip_s or differs(name, other / "recordings" / of_other)
        ]
        if foreign:
            faults.append(
                f"{folder / 'clips.csv'}: answered or queued clips of {counted(len(foreign), 'recording')} "
                f"({foreign[0]} first) have the ids of other windows in {other}, so answers about one would count for "
                f"the other; {remedy}"
            )
    return faults


def other_sound(one: Path, other: Path) -> bool:
    """Tell whether two recordings differ in their samples; recordings that cannot be read do not."""
    if not (one.is_file() and other.is_file()) or filecmp.cmp(one, other, shallow=False):
        return False
    try:
        with open_recording(one) as first, open_recording(other) as second:
            blocks = (recording.blocks(BLOCK_FRAMES, dtype="float32") for recording in (first, second))
            return not all(a is not None and b is not None and np.array_equal(a, b) for a, b in zip_longest(*blocks))
    except soundfile.LibsndfileError:
        return False
