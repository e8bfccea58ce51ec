import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import calibration_curve

from stages.lib.measures.reliability import expected_calibration_error, reliability

RANDOM = np.random.default_rng(0)
LOG_ODDS = RANDOM.normal(0, 2, 20_000)
IS_CALL = RANDOM.random(20_000) < expit(LOG_ODDS)


def test_calibrated_scores_have_nearly_no_error_and_overconfident_ones_have():
    assert expected_calibration_error(IS_CALL, expit(LOG_ODDS)) < 0.01
    assert expected_calibration_error(IS_CALL, expit(3 * LOG_ODDS)) > 0.05


def test_the_error_is_the_mean_distance_from_the_promise():
    p_call = np.array([0.05, 0.05, 0.05, 0.95])
    is_call = np.array([False, False, True, True])
    assert expected_calibration_error(is_call, p_call) == pytest.approx((3 * abs(1 / 3 - 0.05) + 0.05) / 4)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 999)), min_size=1, max_size=50))
def test_the_reliability_is_that_of_scikit_learn(clips):
    is_call = np.array([call for call, _ in clips])
    # Off the edges of the bins, which scikit-learn counts to the other side.
    p_call = np.array([thousandths / 1000 + 0.0005 for _, thousandths in clips])
    rows = reliability(is_call, p_call)
    there, promised = calibration_curve(is_call, p_call, n_bins=10)
    assert [row[0] for row in rows] == pytest.approx(promised)
    assert [row[1] for row in rows] == pytest.approx(there)
    assert sum(row[2] for row in rows) == len(clips)


def test_scores_of_nothing_and_of_one_have_bins():
    assert reliability(np.array([False, True]), np.array([0.0, 1.0])) == [(0.0, 0.0, 1), (1.0, 1.0, 1)]
