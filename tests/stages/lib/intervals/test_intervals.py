import itertools

import numpy as np
import pytest
from scipy.stats import binomtest

from stages.lib.intervals.bootstrap import (
    FEWEST_RECORDINGS,
    drawing_units,
    interval_remark,
    p_text,
    paired_bootstrap,
    permutation_p,
    proportion_of_clips,
)
from stages.lib.intervals.proportions import proportion


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
def test_with_a_clip_per_recording_the_permutation_test_is_that_of_mcnemar(only_before, only_after, p_value):
    assert p_of(*right_on(only_before, only_after)) == pytest.approx(p_value, abs=1e-6)


def test_clips_on_which_both_are_right_do_not_change_the_permutation_test():
    assert p_of(*right_on(1, 6, both=0)) == p_of(*right_on(1, 6, both=1000))


def test_the_permutation_test_of_identical_answers_is_one():
    assert p_of(*right_on(0, 0)) == 1


def p_of(before: np.ndarray, after: np.ndarray, clips_per_recording: int = 1) -> float:
    recordings = [f"sea{clip // clips_per_recording}" for clip in range(len(before))]
    return permutation_p(before, after, recordings)


def test_the_permutation_test_exchanges_whole_recordings():
    # Ten clips of two recordings are won: no more than one exchange of four is as good, and its opposite.
    assert p_of(np.zeros(20, bool), np.ones(20, bool), clips_per_recording=10) == 0.5


def test_the_permutation_test_counts_every_exchange():
    random = np.random.default_rng(1)
    before, after = random.random((2, 50)) < [[0.6], [0.8]]
    won = (after.astype(int) - before).reshape(10, 5).sum(axis=1)
    sums = np.array(list(itertools.product([1, -1], repeat=10))) @ won
    assert p_of(before, after, clips_per_recording=5) == pytest.approx(
        np.mean(np.abs(sums) >= abs(won.sum())), abs=1e-6
    )


def test_models_that_are_equally_good_rarely_differ_by_the_permutation_test():
    """Clips of a recording are right or wrong together; a test that counts clips is wrong five times as often."""
    random = np.random.default_rng(2)
    drawn = [np.repeat(random.random((2, 30)) < 0.8, 10, axis=1) for _ in range(400)]
    assert np.mean([p_of(*of_draw, clips_per_recording=10) < 0.05 for of_draw in drawn]) < 0.08
    assert np.mean([p_of(*of_draw) < 0.05 for of_draw in drawn]) > 0.25


def differences(values: np.ndarray):
    return lambda drawn: drawn @ values[:, None] / len(values)


def test_the_bootstrap_interval_of_no_difference_is_zero():
    low, high = paired_bootstrap(differences(np.zeros(50)), np.arange(50))
    assert (low.tolist(), high.tolist()) == ([0], [0])


def test_the_bootstrap_interval_is_repeatable():
    values = np.random.default_rng(0).standard_normal(50)
    first, second = (paired_bootstrap(differences(values), np.arange(50)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_bootstrap_interval_of_a_mean_is_that_of_the_central_limit():
    values = np.random.default_rng(0).standard_normal(400) + 0.3
    low, high = paired_bootstrap(differences(values), np.arange(400))
    half = 1.96 * values.std() / 20
    assert [low[0], high[0]] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.01)


def test_draws_that_leave_a_difference_undefined_are_left_out():
    low, high = paired_bootstrap(lambda drawn: np.where(drawn[:, :1] == 0, np.nan, 1.0), np.arange(3))
    assert (low.tolist(), high.tolist()) == ([1], [1])


@pytest.mark.parametrize(("only_before", "only_after"), [(0, 40), (0, 2000), (3, 60)])
def test_a_tiny_p_value_is_not_printed_as_nothing(only_before, only_after):
    p_value = p_of(*right_on(only_before, only_after))
    assert p_text(p_value) == "p < 0.000001"
    assert p_value > 0 or only_after == 2000  # Which is 2 ** -1999, below the smallest number of a computer.


def test_other_p_values_are_printed_with_two_digits():
    assert [p_text(p_value) for p_value in (1.0, 0.453125, 0.0123, 1.24e-6)] == [
        "p = 1",
        "p = 0.45",
        "p = 0.012",
        "p = 1.2e-06",
    ]


def test_recordings_are_drawn_where_there_are_enough_of_them():
    names = [f"sea{number // 3}" for number in range(3 * FEWEST_RECORDINGS)]
    assert len(set(drawing_units(names).tolist())) == FEWEST_RECORDINGS
    units = drawing_units(names)
    assert all(
        units[first] == units[second] for first in range(60) for second in range(60) if first // 3 == second // 3
    )
    assert drawing_units(names[3:]).tolist() == list(range(3 * FEWEST_RECORDINGS - 3))


def test_it_is_said_what_is_drawn():
    assert interval_remark(FEWEST_RECORDINGS).startswith("The intervals draw whole recordings (20)")
    few = interval_remark(1)
    assert few.startswith(
        "The intervals treat clips of one recording as independent, because the test part has too few"
    )
    assert "(1 of at least 20)" in few


def test_the_bootstrap_of_recordings_has_the_width_of_so_many_independent_clips():
    values = np.random.default_rng(0).standard_normal(100) + 0.3
    alike = np.repeat(values, 8)

    def mean(drawn: np.ndarray) -> np.ndarray:
        return (drawn @ alike / drawn.sum(axis=1))[:, None]

    low, high = paired_bootstrap(mean, np.repeat(np.arange(100), 8))
    half = 1.96 * values.std() / 10
    assert [low[0], high[0]] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.03)


@pytest.mark.parametrize("recordings", [30, 60])
def test_the_interval_of_clips_that_are_alike_covers_the_truth_as_often_as_it_says(recordings):
    """In each recording of ten clips the model is right about all or about none: 0.8 of the recordings."""
    random = np.random.default_rng(0)
    units = np.repeat(np.arange(recordings), 10)
    covered, covered_by_clips = 0, 0
    for _ in range(400):
        right = np.repeat(random.random(recordings) < 0.8, 10)
        _, low, high = proportion_of_clips(right, units)
        covered += low <= 0.8 <= high
        _, low, high = proportion(int(right.sum()), len(right))
        covered_by_clips += low <= 0.8 <= high
    assert covered >= 0.92 * 400
    assert covered_by_clips < 0.6 * 400


def test_the_interval_of_independent_clips_is_that_of_wilson():
    right = np.random.default_rng(0).random(201) < 0.8
    assert proportion_of_clips(right, np.arange(201)) == proportion(int(right.sum()), 201)


@pytest.mark.parametrize("recordings", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("truth", [0.8, 0.95])
def test_the_interval_holds_the_truth_where_a_class_is_in_few_recordings(recordings, truth):
    """The clips of a recording are right at a rate of its own: their correlation is 0.3."""
    random = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        sizes = random.integers(1, 20, recordings)
        rates = random.beta(truth * 7 / 3, (1 - truth) * 7 / 3, recordings)
        right = np.concatenate([random.random(size) < rate for size, rate in zip(sizes, rates, strict=True)])
        _, low, high = proportion_of_clips(right, np.repeat(np.arange(recordings), sizes))
        held += low <= truth <= high
    assert held >= 0.9 * 400


def test_clips_that_are_all_right_say_nothing_about_how_alike_they_are():
    assert proportion_of_clips(np.ones(20, bool), np.repeat([0, 1], 10)) == proportion(2, 2)
    assert proportion_of_clips(np.ones(20, bool), np.arange(20)) == proportion(20, 20)
