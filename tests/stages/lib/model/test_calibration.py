import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import log_loss

from stages.lib.model.calibration import (
    FEWEST_CLIPS,
    calibration_remark,
    fit_temperature,
    probability,
    tempered,
)

RANDOM = np.random.default_rng(0)
LOG_ODDS = RANDOM.normal(0, 2, 20_000)
IS_CALL = RANDOM.random(20_000) < expit(LOG_ODDS)


@pytest.mark.parametrize("overconfidence", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_the_overconfidence_of_a_network(overconfidence):
    assert fit_temperature(overconfidence * LOG_ODDS, IS_CALL) == pytest.approx(overconfidence, rel=0.05)


def test_no_other_temperature_gives_a_smaller_cross_entropy():
    # With one more call that is a no-call, and one more no-call that is a call, as Platt's targets have it.
    log_odds, is_call = 2 * LOG_ODDS[:100], IS_CALL[:100]
    calls, nocalls = is_call.sum(), (~is_call).sum()
    target = np.where(is_call, (calls + 1) / (calls + 2), 1 / (nocalls + 2))
    doubled, truth = np.tile(log_odds, 2), np.repeat([True, False], 100)

    def loss(temperature: float) -> float:
        return log_loss(truth, expit(doubled / temperature), sample_weight=np.concatenate([target, 1 - target]))

    others = [loss(temperature) for temperature in np.geomspace(0.05, 20, 400)]
    assert loss(fit_temperature(log_odds, is_call)) <= min(others) + 1e-6


@given(st.integers(1, 200), st.floats(0.5, 12))
def test_a_network_that_separates_the_clips_is_as_sure_as_so_many_clips_allow(clips_of_a_class, distance):
    is_call = np.repeat([True, False], clips_of_a_class)
    log_odds = np.where(is_call, distance, -distance)
    temperature = fit_temperature(log_odds, is_call)
    # Laplace's rule of succession: after n successes in n trials, (n + 1) / (n + 2).
    expected = np.clip(distance / np.log(clips_of_a_class + 1), 0.05, 20)
    assert temperature == pytest.approx(expected, rel=0.01, abs=1e-4)


@pytest.mark.parametrize("clip_count", [11, 24])
def test_an_honest_network_that_separates_few_clips_is_not_made_surer(clip_count):
    """The log-odds are those of a network that is right about 93 % of all clips, and as sure as it ought to be."""
    random = np.random.default_rng(0)
    separated = 0
    for _ in range(200):
        is_call = np.arange(clip_count) % 2 == 0
        log_odds = np.where(is_call, 1, -1) * 2.952**2 / 2 + random.normal(0, 2.952, clip_count)
        separated += bool(((log_odds > 0) == is_call).all())
        assert fit_temperature(log_odds, is_call) >= 1
    assert separated > 20


def test_scores_of_a_network_that_separates_the_clips_stay_apart():
    random = np.random.default_rng(4)
    is_call = np.repeat([True, False], 12)
    temperature = fit_temperature(np.where(is_call, 1, -1) * random.uniform(2, 7, 24), is_call)
    p_call = probability(random.uniform(-9, 9, 44), temperature)
    assert len(set(p_call)) == 44
    assert ((p_call > 0) & (p_call < 1)).all()


@pytest.mark.parametrize("truth", [True, False])
def test_clips_of_one_class_calibrate_nothing(truth):
    assert fit_temperature(np.array([-3.0, 1.0, 4.0]), np.full(3, truth)) == 1
    assert fit_temperature(np.array([]), np.array([], bool)) == 1


def test_it_is_said_what_a_calibration_lacks():
    assert calibration_remark(FEWEST_CLIPS, FEWEST_CLIPS) == ""
    assert "too few clips to trust them as probabilities (calls: 12, no-calls: 200)" in calibration_remark(12, 200)
    assert calibration_remark(0, 50) == (
        "There are too few calls to calibrate by, so the scores are as trained (temperature 1)."
    )
    assert "too few no-calls to" in calibration_remark(50, 0)
    assert "too few calls or no-calls to" in calibration_remark(0, 0)


def test_calibrated_log_odds_keep_an_order_that_probabilities_lose():
    log_odds = np.float32([40, 50, 60])
    assert len(set(probability(log_odds, 1.0))) == 1
    assert tempered(log_odds, 2.0).tolist() == [20, 25, 30]


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
