"""Which clips may be answered for, as far as this clone can tell."""

from collections.abc import Iterable
from pathlib import Path

from stages.lib.clips import read_clips
from stages.lib.faults import refuse
from stages.lib.params import DataParams, read_params
from stages.lib.split_table import SPLIT, read_split
from stages.lib.table import Row


def parts() -> dict[str, str]:
    """Return the part of every clip that has one."""
    refuse(absence([SPLIT]))
    return {clip.clip_id: clip.part for clip in read_split()}


def parts_as_far_as_known(rows: Iterable[Row]) -> tuple[dict[str, str], str]:
    """Return the part of every clip, in a clone without DVC's outputs as well.

    Parameters
    ----------
    rows : iterable of Row
        Of labels/expert.csv.

    Returns
    -------
    parts : dict
        From clip id to part. Where parts are not known, every clip counts as one of the pool; where clips are not known
        either, those of the rows are taken for right.
    unchecked : str
        What that leaves unchecked, as a sentence can end with it; empty where nothing is.
    """
    if SPLIT.exists():
        return parts(), ""
    table = clips_table()
    if table.exists():
        clip_ids = [clip.clip_id for clip in read_clips(table)]
        return dict.fromkeys(clip_ids, "pool"), f"whether a clip is a test clip was not checked: {SPLIT} is missing"
    clip_ids = [row.cells["clip_id"] for row in rows]
    return (
        dict.fromkeys(clip_ids, "pool"),
        f"whether a clip exists and is no test clip was not checked: {SPLIT} and {table} are missing",
    )


def clips_table() -> Path:
    """Return where the clips of the data set are listed."""
    return read_params("data", DataParams).folder / "clips.csv"


def absence(paths: Iterable[Path], remedy: str = "dvc pull, or dvc repro split") -> list[str]:
    """List the outputs that are missing, and what to run."""
    return [f"{path}: there is no such file; run {remedy}" for path in paths if not path.exists()]
