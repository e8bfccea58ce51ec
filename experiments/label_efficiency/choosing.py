"""The clips that a round asks about, chosen by the strategies of the pipeline. Here they always fill the batch."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from experiments.label_efficiency.settings import Band
from stages.lib.feature_store import Features
from stages.lib.model.calibration import probability
from stages.lib.model.model_folder import Model
from stages.lib.model.scoring import embedding_of
from stages.lib.query.strategies import STRATEGIES, Candidates, by_margin
from stages.lib.tables.pool import UNCERTAIN, decide


def confident_labels(clip_ids: Sequence[str], p_call: np.ndarray, band: Band) -> dict[str, str]:
    """Return the model's own labels for scores outside the band: from clip id to `call` or `nocall`."""
    decisions = {
        clip_id: decide(score, band.low, band.high) for clip_id, score in zip(clip_ids, p_call.tolist(), strict=True)
    }
    return {clip_id: decision for clip_id, decision in decisions.items() if decision != UNCERTAIN}


def ranking(strategy: str, pool: Candidates) -> list[int]:
    """Rank all candidates by a strategy; candidates that it leaves out follow, ranked by margin.

    Only `band` leaves clips out. Filled up by margin, it asks about the same clips as `margin`, because the band is
    centred on 0.5. `entropy` also asks about the same clips, because it ranks two classes in the same order.
    """
    ranked = STRATEGIES[strategy](pool)
    return ranked + [position for position in by_margin(pool) if position not in set(ranked)]


def choose(
    strategy: str,
    model: Model,
    features: Features,
    clip_ids: Sequence[str],
    log_odds: np.ndarray,
    *,
    calls: Sequence[str],
    count: int,
    seed: int,
    band: Band,
) -> list[str]:
    """Choose the clips to ask about.

    Parameters
    ----------
    strategy : str
    model : Model
    features : Features
    clip_ids : sequence of str
        The clips to choose from.
    log_odds : ndarray of float64, shape (clips,)
        Calibrated log-odds of these clips.
    calls : sequence of str
        The labelled calls that the model learned from.
    count : int
        Number of clips to choose.
    seed : int
        Seed of random choices, so that `random` differs between seeds.
    band : Band
    """
    p_call = probability(log_odds, 1.0)
    uncertain = np.array([decide(score, band.low, band.high) == UNCERTAIN for score in p_call.tolist()], bool)
    names = [f"{seed}:{clip_id}" for clip_id in clip_ids]
    embedding = partial(embedding_of, model, features)
    pool = Candidates(
        names,
        log_odds,
        uncertain,
        lambda positions: embedding([clip_ids[position] for position in positions]),
        count,
        lambda: embedding(calls),
    )
    return [clip_ids[position] for position in ranking(strategy, pool)[:count]]
