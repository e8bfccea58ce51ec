import warnings

import numpy as np
import pytest
from skimage.restoration import denoise_wavelet

from stages.lib.features.wavelet import bayes_threshold, denoise, noise_deviation


def noisy_image(shape: tuple[int, int], dtype: type) -> np.ndarray:
    random = np.random.default_rng(0)
    bands, frames = np.indices(shape)
    return (np.sin(bands / 9) * np.cos(frames / 13) + 0.2 * random.standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize("wavelet", ["db1", "db2", "sym4", "coif1"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(128, 130), (127, 129), (33, 64), (8, 9)])
def test_denoise_agrees_with_scikit_image(shape, dtype, wavelet):
    image = noisy_image(shape, dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Both say that the smallest image is small for the longest wavelet.
        expected = denoise_wavelet(image, wavelet=wavelet, method="BayesShrink", mode="soft", rescale_sigma=True)
        denoised = denoise(image, wavelet)
    np.testing.assert_allclose(denoised, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_denoise_keeps_shape_and_type(dtype):
    denoised = denoise(noisy_image((31, 17), dtype))
    assert (denoised.shape, denoised.dtype) == ((31, 17), dtype)


@pytest.mark.parametrize("value", [0.0, 1.0, -80.0])
def test_a_constant_image_comes_back_as_it_is(value):
    image = np.full((40, 41), value, np.float32)
    np.testing.assert_allclose(denoise(image), image, atol=1e-5)


def test_an_image_with_a_constant_part_stays_finite():
    image = noisy_image((128, 130), np.float32)
    image[:, 60:] = 0
    assert np.isfinite(denoise(image)).all()


def test_denoise_does_not_change_its_input():
    image = noisy_image((32, 32), np.float64)
    before = image.copy()
    denoise(image)
    np.testing.assert_array_equal(image, before)


def test_denoise_brings_a_noisy_image_nearer_to_the_clean_one():
    bands, frames = np.indices((128, 128))
    clean = np.sin(bands / 20) * np.cos(frames / 25)
    noisy = clean + 0.3 * np.random.default_rng(1).standard_normal(clean.shape)
    assert np.mean((denoise(noisy) - clean) ** 2) < 0.5 * np.mean((noisy - clean) ** 2)


def test_noise_deviation_is_that_of_gaussian_noise():
    noise = 2.5 * np.random.default_rng(2).standard_normal(100_000)
    assert noise_deviation(noise) == pytest.approx(2.5, rel=0.02)


def test_noise_deviation_leaves_exact_zeros_out():
    assert noise_deviation(np.array([0, 0, 0, 0, 0.6745, -0.6745])) == pytest.approx(1, rel=1e-4)


def test_noise_deviation_of_nothing_but_zeros_is_zero():
    assert noise_deviation(np.zeros(10)) == 0


def test_bayes_threshold_is_noise_variance_over_signal_deviation():
    details = np.array([2.0, -2.0, 2.0, -2.0])
    assert bayes_threshold(details, 3.0) == pytest.approx(3.0)


def test_an_image_with_next_to_no_noise_stays_finite():
    image = noisy_image((32, 32), np.float32)
    image[:, 16:] = 0
    faint = image * np.float32(1e-37)
    assert np.isfinite(denoise(faint)).all()
