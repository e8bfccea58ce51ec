import numpy as np
import pytest
from scipy.stats import binomtest

from stages.lib.intervals.proportions import exact_proportion, weighted_proportion


@pytest.mark.parametrize("trials", [1, 2, 5, 12, 200])
def test_the_exact_interval_is_that_of_scipy(trials):
    for successes in {0, 1, trials // 3, trials // 2, trials - 1, trials}:
        interval = binomtest(successes, trials).proportion_ci(0.95, method="exact")
        assert exact_proportion(successes, trials) == pytest.approx(
            (successes / trials, interval.low, interval.high), abs=1e-6
        )


def test_one_stratum_has_the_exact_interval():
    assert weighted_proportion([(3, 10, 1.0)]) == exact_proportion(3, 10)


def test_strata_are_weighted_by_their_share_of_the_whole():
    rate, low, high = weighted_proportion([(2, 5, 0.1), (0, 5, 0.9)])
    assert rate == pytest.approx(0.04)
    assert 0 < low < 0.04 < high < 0.6


@pytest.mark.parametrize(("calls", "nocalls"), [(0.3, 0.05), (0.1, 0.2)])
def test_the_interval_of_a_weighted_proportion_covers_the_truth(calls, nocalls):
    random = np.random.default_rng(0)
    truth = 0.25 * calls + 0.75 * nocalls
    drawn = zip(random.binomial(6, calls, 1000).tolist(), random.binomial(6, nocalls, 1000).tolist(), strict=True)
    ends = [weighted_proportion([(of_calls, 6, 0.25), (of_nocalls, 6, 0.75)])[1:] for of_calls, of_nocalls in drawn]
    assert sum(low <= truth <= high for low, high in ends) >= 950
