"""What a sample says of a threshold, and how sure it is."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from stages.lib.tables.clips import CALL, NOCALL
from stages.lib.tables.reviews import Review
from tools.lib.draws.candidates import BINS, bin_of
from tools.lib.draws.runs_table import SearchedBin
from tools.lib.field.operating_points import operating_point
from tools.lib.field.recalibration import recalibrate
from tools.lib.field.sample import sample_of
from tools.lib.field.sample_remarks import remarks_on

Heard = tuple[float, bool, int]


def sample(heard: list[Heard], candidates: dict[str, int] | None = None, recordings: int = 5, hours: float = 2.0):
    """Return the sample of some windows: score, whether it is a call, number of the recording."""
    counts = dict.fromkeys(BINS, 0)
    for p_call, _, _ in heard:
        counts[bin_of(p_call)] += 1
    counts |= candidates or {}
    runs = [SearchedBin("run", "batch", "m", 2.0, 1.0, "bay", name, recordings, hours, counts[name]) for name in BINS]
    reviews = [
        Review("run", "batch", f"clip{n}", f"r{recording}", float(n), "bay", p_call, bin_of(p_call), 1.0)
        for n, (p_call, _, recording) in enumerate(heard)
    ]
    labels: dict[str, str | None] = {f"clip{n}": CALL if call else NOCALL for n, (_, call, _) in enumerate(heard)}
    return sample_of(reviews, labels, runs)


def test_where_every_window_is_heard_the_estimates_are_the_truth():
    heard = [(0.95, True, 0), (0.95, False, 1), (0.6, True, 2), (0.6, False, 3), (0.01, True, 4), (0.01, False, 0)]
    point = operating_point(sample(heard), 0.5)
    assert point.precision.value == pytest.approx(0.5)
    assert point.recall.value == pytest.approx(2 / 3)
    assert point.false_alarms_per_hour.value == pytest.approx(1.0)
    assert point.heard == 4


def test_a_window_counts_for_the_candidates_that_it_stands_for():
    heard = [(0.95, True, 0), (0.95, True, 1), (0.4, True, 2), (0.4, False, 3)]
    point = operating_point(sample(heard, {"0.90-1.00": 20, "0.30-0.50": 100}), 0.5)
    # 20 calls above; of 100 windows below, half are calls.
    assert point.recall.value == pytest.approx(20 / 70)
    assert operating_point(sample(heard, {"0.90-1.00": 20, "0.30-0.50": 100}), 0.3).false_alarms_per_hour.value == 25


def test_windows_without_a_verdict_are_stood_for_by_the_others():
    runs = [SearchedBin("run", "b", "m", 2.0, 1.0, "bay", name, 2, 1.0, 10 * (name == BINS[-1])) for name in BINS]
    reviews = [Review("run", "b", f"c{n}", "r", float(n), "bay", 0.95, BINS[-1], 2.5) for n in range(4)]
    added = Review("run", "", "added", "r", 99.0, "bay", None, "", None)
    labels = {"c0": CALL, "c1": NOCALL, "c2": None, "added": CALL}
    found = sample_of([*reviews, added], labels, runs)
    assert found.weights.tolist() == [5, 5]
    assert operating_point(found, 0.5).false_alarms_per_hour.value == 5


def test_a_site_in_several_batches_has_all_their_recordings_and_hours():
    runs = [
        SearchedBin("run", batch, "m", 2.0, 1.0, site, name, 3, 1.5, 1)
        for batch in "ab"
        for site in ("bay", "cape")
        for name in BINS
    ]
    found = sample_of([], {}, runs)
    assert (found.recordings, found.hours, found.candidates.sum()) == (12, 6.0, 28)


def test_no_false_alarm_heard_is_not_no_false_alarm():
    heard = [(0.95, True, n % 5) for n in range(14)]
    rate = operating_point(sample(heard, {"0.90-1.00": 280}), 0.9).false_alarms_per_hour
    assert rate.value == rate.low == 0
    # The upper end of Jeffreys' interval for 0 of 14, of 280 windows in two hours.
    assert rate.high == pytest.approx(280 * beta.ppf(0.975, 0.5, 14.5) / 2)


def test_no_call_missed_is_not_a_recall_of_one():
    heard = [(0.95, True, n % 5) for n in range(14)] + [(0.01, False, n % 5) for n in range(14)]
    recall = operating_point(sample(heard, {"0.00-0.02": 3000}), 0.5).recall
    assert recall.value == recall.high == 1
    assert recall.low < 0.1


def test_calls_are_no_more_frequent_where_scores_are_lower():
    above = [(0.95, True, n % 5) for n in range(14)]
    lowest = [(0.01, False, n % 5) for n in range(14)]
    others = [(score, False, n % 5) for score in (0.05, 0.2, 0.4) for n in range(14)]
    alone = operating_point(sample([*above, *lowest], {"0.00-0.02": 3000}), 0.5).recall
    together = operating_point(sample([*above, *lowest, *others], {"0.00-0.02": 3000}), 0.5).recall
    assert together.low > 2 * alone.low


def test_recordings_that_differ_make_intervals_wider():
    spread = [(0.95, n % 2 == 0, n // 2 % 5) for n in range(40)]
    apart = [(0.95, n < 20, n // 8) for n in range(40)]
    spread_point, apart_point = (operating_point(sample(heard), 0.5) for heard in (spread, apart))
    assert spread_point.precision.value == apart_point.precision.value == 0.5
    width = [point.precision.high - point.precision.low for point in (spread_point, apart_point)]
    assert width[1] > 1.5 * width[0]


def test_one_recording_has_an_interval_and_a_remark():
    heard = [(0.95, n % 2 == 0, 0) for n in range(40)]
    one = sample(heard, recordings=1)
    point = operating_point(one, 0.5)
    assert point.precision.low < 0.5 < point.precision.high
    assert any("1 recording." in remark for remark in remarks_on(one))


def test_above_all_that_was_heard_nothing_is_known():
    point = operating_point(sample([(0.95, True, 0), (0.2, False, 1)]), 0.99)
    assert point.heard == 0
    assert isnan(point.precision.value)
    assert (point.precision.low, point.precision.high) == (0, 1)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 4)), min_size=1), st.floats(0, 0.999))
def test_intervals_hold_their_estimates_and_shares_stay_shares(heard, threshold):
    point = operating_point(sample(heard, {"0.00-0.02": 500, "0.90-1.00": 500}), threshold)
    for value, low, high in (point.precision, point.recall):
        assert 0 <= low <= high <= 1
        assert isnan(value) or low <= value + 1e-9
        assert isnan(value) or value <= high + 1e-9
    rate = point.false_alarms_per_hour
    assert 0 <= rate.low <= rate.value <= rate.high


# Recalibration.


def test_scores_of_a_set_where_half_are_calls_are_made_rarer():
    random = np.random.default_rng(0)
    log_odds = random.normal(-1, 2, 4000)
    # Calls ten times as rare as the scores say.
    is_call = random.random(4000) < 1 / (1 + np.exp(-(log_odds - np.log(10))))
    heard = [(float(1 / (1 + np.exp(-value))), bool(call), 0) for value, call in zip(log_odds, is_call, strict=True)]
    fitted = recalibrate(sample(heard))
    assert fitted is not None
    assert fitted.intercept == pytest.approx(-np.log(10), abs=0.25)
    assert fitted.slope == pytest.approx(1, abs=0.15)
    assert fitted.probability(np.array(0.5)) == pytest.approx(1 / 11, abs=0.03)


def test_perfectly_divided_scores_keep_a_finite_slope():
    fitted = recalibrate(sample([(0.9, True, 0)] * 10 + [(0.1, False, 1)] * 10))
    assert fitted is not None
    assert 0 < fitted.slope < 5


def test_without_calls_there_is_nothing_to_recalibrate_by():
    assert recalibrate(sample([(0.9, False, 0)])) is None
    assert recalibrate(sample([(0.9, True, 0)])) is None


# What is said of a sample.


def test_a_sample_that_is_too_small_says_so():
    said = " ".join(remarks_on(sample([(0.95, True, 0), (0.01, False, 1)], {"0.00-0.02": 3000, "0.30-0.50": 7})))
    assert "from 5 recordings" in said
    assert "1 call heard" in said
    assert "1 no-call heard" in said
    assert "No call was heard in the 1 window that score less than 0.95; they stand for 3,000." in said
    assert "No window of the 7 that score 0.30 to 0.50 was heard" in said


def test_a_sample_that_is_large_enough_says_nothing():
    heard = [(score, n % 2 == 0, n) for score in (0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95) for n in range(20)]
    assert remarks_on(sample(heard, recordings=20)) == []


def test_nothing_heard_is_said():
    assert remarks_on(sample([], {"0.00-0.02": 5})) == ["No drawn window has a verdict, so nothing can be estimated."]
