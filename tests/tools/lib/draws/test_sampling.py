from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.lib.draws.candidates import BINS, Candidate, bin_of, candidate_windows, candidates_of
from tools.lib.draws.sampling import draw, most_uncertain, shares, surest, systematic

SCORES = st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=40)


@st.composite
def recordings(draw_one):
    """A few recordings with scored windows, all starts a multiple of a hop but the last."""
    clip_s = draw_one(st.sampled_from([0.5, 2.0, 3.0]))
    hop_s = clip_s / draw_one(st.sampled_from([1, 2, 3, 4, 7]))
    found = []
    for number in range(draw_one(st.integers(1, 4))):
        scores = np.array([np.nan if one is None else one for one in draw_one(SCORES)])
        starts_s = np.arange(len(scores)) * hop_s
        starts_s[1:][-1:] -= draw_one(st.floats(0, 0.9)) * hop_s
        found.append((f"r{number}.wav", draw_one(st.sampled_from(["", "bay", "reef"])), starts_s, scores))
    return clip_s, found


@given(recordings())
def test_candidates_do_not_overlap_and_leave_no_window_out(case):
    clip_s, found = case
    for _, _, starts_s, scores in found:
        chosen = candidate_windows(starts_s, scores, clip_s)
        assert list(chosen) == sorted(set(chosen))
        assert not np.isnan(scores[chosen]).any()
        assert (np.diff(starts_s[chosen]) > clip_s - 1e-5).all()
        for position in np.flatnonzero(~np.isnan(scores)):
            near = chosen[np.abs(starts_s[chosen] - starts_s[position]) < clip_s - 1e-7]
            assert len(near)
            # One of those that drop a window scores at least as much.
            assert scores[near].max() >= scores[position]


def test_the_highest_scores_come_first_and_the_earlier_of_equal_ones():
    starts_s, scores = np.arange(6.0), np.array([0.1, 0.5, 0.9, 0.9, np.nan, 0.2])
    assert list(candidate_windows(starts_s, scores, 2.0)) == [0, 2, 5]
    assert list(candidate_windows(starts_s, np.full(6, np.nan), 2.0)) == []


@pytest.mark.parametrize(
    ("p_call", "expected"),
    [(0, "0.00-0.02"), (0.02, "0.00-0.02"), (0.5, "0.30-0.50"), (0.500001, "0.50-0.70"), (1, "0.90-1.00")],
)
def test_bins_end_with_their_upper_edge(p_call, expected):
    assert bin_of(p_call) == expected


@given(recordings(), st.integers(0, 60), st.text(max_size=5))
def test_weights_add_up_to_the_candidates_of_each_bin_that_is_drawn_from(case, count, seed):
    clip_s, found = case
    candidates = [one for each in found for one in candidates_of(*each, clip_s)]
    drawn = draw(candidates, count, seed)
    assert len(drawn) == min(count, len(candidates))
    there, weights = Counter(one.bin for one in candidates), defaultdict(list)
    for one, weight in drawn.items():
        weights[one.bin].append(weight)
    for name, of_bin in weights.items():
        assert len(set(of_bin)) == 1
        assert sum(of_bin) == pytest.approx(there[name])
    if count >= len(BINS):
        assert weights.keys() == there.keys()
    assert list(draw(reversed(candidates), count, seed).items()) == list(drawn.items())


@given(st.integers(1, 60), st.integers(0, 60))
def test_each_candidate_of_a_bin_has_the_same_chance(there, size):
    size = min(size, there)
    items = [Candidate("", "r.wav", float(second), 0.2) for second in range(there)]
    taken = Counter(one for start in range(there) for one in systematic(items, size, start))
    assert all(taken[one] == size for one in items)
    for start in range(there):
        assert len(set(systematic(items, size, start))) == size


@given(st.lists(st.integers(0, 20), min_size=7, max_size=7), st.integers(0, 150))
def test_bins_share_equally_as_far_as_they_can(sizes, count):
    of_bin = dict(zip(BINS, sizes, strict=True))
    taken = Counter(shares(of_bin, count))
    assert sum(taken.values()) == min(count, sum(sizes))
    assert all(0 <= taken[name] <= size for name, size in of_bin.items())
    open_bins = [taken[name] for name, size in of_bin.items() if taken[name] < size]
    # Who could have given more has as much as anyone, to within the one that cannot be divided.
    assert all(max(taken.values(), default=0) - share <= 1 for share in open_bins)


def test_a_sample_is_spread_over_recordings():
    candidates = [Candidate("", f"r{number}.wav", float(second), 0.2) for number in range(10) for second in range(30)]
    drawn = draw(candidates, 20, "seed")
    assert set(Counter(one.recording for one in drawn).values()) == {2}
    assert set(drawn.values()) == {15.0}
    assert draw(candidates, 20, "other") != drawn


def test_the_surest_have_the_highest_scores():
    candidates = [Candidate("", "r.wav", float(second), score) for second, score in enumerate([0.1, 0.6, 0.45, 0.9])]
    assert [one.p_call for one in surest(candidates, 2)] == [0.9, 0.6]


def test_the_most_uncertain_are_closest_to_one_half():
    candidates = [Candidate("", "r.wav", float(second), score) for second, score in enumerate([0.1, 0.6, 0.45, 0.9])]
    assert [one.p_call for one in most_uncertain(candidates, 2)] == [0.45, 0.6]
