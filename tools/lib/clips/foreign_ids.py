"""Find clips of two data sets with the same id but other sound or length: answers know a clip by its id alone."""

import filecmp
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
import soundfile

from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.answered import DATA
from stages.lib.tables.clips import Clip, read_clips
from tools.lib.recordings.data_set import is_imported
from tools.lib.wording import counted

BLOCK_FRAMES = 1 << 16


def foreign_ids(folder: Path, clips: Sequence[Clip], clip_s: float, lengths: Mapping[str, float]) -> list[str]:
    """List the other data sets on this machine whose clips have the ids of other windows, one fault for each.

    Parameters
    ----------
    folder : Path
        The data set to put to use.
    clips : sequence of Clip
    clip_s : float
        The length of its windows in seconds.
    lengths : mapping
        From the name of a data set that was put to use before to the length of its windows.
    """
    remedy = (
        "import them under another name, with --recordings a folder further up"
        if is_imported(folder)
        else "move the recordings of one data set to a folder below its recordings/"
    )
    recording_of = {clip.clip_id: clip.recording for clip in clips}
    faults = []
    for table in sorted(DATA.glob("*/clips.csv")):
        if table.parent.name == folder.name:
            continue
        shared = [clip for clip in clips_of(table) if clip.clip_id in recording_of]
        pairs = {(recording_of[clip.clip_id], clip.recording) for clip in shared}
        others = [
            name
            for name, other in sorted(pairs)
            if lengths.get(table.parent.name, clip_s) != clip_s
            or other_sound(folder / "recordings" / name, table.parent / "recordings" / other)
        ]
        if others:
            faults.append(
                f"{folder / 'clips.csv'}: clips of {counted(len(others), 'recording')} ({others[0]} first) have the "
                f"ids of other windows in {table.parent}, so that answers about one would count for the other; {remedy}"
            )
    return faults


def clips_of(table: Path) -> Iterable[Clip]:
    """Return the clips of a data set that is not in use; none where its table has faults."""
    try:
        return read_clips(table)
    except InputFaults:
        return []


def other_sound(one: Path, other: Path) -> bool:
    """Tell whether two recordings differ in their samples; recordings that cannot be read do not."""
    if not (one.is_file() and other.is_file()) or filecmp.cmp(one, other, shallow=False):
        return False
    try:
        blocks = (soundfile.blocks(path, BLOCK_FRAMES, dtype="float32") for path in (one, other))
        return not all(a is not None and b is not None and np.array_equal(a, b) for a, b in zip_longest(*blocks))
    except soundfile.LibsndfileError:
        return False
