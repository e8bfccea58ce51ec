"""Query strategies: each ranks the pool, with the clip to ask about first at the front.

With two classes, margin and entropy give the same order. Unlike the band, they also rank clips outside it. Strategies
rank log-odds, because probabilities close to 0 or 1 become equal by rounding.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from stages.lib.feature_store import in_batches
from stages.lib.model.calibration import probability
from stages.lib.runtime.determinism import stable_random

# The most uncertain clips are clustered: this many for each clip that can be asked about.
CANDIDATES = 10
BATCH = 4096  # Clips whose embeddings are in memory at a time, and clips that say what is common to all.


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
        Takes positions in the pool; returns an embedding of these clips, float, shape (positions, channels): that of
        the pretrained model, or the network's. The latter needs another pass of the clips through the network, so it is
        only called by strategies that use it.
    most : int
        Number of clips that can be asked about.
    calls : callable
        Returns the embedding of the labelled calls that the model learned from, of shape (calls, channels).
    """

    clip_ids: Sequence[str]
    log_odds: np.ndarray
    uncertain: np.ndarray
    embedding: Callable[[Sequence[int]], np.ndarray]
    most: int
    calls: Callable[[], np.ndarray]


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
    return list(dict.fromkeys([*chosen, *ranking]))


def by_similarity(pool: Candidates) -> list[int]:
    """Rank all clips by their similarity to the labelled calls, the most similar first.

    The similarity of two clips is the cosine between their embeddings, after subtraction of the mean of the pool: what
    all sound at a site has in common says nothing. A clip counts by its mean similarity to the calls.

    References
    ----------
    Dumoulin et al. (2025), "The search for squawk: agile modeling in bioacoustics", https://arxiv.org/abs/2505.03071:
    labelling begins with a search by example in the embeddings of a pretrained model.
    """
    from sklearn.metrics.pairwise import cosine_similarity

    in_random_order = by_lot(pool)
    if not in_random_order:
        return []
    centre = pool.embedding(sorted(in_random_order[:BATCH])).mean(axis=0)
    calls = pool.calls() - centre
    batches = in_batches(range(len(pool.clip_ids)), BATCH)
    similarity = [cosine_similarity(pool.embedding(batch) - centre, calls).mean(axis=1) for batch in batches]
    return highest_first(np.concatenate(similarity), pool.clip_ids)


def by_lot(pool: Candidates) -> list[int]:
    """Rank in a reproducible random order."""
    return highest_first(np.array([stable_random(f"random:{clip_id}") for clip_id in pool.clip_ids]), pool.clip_ids)


STRATEGIES: Mapping[str, Callable[[Candidates], list[int]]] = MappingProxyType(
    {
        "band": by_band,
        "margin": by_margin,
        "entropy": by_entropy,
        "diverse": by_diversity,
        "similar": by_similarity,
        "random": by_lot,
    }
)
