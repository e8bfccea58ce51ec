"""score_pool: score the pool with the baseline, and queue for the experts what it cannot decide."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from stages.lib.cluster.compute import chosen_cluster
from stages.lib.feature_store import open_features
from stages.lib.model.calibration import probability, tempered
from stages.lib.model.model_folder import BASELINE, load_model
from stages.lib.model.scoring import embedding_of
from stages.lib.query.score_store import stored_log_odds
from stages.lib.query.strategies import STRATEGIES, Candidates
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.determinism import stable_random
from stages.lib.runtime.params import Section, read_params
from stages.lib.runtime.running import run_stage
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import CALL, NOCALL
from stages.lib.tables.expert import COLUMNS as EXPERT_COLUMNS
from stages.lib.tables.expert import QUEUE
from stages.lib.tables.pool import AUDIT, CHOSEN, POOL_SCORES, UNCERTAIN, PoolClip, decide, write_pool
from stages.lib.tables.reviews import read_reviews
from stages.lib.tables.split import read_split
from stages.lib.tables.undecided import read_undecided, round_now

METRICS = Path("metrics/pool.json")
HISTOGRAM = Path("metrics/plots/pool_scores.csv")
HISTOGRAM_BINS = 20


class PoolParams(Section):
    """Section `score_pool` of params.yaml.

    The band of undecided scores, both ends included; the strategy that chooses what to ask about; the maximum length of
    the queue, and how many of its clips are for the audit.
    """

    low: Annotated[float, Field(ge=0, le=1)]
    high: Annotated[float, Field(ge=0, le=1)]
    strategy: Literal[*STRATEGIES]  # type: ignore[valid-type]  # mypy takes no names that are computed
    budget: Annotated[int, Field(ge=0)]
    audit: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def is_band(self) -> "PoolParams":
        """Refuse a band without 0.5, and too large an audit."""
        if not self.low <= 0.5 <= self.high:
            raise ValueError("should have low <= 0.5 <= high")
        if self.audit > self.budget:
            raise ValueError("should have audit <= budget, because the audit is a part of the queue")
        return self


def drawn_for_audit(pool: Sequence[PoolClip], count: int, round_number: int = 1) -> list[PoolClip]:
    """Draw confident clips at random, in an order that differs in every round.

    Half come from each class, because each class is left out by its own error, and the rarer one would otherwise hardly
    be drawn. If a class has too few, the other fills up.
    """
    confident = [clip for clip in pool if clip.decision != UNCERTAIN]
    in_random_order = sorted(confident, key=lambda clip: stable_random(f"audit:{round_number}:{clip.clip_id}"))
    calls, nocalls = ([clip for clip in in_random_order if clip.decision == decision] for decision in (CALL, NOCALL))
    of_calls = min(len(calls), max(count // 2, count - len(nocalls)))
    return calls[:of_calls] + nocalls[: count - of_calls]


def choose_queue(
    pool: Sequence[PoolClip], ranking: Sequence[int], budget: int, audit: int, round_number: int = 1
) -> list[PoolClip]:
    """Choose the clips to ask the experts about.

    Parameters
    ----------
    pool : sequence of PoolClip
    ranking : sequence of int
        Positions in the pool, the first to ask about at the front. Clips that it lacks are not asked about.
    budget : int
        The maximum length of the queue. The last of the ranking wait.
    audit : int
        How many of them are drawn from all confident clips. They are drawn before the ranking takes its clips, because
        the model is wrong less often about the rest.
    round_number : int
        The open round.

    Returns
    -------
    list of PoolClip
        With `queued`, in the order of the ranking. The drawn ones are scattered among the others, so that their place
        does not reveal them.
    """
    drawn = [clip._replace(queued=AUDIT) for clip in drawn_for_audit(pool, audit, round_number)]
    audited = {clip.clip_id for clip in drawn}
    positions = [position for position in ranking if pool[position].clip_id not in audited]
    chosen = [pool[position]._replace(queued=CHOSEN) for position in positions[: budget - audit]]
    # A second, independent draw gives an audited clip its place.
    places = [(rank / len(chosen), clip) for rank, clip in enumerate(chosen)]
    places += [(stable_random(f"place:{round_number}:{clip.clip_id}"), clip) for clip in drawn]
    return [clip for _, clip in sorted(places)]


def pool_metrics(pool: Sequence[PoolClip]) -> dict[str, int]:
    """Count the pool by decision, and the queue."""
    decisions = [clip.decision for clip in pool]
    queued = [clip.queued for clip in pool]
    return {
        "pool": len(pool),
        "uncertain": decisions.count(UNCERTAIN),
        "confident_calls": decisions.count(CALL),
        "confident_nocalls": decisions.count(NOCALL),
        "queued": queued.count(CHOSEN) + queued.count(AUDIT),
        "audit": queued.count(AUDIT),
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


def decide_and_queue(
    clip_ids: Sequence[str],
    log_odds: np.ndarray,
    embedding: Callable[[Sequence[str]], np.ndarray],
    params: PoolParams,
    *,
    calls: Sequence[str] = (),
    not_asked: Collection[str] = (),
    round_number: int = 1,
) -> tuple[list[PoolClip], list[PoolClip]]:
    """Return the pool with what is decided about each clip, and the queue.

    Parameters
    ----------
    clip_ids : sequence of str
    log_odds : ndarray of float64, shape (clips,)
        Calibrated.
    embedding : callable
        Takes ids of clips; returns their embedding, of shape (clips, channels).
    params : PoolParams
    calls : sequence of str
        Ids of the labelled calls that the model learned from.
    not_asked : collection of str
        Ids of clips that are neither asked about nor audited: those that nobody could tell in an earlier round, and
        windows of detector runs that people have reviewed.
    round_number : int
        The open round.
    """
    scored = [
        PoolClip(clip_id, score, decide(score, params.low, params.high))
        for clip_id, score in zip(clip_ids, probability(log_odds, 1.0).tolist(), strict=True)
    ]
    places = np.array([place for place, clip_id in enumerate(clip_ids) if clip_id not in not_asked], int)
    askable = [scored[place] for place in places]
    candidates = Candidates(
        [clip.clip_id for clip in askable],
        log_odds[places],
        np.array([clip.decision == UNCERTAIN for clip in askable], bool),
        lambda positions: embedding([askable[position].clip_id for position in positions]),
        params.budget - params.audit,
        lambda: embedding(calls),
    )
    ranking = STRATEGIES[params.strategy](candidates)
    queue = choose_queue(askable, ranking, params.budget, params.audit, round_number)
    queued = {clip.clip_id: clip for clip in queue}
    return [queued.get(clip.clip_id, clip) for clip in scored], queue


def write_outputs(pool: Sequence[PoolClip], queue: Sequence[PoolClip]) -> None:
    """Write the tables and the metrics."""
    write_pool(POOL_SCORES, pool)
    write_table(QUEUE, EXPERT_COLUMNS, [(clip.clip_id, "", "", "", "") for clip in queue])
    write_json(METRICS, pool_metrics(pool))
    write_table(HISTOGRAM, ("p_call_from", "p_call_to", "decision", "clips"), histogram(pool))


def main() -> None:
    """Score the pool."""
    params = read_params("score_pool", PoolParams)
    clips = read_split()
    clip_ids = [clip.clip_id for clip in clips if clip.part == "pool"]
    calls = [clip.clip_id for clip in clips if clip.part == "train" and clip.label == CALL]
    not_asked = {clip.clip_id for clip in read_undecided()} | {review.clip_id for review in read_reviews()}
    features = open_features()
    model = load_model(BASELINE, features)
    with chosen_cluster() as cluster:
        log_odds = tempered(stored_log_odds(model, BASELINE, features, clip_ids, cluster=cluster), model.temperature)
    embedding = partial(embedding_of, model, features)
    pool, queue = decide_and_queue(
        clip_ids, log_odds, embedding, params, calls=calls, not_asked=not_asked, round_number=round_now()
    )
    write_outputs(pool, queue)


if __name__ == "__main__":
    run_stage(main)
