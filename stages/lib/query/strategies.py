"""Query strategies: each ranks the pool, with the clip to ask about first at the front.

With two classes, margin and entropy give the same order. Unlike the band, they also rank clips outside it. Strategies
rank log-odds, because probabilities close to 0 or 1 become equal by rounding.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from stages.lib.model.calibration import probability
from stages.lib.runtime.determinism import stable_random

# The most uncertain clips are clustered: this many for each clip that can be asked about.
CANDIDATES = 10


class Candidates(NamedTuple):
    """The pool, as input to a strategy.

    Attributes
    ----------
    clip_ids : sequence of str
    log_odds : ndarray of float64, shape (clips,)
        log(p_call / (1 - p_call)), calibrated.
    uncertain : ndarray of bool, shape (clips,)
        Whether the score lies within the band.
    embedding : callable
        Takes positions in the pool; returns the network's embedding of these clips, float, shape (positions, channels).
        It needs another pass of the clips through the network, so it is only called by strategies that use it.
    most : int
        Number of clips that can be asked about.
    """

    clip_ids: Sequence[str]
    log_odds: np.ndarray
    uncertain: np.ndarray
    embedding: Callable[[Sequence[int]], np.ndarray]
    most: int


# Measures: one number per clip, larger for a clip that is more worth asking about.


def closeness(p_call: np.ndarray) -> np.ndarray:
    """Return 1 minus the margin between the two classes, in [0, 1].

    References
    ----------
    Scheffer et al. (2001), "Active hidden Markov models for information extraction": the margin between the two most
    probable classes.
    """
    return 1 - np.abs(2 * np.asarray(p_call) - 1)


# Choices: positions in the pool, with the clip to ask about first at the front.


def highest_first(worth: np.ndarray, clip_ids: Sequence[str]) -> list[int]:
    """Rank by descending worth; ties are ordered by clip id."""
    return sorted(range(len(clip_ids)), key=lambda position: (-worth[position], clip_ids[position]))


def by_band(pool: Candidates) -> list[int]:
    """Rank only the clips within the band, nearest to 0.5 first: the study's strategy."""
    return [position for position in by_margin(pool) if pool.uncertain[position]]


def by_margin(pool: Candidates) -> list[int]:
    """Rank all clips, nearest to 0.5 first."""
    return highest_first(-np.abs(pool.log_odds), pool.clip_ids)


def by_entropy(pool: Candidates) -> list[int]:
    """Rank all clips, highest entropy first.

    With two classes, entropy falls as the margin grows, so the order is the same as by margin.

    References
    ----------
    Shannon (1948), "A mathematical theory of communication", section 6.
    """
    return by_margin(pool)


def by_diversity(pool: Candidates) -> list[int]:
    """Rank a diverse choice of uncertain clips first, then the rest by margin.

    The most uncertain clips are divided into one cluster for each clip that can be asked about. Each cluster is
    represented by its most uncertain clip.

    References
    ----------
    Zhdanov (2019), "Diverse mini-batch active learning", https://arxiv.org/abs/1901.05954: clusters of the most
    uncertain clips, weighted by their uncertainty; here with scikit-learn's k-means.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    ranking = by_margin(pool)
    likely = ranking[: CANDIDATES * pool.most]
    embedding = pool.embedding(likely)
    cluster_count = min(pool.most, len(np.unique(embedding, axis=0)))
    if not 0 < cluster_count < len(likely):
        return ranking
    # One thread, because k-means splits its sums across threads.
    weights = closeness(probability(pool.log_odds[likely], 1.0)) + 1e-6
    with threadpool_limits(1):
        clusters = KMeans(cluster_count, n_init=1, random_state=0).fit_predict(embedding, sample_weight=weights)
    # The first of each cluster in the ranking by margin is its most uncertain clip.
    _, first = np.unique(clusters, return_index=True)
    chosen = [likely[position] for position in sorted(first)]
    return chosen + [position for position in ranking if position not in set(chosen)]


def by_lot(pool: Candidates) -> list[int]:
    """Rank in a reproducible random order."""
    return highest_first(np.array([stable_random(f"random:{clip_id}") for clip_id in pool.clip_ids]), pool.clip_ids)


STRATEGIES: Mapping[str, Callable[[Candidates], list[int]]] = MappingProxyType(
    {"band": by_band, "margin": by_margin, "entropy": by_entropy, "diverse": by_diversity, "random": by_lot}
)
