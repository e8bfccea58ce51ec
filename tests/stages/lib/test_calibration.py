import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from stages.lib.calibration import expected_calibration_error, fit_temperature, probability, reliability

RANDOM = np.random.default_rng(0)
LOG_ODDS = RANDOM.normal(0, 2, 20_000)
IS_CALL = RANDOM.random(20_000) < expit(LOG_ODDS)


@pytest.mark.parametrize("overconfidence", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_the_overconfidence_of_a_network(overconfidence):
    assert fit_temperature(overconfidence * LOG_ODDS, IS_CALL) == pytest.approx(overconfidence, rel=0.05)


def test_no_other_temperature_gives_a_smaller_cross_entropy():
    log_odds, is_call = 2 * LOG_ODDS[:100], IS_CALL[:100]
    others = [log_loss(is_call, expit(log_odds / temperature)) for temperature in np.geomspace(0.05, 20, 400)]
    assert log_loss(is_call, expit(log_odds / fit_temperature(log_odds, is_call))) <= min(others) + 1e-6


def test_a_network_that_is_always_right_is_made_surer_up_to_the_limit():
    assert fit_temperature(np.array([-1.0, 1.0]), np.array([False, True])) == pytest.approx(0.05, rel=0.01)


def test_a_network_that_knows_nothing_is_made_unsure_up_to_the_limit():
    assert fit_temperature(np.array([-1.0, 1.0]), np.array([True, False])) == pytest.approx(20, rel=0.01)


@given(st.lists(st.floats(-50, 50), min_size=1), st.floats(0.05, 20))
def test_no_temperature_moves_a_score_across_one_half(log_odds, temperature):
    log_odds = np.array(log_odds)
    p_call = probability(log_odds, temperature)
    assert ((p_call >= 0) & (p_call <= 1)).all()
    assert (p_call[log_odds > 0] >= 0.5).all()
    assert (p_call[log_odds < 0] <= 0.5).all()


def test_probabilities_have_six_decimals():
    assert probability(np.array([0.0, 1.0]), 2.0).tolist() == [0.5, 0.622459]


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
