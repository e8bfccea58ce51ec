import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from skactiveml.pool import uncertainty_scores

from stages.lib.query import strategies
from stages.lib.query.strategies import (
    STRATEGIES,
    Candidates,
    by_band,
    by_diversity,
    by_entropy,
    by_lot,
    by_margin,
    by_similarity,
)


def candidates(*p_call: float, count: int = 2, embedding: list | None = None) -> Candidates:
    scores = np.array(p_call, float)
    return Candidates(
        [f"clip{number:02d}" for number in range(len(p_call))],
        # Rounded, so that scores equally far from 0.5 have log-odds equally far from 0.
        np.round(logit(np.clip(scores, 1e-9, 1 - 1e-9)), 7),
        (scores >= 0.4) & (scores <= 0.6),
        lambda positions: (np.zeros((len(p_call), 3)) if embedding is None else np.array(embedding, float))[positions],
        count,
        lambda: np.array([[3.0, 1.0, 1.0]]),
    )


pools = st.builds(
    lambda scores, count: candidates(
        *(score / 100 for score in scores), count=count, embedding=[[score % 7, score % 3, 1] for score in scores]
    ),
    st.lists(st.integers(0, 100), max_size=40),
    st.integers(0, 12),
)


@pytest.mark.parametrize("name", STRATEGIES)
@given(pools)
def test_a_ranking_names_each_clip_once_at_most(name, pool):
    ranking = STRATEGIES[name](pool)
    assert len(set(ranking)) == len(ranking)
    assert set(ranking) <= set(range(len(pool.clip_ids)))
    assert name == "band" or len(ranking) == len(pool.clip_ids)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_ranking_is_always_the_same(name):
    random = np.random.default_rng(0)
    pool = candidates(*random.random(200), count=20, embedding=random.random((200, 3)))
    assert STRATEGIES[name](pool) == STRATEGIES[name](pool)


def test_the_band_asks_about_nothing_beyond_it_and_about_one_half_first():
    assert by_band(candidates(0.41, 0.52, 0.9, 0.49, 0.1, 0.5)) == [5, 3, 1, 0]


def test_margin_goes_on_beyond_the_band():
    assert by_margin(candidates(0.41, 0.52, 0.9, 0.49, 0.3, 0.5)) == [5, 3, 1, 0, 4, 2]


@given(pools)
def test_with_two_classes_margin_and_entropy_agree(pool):
    assert by_margin(pool) == by_entropy(pool)


@given(pools)
def test_the_band_is_the_beginning_of_the_margin(pool):
    band = by_band(pool)
    assert by_margin(pool)[: len(band)] == band


# None of scikit-activeml's can be compared with by_diversity: the one most like it, Clue, clusters the whole pool, not
# its most uncertain clips, and takes from each cluster the clip nearest to the centre, not the most uncertain one.
@pytest.mark.parametrize(("strategy", "method"), [(by_margin, "margin_sampling"), (by_entropy, "entropy")])
@pytest.mark.parametrize("seed", range(5))
def test_a_ranking_is_that_of_scikit_activeml(strategy, method, seed):
    scores = np.random.default_rng(seed).random(1000).round(6)
    # Half of them have one or more that are as uncertain.
    p_call = np.concatenate([scores, (1 - scores[:500]).round(6), scores[400:600], [0, 0.5, 1]])
    theirs = uncertainty_scores(np.column_stack([1 - p_call, p_call]), method=method)
    # Of equals any may come first, so not the positions are compared but what scikit-activeml finds there.
    np.testing.assert_allclose(theirs[strategy(candidates(*p_call))], np.sort(theirs)[::-1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("strategy", [by_margin, by_entropy, by_diversity])
def test_clips_that_the_model_is_all_but_certain_of_are_ranked_too(strategy):
    # As probabilities of six decimals all of these are 0 or 1.
    log_odds = np.array([60.0, -40.0, 50.0, 30.0, -70.0])
    pool = Candidates(
        [f"clip{number}" for number in range(5)],
        log_odds,
        log_odds == 0,
        lambda _: np.zeros((5, 1)),
        2,
        lambda: np.zeros((1, 1)),
    )
    assert strategy(pool) == [3, 1, 2, 0, 4]


def test_equally_uncertain_clips_are_ranked_in_the_order_of_their_ids():
    for strategy in (by_band, by_margin, by_entropy):
        assert strategy(candidates(0.6, 0.4, 0.6)) == [0, 1, 2]


def test_diversity_asks_about_each_kind_of_sound_before_it_asks_about_one_again():
    # Three kinds of sound, the first of which makes the model the least sure.
    embedding = [[0, 0, 0], [0, 0, 0.1], [0, 0, 0.2], [9, 0, 0], [9, 0, 0.1], [0, 9, 0]]
    pool = candidates(0.50, 0.51, 0.52, 0.45, 0.56, 0.62, count=3, embedding=embedding)
    assert by_margin(pool)[:3] == [0, 1, 2]
    assert by_diversity(pool) == [0, 3, 5, 1, 2, 4]


def test_chance_ranks_without_a_look_at_the_score():
    random = np.random.default_rng(0)
    assert by_lot(candidates(*random.random(50))) == by_lot(candidates(*random.random(50)))
    assert by_lot(candidates(*random.random(50))) != list(range(50))


def test_new_clips_do_not_change_the_order_that_chance_gave_the_old_ones():
    old, both = by_lot(candidates(*[0.5] * 30)), by_lot(candidates(*[0.5] * 40))
    assert [position for position in both if position < 30] == old


def test_the_most_similar_clips_are_those_with_the_least_angle_to_the_calls():
    """What all clips have in common (here 100 in each channel) counts for nothing, and loudness neither."""
    embedding = [[101, 100, 100], [100, 109, 100], [105, 101, 100], [94, 90, 100]]
    pool = candidates(0.5, 0.5, 0.5, 0.5, embedding=embedding)
    pool = pool._replace(calls=lambda: np.array([[101.0, 100.0, 100.0], [110.0, 100.0, 100.0]]))
    assert by_similarity(pool) == [0, 2, 1, 3]


def test_a_clip_is_compared_with_all_calls_not_with_the_nearest_alone():
    embedding = [[1, 1, 0], [1, 0, 0], [-2, -1, 0]]
    pool = candidates(0.5, 0.5, 0.5, embedding=embedding)
    calls = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    assert by_similarity(pool._replace(calls=lambda: calls)) == [0, 1, 2]


def test_a_large_pool_is_looked_at_in_batches(monkeypatch):
    random = np.random.default_rng(0)
    embedding = random.random((300, 3))
    pool = candidates(*random.random(300), embedding=embedding)
    expected, sizes = by_similarity(pool), []

    def noting(positions):
        sizes.append(len(positions))
        return embedding[positions]

    monkeypatch.setattr(strategies, "BATCH", 300)
    assert by_similarity(pool) == expected
    monkeypatch.setattr(strategies, "BATCH", 64)
    assert len(by_similarity(pool._replace(embedding=noting))) == 300
    assert max(sizes) == 64
