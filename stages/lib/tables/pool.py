"""`labels/pool_scores.csv`: the baseline's score and decision for each pool clip."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import read_table, write_table
from stages.lib.tables.clips import CALL, NOCALL

POOL_SCORES = Path("labels/pool_scores.csv")
COLUMNS = ("clip_id", "p_call", "decision", "queued")
UNCERTAIN = "uncertain"
CHOSEN, AUDIT, NOT_QUEUED = "chosen", "audit", ""


class PoolClip(NamedTuple):
    """A pool clip.

    Attributes
    ----------
    clip_id : str
    p_call : float
        The model's probability of a call, in [0, 1].
    decision : str
        `call`, `nocall` or `uncertain`.
    queued : str
        Why it is in the queue: `chosen` because the model is uncertain, `audit` to measure how often the model is
        wrong when it is confident; empty if it is not in the queue.
    """

    clip_id: str
    p_call: float
    decision: str
    queued: str = NOT_QUEUED


def decide(p_call: float, low: float, high: float) -> str:
    """Return `uncertain` for a score within the band, else `call` or `nocall`."""
    if low <= p_call <= high:
        return UNCERTAIN
    return CALL if p_call > high else NOCALL


def write_pool(path: Path, clips: Iterable[PoolClip]) -> None:
    """Write the pool, sorted by clip id."""
    rows = ((clip.clip_id, f"{clip.p_call:.6f}", clip.decision, clip.queued) for clip in sorted(clips))
    write_table(path, COLUMNS, rows)


def read_pool(path: Path = POOL_SCORES) -> list[PoolClip]:
    """Read the pool back."""
    rows = (row.cells for row in read_table(path, COLUMNS))
    return [PoolClip(row["clip_id"], float(row["p_call"]), row["decision"], row["queued"]) for row in rows]
