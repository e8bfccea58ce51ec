"""The data sets on this machine: their clips, and the lengths of their windows."""

from collections.abc import Iterable
from pathlib import Path

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import ClipLength, read_params
from stages.lib.tables.answered import DATA
from stages.lib.tables.clips import Clip, read_clips
from stages.lib.tables.held_out import read_held_out


def clips_of(folder: Path) -> Iterable[Clip]:
    """Return the clips of a data set; none where its table has faults."""
    try:
        return read_clips(folder / "clips.csv")
    except InputFaults:
        return []


def window_lengths(folder: Path) -> dict[Path, float]:
    """Return the length in seconds of the windows of every data set: first the given one, then the others by name.

    A data set that has never been put to use has the length in params.yaml.
    """
    now_s = read_params("featurize", ClipLength).clip_s
    length_of = {clip.dataset: float(clip.clip_s) for clip in read_held_out()}
    others = sorted({table.parent for table in DATA.glob("*/clips.csv")} - {folder})
    return {one: length_of.get(one.name, now_s) for one in (folder, *others)}
