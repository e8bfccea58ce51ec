"""`labels/pool_scores.csv`: what the baseline thinks of each pool clip."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.table import read_table, write_table

POOL_SCORES = Path("labels/pool_scores.csv")
COLUMNS = ("clip_id", "p_call", "decision")
UNCERTAIN = "uncertain"


class PoolClip(NamedTuple):
    """A pool clip, the model's probability of a call, and `call`, `nocall` or `uncertain`."""

    clip_id: str
    p_call: float
    decision: str


def write_pool(path: Path, clips: Iterable[PoolClip]) -> None:
    """Write the pool in the order of clip ids."""
    write_table(path, COLUMNS, ((clip.clip_id, f"{clip.p_call:.6f}", clip.decision) for clip in sorted(clips)))


def read_pool(path: Path = POOL_SCORES) -> list[PoolClip]:
    """Read the pool back."""
    return [
        PoolClip(row.cells["clip_id"], float(row.cells["p_call"]), row.cells["decision"])
        for row in read_table(path, COLUMNS)
    ]
