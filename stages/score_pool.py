"""score_pool: score the pool with the baseline, and queue for the experts what it cannot decide."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from stages.lib.clips import CALL, NOCALL
from stages.lib.determinism import pin
from stages.lib.expert_table import COLUMNS as EXPERT_COLUMNS
from stages.lib.expert_table import QUEUE
from stages.lib.feature_store import open_features
from stages.lib.model_folder import BASELINE, load_model, score_clips
from stages.lib.params import Section, read_params
from stages.lib.pool_table import POOL_SCORES, UNCERTAIN, PoolClip, write_pool
from stages.lib.running import run_stage
from stages.lib.split_table import read_split
from stages.lib.table import write_table
from stages.lib.whole import write_json

METRICS = Path("metrics/pool.json")
HISTOGRAM = Path("metrics/plots/pool_scores.csv")
HISTOGRAM_BINS = 20


class BandParams(Section):
    """Section `score_pool` of params.yaml: the scores that leave a clip undecided, both ends included."""

    low: Annotated[float, Field(ge=0, le=1)]
    high: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def is_band(self) -> "BandParams":
        """Refuse a band that is upside down or does not hold the point of no preference."""
        if not self.low <= 0.5 <= self.high:
            raise ValueError("should have low <= 0.5 <= high")
        return self


def decide(p_call: float, band: BandParams) -> str:
    """Return `call`, `nocall`, or `uncertain` for a score within the band."""
    if band.low <= p_call <= band.high:
        return UNCERTAIN
    return CALL if p_call > band.high else NOCALL


def most_uncertain_first(pool: Sequence[PoolClip]) -> list[PoolClip]:
    """Return the undecided clips, those nearest to 0.5 first, equals in the order of their ids."""
    undecided = [clip for clip in pool if clip.decision == UNCERTAIN]
    return sorted(undecided, key=lambda clip: (abs(clip.p_call - 0.5), clip.clip_id))


def pool_metrics(pool: Sequence[PoolClip]) -> dict[str, int]:
    """Count the pool by decision."""
    decisions = [clip.decision for clip in pool]
    return {
        "pool": len(pool),
        "uncertain": decisions.count(UNCERTAIN),
        "confident_calls": decisions.count(CALL),
        "confident_nocalls": decisions.count(NOCALL),
    }


def histogram(pool: Sequence[PoolClip]) -> list[tuple[str, str, str, int]]:
    """Count the clips by score and decision: rows of p_call from, p_call to, decision, clips."""
    # Divided rather than added up, so that a score of 0.6 falls into the bin that begins there.
    edges = np.arange(HISTOGRAM_BINS + 1) / HISTOGRAM_BINS
    rows = []
    for decision in (NOCALL, UNCERTAIN, CALL):
        counts, _ = np.histogram([clip.p_call for clip in pool if clip.decision == decision], edges)
        rows += [
            (f"{low:.2f}", f"{high:.2f}", decision, int(count))
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ]
    return sorted(rows)


def main() -> None:
    """Score the pool."""
    band = read_params("score_pool", BandParams)
    clip_ids = [clip.clip_id for clip in read_split() if clip.part == "pool"]
    features = open_features()
    pin(seed=0)
    scores = score_clips(load_model(BASELINE, features), features, clip_ids)
    pool = [
        PoolClip(clip_id, p_call, decide(p_call, band))
        for clip_id, p_call in zip(clip_ids, scores.tolist(), strict=True)
    ]
    write_pool(POOL_SCORES, pool)
    write_table(QUEUE, EXPERT_COLUMNS, [(clip.clip_id, "", "", "", "") for clip in most_uncertain_first(pool)])
    write_json(METRICS, pool_metrics(pool))
    write_table(HISTOGRAM, ("p_call_from", "p_call_to", "decision", "clips"), histogram(pool))


if __name__ == "__main__":
    run_stage(main)
