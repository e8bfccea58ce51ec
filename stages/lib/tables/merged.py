"""`labels/merged.csv`: the labels that the retrained model learns from."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import read_table, write_table

MERGED = Path("labels/merged.csv")
COLUMNS = ("clip_id", "label", "source", "weight", "part")
DATASET, BY_EXPERT, MODEL = "dataset", "expert", "model"


class MergedClip(NamedTuple):
    """A clip with its label, the label's source (`dataset`, `expert` or `model`) and weight, and its part."""

    clip_id: str
    label: str
    source: str
    weight: float
    part: str


def write_merged(path: Path, clips: Iterable[MergedClip]) -> None:
    """Write the table in canonical form, sorted by clip id, so that equal labels give equal files."""
    write_table(path, COLUMNS, sorted(clips))


def read_merged(path: Path = MERGED) -> list[MergedClip]:
    """Read the labels back."""
    rows = (row.cells for row in read_table(path, COLUMNS))
    return [MergedClip(row["clip_id"], row["label"], row["source"], float(row["weight"]), row["part"]) for row in rows]
