import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from stages.lib.audio.missing_sound import SHORTEST_RUN_SAMPLES, filled_window, missing_stretches

RATE = 8000


def noise(seconds: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def found_in(samples: np.ndarray, rate: int = RATE, **options: float) -> list[tuple[int, int]]:
    return missing_stretches([samples], rate, **options)


@pytest.mark.parametrize("value", [0.0, -1.0, 0.2, 1.0])
@pytest.mark.parametrize(("first", "after"), [(0, 4000), (4000, 8000), (12000, 16000), (0, 16000)])
def test_a_run_of_one_value_carries_no_sound_whatever_the_value(value, first, after):
    samples = noise(2)
    samples[first:after] = value
    assert found_in(samples) == [(first, after)]


def test_noise_carries_sound_from_end_to_end():
    assert found_in(noise(5)) == []


@pytest.mark.parametrize(("run_s", "missing"), [(0.004, False), (0.009, False), (0.011, True), (0.1, True)])
def test_a_run_of_a_few_milliseconds_is_chance_and_a_longer_one_is_not(run_s, missing):
    samples = noise(2)
    samples[5000 : 5000 + round(run_s * RATE)] = 0.01
    assert bool(found_in(samples)) == missing


def test_at_a_low_sample_rate_a_run_has_to_be_longer():
    samples = noise(60, rate=100)
    samples[1000 : 1000 + SHORTEST_RUN_SAMPLES - 1] = 0
    assert found_in(samples, 100) == []
    samples[1000 : 1000 + SHORTEST_RUN_SAMPLES] = 0
    assert found_in(samples, 100) == [(1000, 1000 + SHORTEST_RUN_SAMPLES)]


def test_a_stuck_converter_is_noticed_on_a_line_with_clicks():
    samples = np.zeros(4 * RATE, np.float32)
    samples[::1000] = 0.5
    assert found_in(samples) == [(0, 4 * RATE)]


def test_sound_between_two_gaps_counts_where_there_is_enough_of_it():
    samples = np.zeros(3 * RATE, np.float32)
    samples[8000:8300] = noise(300 / RATE)
    samples[16000:17000] = noise(1000 / RATE)
    assert found_in(samples) == [(0, 16000), (17000, 24000)]


def test_what_a_lossy_format_leaves_of_silence_is_silence():
    samples = noise(2)
    samples[4000:12000] = 5e-8 * np.sign(noise(1))
    assert found_in(samples, rounding=2.0**-23) == [(4000, 12000)]


@given(
    some.lists(some.tuples(some.booleans(), some.integers(1, 700)), max_size=12),
    some.lists(some.integers(0, 900), max_size=12),
)
def test_the_blocks_in_which_a_signal_comes_do_not_matter(parts, cuts):
    samples = np.concatenate(
        [np.float32([])]
        + [noise(length / RATE) if sounds else np.zeros(length, np.float32) for sounds, length in parts]
    )
    assert missing_stretches(np.split(samples, np.sort(cuts)), RATE) == found_in(samples)


# What stands in for missing sound.


def test_a_whole_window_stays_as_it_is_but_for_its_mean():
    samples = noise(1)
    np.testing.assert_allclose(filled_window(samples, RATE, RATE), samples - samples.mean(), atol=1e-7)


@pytest.mark.parametrize("offset", [0.1, -0.2, 100.0])
def test_an_offset_is_taken_away(offset):
    samples = noise(1)
    samples[2000:4000] = 0
    moved = (samples + np.float32(offset)).astype(np.float32)
    np.testing.assert_allclose(
        filled_window(moved[:7000], RATE, RATE),
        filled_window(samples[:7000], RATE, RATE),
        atol=1e-7 * abs(offset) + 1e-7,
    )


@pytest.mark.parametrize(
    "gaps", [[(6000, 8000)], [(0, 3000)], [(2000, 5000)], [(0, 1000), (3000, 7500)], [(800, 8000)]]
)
def test_a_gap_is_filled_with_the_level_of_the_sound_around_it(gaps):
    samples = noise(1)
    for first, after in gaps:
        samples[first:after] = 0
    window = filled_window(samples, RATE, RATE)
    for first, after in gaps:
        assert np.std(window[first:after]) == pytest.approx(0.1, rel=0.15)
        assert found_in(window) == []
    kept = np.ones(RATE, bool)
    for first, after in gaps:
        kept[first:after] = False
    np.testing.assert_allclose(window[kept], samples[kept] - samples[kept].mean(), atol=1e-6)


@pytest.mark.parametrize("length", [500, 3000, 7999])
def test_what_lies_beyond_the_end_is_filled_like_any_other_gap(length):
    samples = noise(1)
    at_the_end, short = samples.copy(), samples[:length]
    at_the_end[length:] = 0
    np.testing.assert_array_equal(
        filled_window(short, RATE, RATE)[:length], short - np.float32(short.mean(dtype=float))
    )
    if RATE - length > 80:
        np.testing.assert_array_equal(filled_window(short, RATE, RATE), filled_window(at_the_end, RATE, RATE))


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(RATE, -1.0), np.zeros(0), np.arange(10) / 10])
def test_where_there_is_no_sound_nothing_is_made_up(samples):
    assert not filled_window(samples.astype(np.float32), RATE, RATE).any()
