"""labels/reviews.csv and labels/runs.csv, and the weights that follow from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.reviews import Review, read_reviews, write_reviews
from tools.lib.draws.candidates import BINS
from tools.lib.draws.runs_table import SearchedBin, read_runs, write_runs
from tools.lib.field.weights import weights_now

RUN, BATCH = "0123456789ab", "ba9876543210"
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
DRAWN = Review(RUN, BATCH, "a_0001500", "a.wav", 1.5, "bay", 0.25, "0.10-0.30", 12.5)
ADDED = Review(RUN, "", "a_0009000", "a.wav", 9.0, "bay", None, "", None)
SEARCHED = [SearchedBin(RUN, BATCH, "f" * 64, 3.0, 0.75, "bay", name, 2, 0.5, 10 * n) for n, name in enumerate(BINS)]


@given(
    st.lists(st.tuples(NAMES, st.floats(0, 1e6), st.floats(0, 1), st.floats(0.01, 1e6)), unique_by=lambda one: one[0])
)
def test_reviews_are_read_back_and_written_alike(tmp_path_factory, cases):
    path = tmp_path_factory.mktemp("tables") / "reviews.csv"
    reviews = [Review(RUN, BATCH, name, name, start_s, name, p, BINS[0], w) for name, start_s, p, w in cases]
    write_reviews(path, [*reviews, ADDED])
    content = path.read_bytes()
    found = read_reviews(path)
    assert sorted(found, key=str) == sorted([*reviews, ADDED], key=str)
    write_reviews(path, reversed(found))
    assert path.read_bytes() == content


def test_runs_are_read_back(tmp_path):
    write_runs(tmp_path / "runs.csv", reversed(SEARCHED))
    assert read_runs(tmp_path / "runs.csv") == SEARCHED


def test_equal_rows_of_two_branches_count_once(tmp_path):
    write_reviews(tmp_path / "reviews.csv", [DRAWN, DRAWN, ADDED])
    assert read_reviews(tmp_path / "reviews.csv") == [DRAWN, ADDED]
    write_runs(tmp_path / "runs.csv", [*SEARCHED, *SEARCHED])
    assert read_runs(tmp_path / "runs.csv") == SEARCHED


UNDRAWN = {"batch": "", "p_call": None, "bin": "", "weight": None}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"run": ""}, "run is empty"),
        ({"clip_id": ""}, "clip_id is empty"),
        ({"recording": ""}, "recording is empty"),
        ({"start_s": -1.0}, "start_s '-1.0' is not a time"),
        ({"p_call": 1.5}, "p_call '1.5' is not a score from 0 to 1"),
        ({"p_call": float("nan")}, "p_call 'nan' is not a score"),
        ({"p_call": "high"}, "p_call 'high' is not a score"),
        ({"weight": 0.0}, "weight '0.0' is not a number above 0"),
        ({"weight": float("inf")}, "weight 'inf' is not a number above 0"),
        ({"bin": ""}, "has batch, p_call, weight, but no bin"),
        ({"weight": None}, "has batch, p_call, bin, but no weight"),
    ],
)
def test_a_wrong_review_is_refused_with_its_line(tmp_path, change, fault):
    path = tmp_path / "reviews.csv"
    write_reviews(path, [DRAWN._replace(**change)])
    with pytest.raises(InputFaults) as faults:
        read_reviews(path)
    (line,) = faults.value.lines
    assert line.startswith(f"{path}:2: {fault}")


@pytest.mark.parametrize("other", [{"weight": 2.0}, {"batch": "c", "weight": 2.0}, UNDRAWN])
def test_of_two_branches_with_one_window_the_row_that_was_drawn_counts(tmp_path, other):
    """Each may have drawn it in another draw, and one may have chosen it by its score."""
    path = tmp_path / "reviews.csv"
    for rows in ([DRAWN, DRAWN._replace(**other)], [DRAWN._replace(**other), DRAWN]):
        path.write_text("")
        write_reviews(path, [])
        with path.open("a") as file:
            file.writelines(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows)
        (found,) = read_reviews(path)
        assert found == (DRAWN if other is UNDRAWN else rows[0])


@pytest.mark.parametrize("change", [{"start_s": 2.5}, {"recording": "b.wav"}, {"p_call": 0.9}])
def test_two_places_or_scores_of_one_window_are_refused(tmp_path, change):
    path = tmp_path / "reviews.csv"
    write_reviews(path, [DRAWN, DRAWN._replace(**change)])
    with pytest.raises(InputFaults, match=r"reviews\.csv:3: 'a_0001500' is on line 2 already, with other values"):
        read_reviews(path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"hours": -1.0}, "hours '-1.0' is not a number"),
        ({"candidates": 1.5}, "candidates '1.5' is not a number"),
        ({"bin": "0.1-0.2"}, "unknown bin '0.1-0.2'"),
    ],
)
def test_a_wrong_run_is_refused_with_its_line(tmp_path, change, fault):
    path = tmp_path / "runs.csv"
    write_runs(path, [SEARCHED[0]._replace(**change)])
    with pytest.raises(InputFaults) as faults:
        read_runs(path)
    (line,) = faults.value.lines
    assert line.startswith(f"{path}:2: {fault}")


def test_one_bin_with_two_counts_is_refused(tmp_path):
    path = tmp_path / "runs.csv"
    write_runs(path, [SEARCHED[1], SEARCHED[1]._replace(candidates=3)])
    with pytest.raises(InputFaults, match=r"runs\.csv:3: this bin of the run is on line 2 already"):
        read_runs(path)


def windows(count, batch=BATCH, score_bin="0.10-0.30"):
    return [DRAWN._replace(clip_id=f"{batch}_{number}", batch=batch, bin=score_bin) for number in range(count)]


def searched(candidates, batch=BATCH, score_bin="0.10-0.30", site="bay"):
    return SEARCHED[0]._replace(batch=batch, bin=score_bin, site=site, candidates=candidates)


def test_those_that_were_answered_stand_for_those_that_were_not():
    reviews = [*windows(4), *windows(1, score_bin="0.50-0.70")]
    runs = [searched(30), searched(10, site="reef"), searched(7, score_bin="0.50-0.70"), searched(9, score_bin=BINS[0])]
    assert weights_now(reviews, runs).tolist() == [10, 10, 10, 10, 7]


def test_batches_weigh_by_their_own_candidates_and_one_without_answers_is_stood_for():
    reviews = [*windows(2, "one"), *windows(5, "two")]
    runs = [searched(20, "one"), searched(20, "two"), searched(10, "three")]
    assert weights_now(reviews, runs).tolist() == [12.5] * 2 + [5.0] * 5


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), min_size=1, max_size=5))
def test_weights_add_up_to_all_candidates_of_a_bin(cases):
    reviews = [one for number, (size, more) in enumerate(cases) for one in windows(size, f"b{number}")]
    runs = [searched(size + more, f"b{number}") for number, (size, more) in enumerate(cases)]
    if reviews:
        np.testing.assert_allclose(weights_now(reviews, runs).sum(), sum(row.candidates for row in runs))
