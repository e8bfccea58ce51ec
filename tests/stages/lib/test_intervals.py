import numpy as np
import pytest
from scipy.stats import binomtest

from stages.lib.intervals import mcnemar_p, paired_bootstrap, proportion


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_proportion_is_the_published_one_of_wilson(successes, trials, low, high):
    # Newcombe (1998), Statistics in Medicine 17, pages 857 to 872, table I, method 3.
    share, *interval = proportion(successes, trials)
    assert share == pytest.approx(successes / trials, abs=1e-6)
    assert interval == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize("trials", [1, 2, 7, 20, 201, 10_000])
def test_the_interval_of_a_proportion_is_that_of_scipy(trials):
    for successes in {0, 1, trials // 3, trials // 2, trials - 1, trials}:
        interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
        expected = (successes / trials, interval.low, interval.high)
        assert proportion(successes, trials) == tuple(round(float(value), 6) for value in expected)


def right_on(only_before: int, only_after: int, both: int = 5) -> tuple[np.ndarray, np.ndarray]:
    before = [True] * only_before + [False] * only_after + [True] * both
    after = [False] * only_before + [True] * only_after + [True] * both
    return np.array(before), np.array(after)


@pytest.mark.parametrize(
    ("only_before", "only_after", "p_value"),
    [
        (1, 6, 2 * (1 + 7) / 2**7),
        (6, 1, 2 * (1 + 7) / 2**7),
        (0, 5, 2 / 2**5),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
        (3, 3, 1),
        (0, 1, 1),
    ],
)
def test_mcnemar_is_the_exact_binomial_test_of_the_clips_that_differ(only_before, only_after, p_value):
    assert mcnemar_p(*right_on(only_before, only_after)) == pytest.approx(p_value, abs=1e-6)


def test_clips_on_which_both_are_right_do_not_change_mcnemar():
    assert mcnemar_p(*right_on(1, 6, both=0)) == mcnemar_p(*right_on(1, 6, both=1000))


def test_mcnemar_of_identical_answers_is_one():
    assert mcnemar_p(*right_on(0, 0)) == 1


def differences(values: np.ndarray):
    return lambda drawn: drawn @ values[:, None] / len(values)


def test_the_bootstrap_interval_of_no_difference_is_zero():
    low, high = paired_bootstrap(differences(np.zeros(50)), 50)
    assert (low.tolist(), high.tolist()) == ([0], [0])


def test_the_bootstrap_interval_is_repeatable():
    values = np.random.default_rng(0).standard_normal(50)
    np.testing.assert_array_equal(paired_bootstrap(differences(values), 50), paired_bootstrap(differences(values), 50))


def test_the_bootstrap_interval_of_a_mean_is_that_of_the_central_limit():
    values = np.random.default_rng(0).standard_normal(400) + 0.3
    low, high = paired_bootstrap(differences(values), 400)
    half = 1.96 * values.std() / 20
    assert [low[0], high[0]] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.01)


def test_draws_that_leave_a_difference_undefined_are_left_out():
    low, high = paired_bootstrap(lambda drawn: np.where(drawn[:, :1] == 0, np.nan, 1.0), 3)
    assert (low.tolist(), high.tolist()) == ([1], [1])
