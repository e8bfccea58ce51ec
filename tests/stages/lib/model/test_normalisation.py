import json

import numpy as np

from stages.lib.model.normalisation import Normalisation


def some_features() -> np.ndarray:
    random = np.random.default_rng(0)
    levels, spreads = np.array([5.0, -3.0, 0.0])[:, None], np.array([1.0, 0.1, 4.0])[:, None]
    return (levels + spreads * random.standard_normal((50, 3, 20))).astype(np.float16)


def test_every_band_gets_mean_zero_and_deviation_one():
    arrays = some_features()
    standardised = Normalisation.learn([arrays]).apply(arrays)
    np.testing.assert_allclose(standardised.mean(axis=(0, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(standardised.std(axis=(0, 2)), 1, atol=1e-4)


def test_it_does_not_matter_how_the_clips_are_divided_into_batches():
    arrays = some_features()
    whole, divided = Normalisation.learn([arrays]), Normalisation.learn([arrays[:1], arrays[1:17], arrays[17:]])
    np.testing.assert_array_equal(divided.mean, whole.mean)
    np.testing.assert_array_equal(divided.deviation, whole.deviation)
    np.testing.assert_allclose(whole.mean, arrays.mean(axis=(0, 2), dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(whole.deviation, arrays.std(axis=(0, 2), dtype=np.float64), rtol=1e-6)


def test_what_was_learnt_is_applied_to_other_clips():
    normalisation = Normalisation(np.array([1.0, 2.0], np.float32), np.array([2.0, 4.0], np.float32))
    assert normalisation.apply(np.array([[[3.0], [10.0]]], np.float16)).tolist() == [[[1.0], [2.0]]]


def test_a_band_without_variation_stays_at_zero():
    arrays = np.full((4, 2, 5), 7, np.float16)
    assert not Normalisation.learn([arrays]).apply(arrays).any()


def test_the_result_is_float32():
    arrays = some_features()
    assert Normalisation.learn([arrays]).apply(arrays).dtype == np.float32


def test_large_values_of_float16_do_not_overflow():
    arrays = np.full((100, 1, 100), 60_000, np.float16)
    assert Normalisation.learn([arrays]).mean[0] == arrays[0, 0, 0]


def test_it_survives_json_to_the_last_bit():
    normalisation = Normalisation.learn([some_features()])
    again = Normalisation.from_json(json.loads(json.dumps(normalisation.as_json())))
    np.testing.assert_array_equal(again.mean, normalisation.mean)
    np.testing.assert_array_equal(again.deviation, normalisation.deviation)
    assert again.mean.dtype == again.deviation.dtype == np.float32
