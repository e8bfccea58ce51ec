import pytest

from stages.lib.runtime.determinism import stable_random
from tools.lib.annotations.draw import balanced_draw

CANDIDATES = {"a": [3.0 * n for n in range(50)], "b": [3.0 * n for n in range(4)], "c": [3.0 * n for n in range(60)]}


def test_each_recording_gives_as_many_as_it_has_calls():
    drawn = balanced_draw(CANDIDATES, {"a": 7, "b": 3}, total=10, seed=1)
    assert {name: len(starts) for name, starts in drawn.items()} == {"a": 7, "b": 3}


def test_what_one_cannot_give_the_others_make_up_for():
    drawn = balanced_draw(CANDIDATES, {"a": 7, "b": 9}, total=16, seed=1)
    assert len(drawn["b"]) == 4
    assert sum(map(len, drawn.values())) == 16


def test_no_window_is_drawn_twice_and_all_are_candidates():
    drawn = balanced_draw(CANDIDATES, {"a": 7, "b": 9}, total=100, seed=1)
    assert all(
        len(set(starts)) == len(starts) and set(starts) <= set(CANDIDATES[name]) for name, starts in drawn.items()
    )
    assert sum(map(len, drawn.values())) == 100


def test_all_are_drawn_where_they_do_not_suffice():
    assert balanced_draw(CANDIDATES, {"a": 500}, total=500, seed=1) == CANDIDATES


def test_the_seed_decides():
    first, again, other = (balanced_draw(CANDIDATES, {"a": 7}, total=7, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_one_more_recording_leaves_the_draw_from_the_others_as_it_was():
    before = balanced_draw({"a": CANDIDATES["a"]}, {"a": 7}, total=7, seed=1)
    after = balanced_draw(CANDIDATES, {"a": 7, "b": 2}, total=9, seed=1)
    assert after["a"] == before["a"]


def test_lots_are_spread_evenly():
    lots = [stable_random(f"1:{number}") for number in range(2000)]
    assert 0 <= min(lots) < max(lots) < 1
    assert sum(lots) / len(lots) == pytest.approx(0.5, abs=0.03)
