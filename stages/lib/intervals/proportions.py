"""Confidence intervals of proportions: Wilson's, the exact one, and one for stratified samples."""

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2
BISECTIONS = 40  # They leave an error of 2**-40.


def proportion(successes: float, trials: float) -> tuple[float, float, float]:
    """Return a proportion and its 95 % Wilson interval, rounded to six decimals.

    It equals `scipy.stats.binomtest(...).proportion_ci(method="wilson")`. SciPy is not used because it takes longer to
    load than the rest of merge_labels takes to run.

    References
    ----------
    Wilson (1927), JASA 22, pages 209 to 212.
    """
    rate = successes / trials
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    centre = (successes + z**2 / 2) / (trials + z**2)
    half_width = z * sqrt(trials * rate * (1 - rate) + z**2 / 4) / (trials + z**2)
    low, high = max(0.0, centre - half_width), min(1.0, centre + half_width)
    return round(rate, 6), round(low, 6), round(high, 6)


def exact_proportion(successes: int, trials: int) -> tuple[float, float, float]:
    """Return a proportion and its exact 95 % interval, rounded to six decimals.

    Its lower end is above the true proportion in at most 2.5 % of cases, however few trials there are. For Wilson's
    interval with one trial and a true proportion of 0.2, this happens in 20 % of cases.

    The time grows in proportion to the trials. SciPy is not used, for the reason given in `proportion`.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26(4), pages 404 to 413.
    """
    low, high = exact_low(successes, trials), 1 - exact_low(trials - successes, trials)
    return round(successes / trials, 6), round(low, 6), round(high, 6)


def exact_low(successes: int, trials: int) -> float:
    """Return the proportion at which this many successes or more have a probability of 2.5 %."""
    if successes == 0:
        return 0.0
    counts = range(successes, trials + 1)
    ways = [lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1) for count in counts]
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        chance = sum(
            exp(of_count + count * log(middle) + (trials - count) * log(1 - middle))
            for count, of_count in zip(counts, ways, strict=True)
        )
        low, high = (middle, high) if chance < TAIL else (low, middle)
    return low


def weighted_proportion(strata: Sequence[tuple[int, int, float]]) -> tuple[float, float, float]:
    """Return the proportion in a population that was sampled by strata, and its 95 % interval.

    Parameters
    ----------
    strata : sequence of tuple
        Successes, trials (at least 1), and the stratum's share of the population. The shares add up to 1.

    References
    ----------
    Zou, Huang and Zhang (2009), "A note on confidence interval estimation for a linear function of binomial
    proportions", Computational Statistics and Data Analysis 53(4), from the exact intervals of the strata.
    """
    of_strata = [(share, *exact_proportion(successes, trials)) for successes, trials, share in strata]
    rate = sum(share * part for share, part, _, _ in of_strata)
    below = sqrt(sum((share * (part - low)) ** 2 for share, part, low, _ in of_strata))
    above = sqrt(sum((share * (high - part)) ** 2 for share, part, _, high in of_strata))
    return round(rate, 6), round(max(0.0, rate - below), 6), round(min(1.0, rate + above), 6)
