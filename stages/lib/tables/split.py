"""`labels/split.csv`: the part of each clip, and its label in the data set."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import read_table, write_table
from stages.lib.tables.clips import CALL, NOCALL, Clip

SPLIT = Path("labels/split.csv")
COLUMNS = ("clip_id", "part", "label")
PARTS = ("train", "valid", "pool", "test")


class SplitClip(NamedTuple):
    """A clip, its part and its label. The label of a pool clip is only used to measure the model's own labels."""

    clip_id: str
    part: str
    label: str


def write_split(path: Path, clips: Iterable[Clip], parts: dict[str, str]) -> None:
    """Write the clips that have a part, sorted by id."""
    rows = sorted((clip.clip_id, parts[clip.clip_id], clip.label) for clip in clips if clip.clip_id in parts)
    write_table(path, COLUMNS, rows)


def missing_classes(present: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return each (part, label) of train and valid that has no clip.

    Parameters
    ----------
    present : iterable of (part, label)
    """
    there = set(present)
    return [(part, label) for part in ("train", "valid") for label in (CALL, NOCALL) if (part, label) not in there]


def read_split(path: Path = SPLIT) -> list[SplitClip]:
    """Read every clip that has a part."""
    return [SplitClip(**row.cells) for row in read_table(path, COLUMNS)]
