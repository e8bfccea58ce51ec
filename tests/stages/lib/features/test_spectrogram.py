import librosa
import numpy as np
import pytest
from pydantic import ValidationError

from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.spectrogram import clip_features, mel_spectrogram
from stages.lib.features.wavelet import denoise

DEFAULTS = {
    "views": ["spectrogram"],
    "pretrained": "none",
    "speeds": [1.0],
    "channel": "mix",
    "sample_rate": 22050,
    "clip_s": 1.0,
    "fft_size": 1024,
    "hop_size": 256,
    "mel_bands": 64,
    "min_hz": 50.0,
    "max_hz": 10000.0,
    "pcen": True,
    "wavelet_denoise": True,
}


def feature_params(**changes: object) -> FeatureParams:
    return FeatureParams(**{**DEFAULTS, **changes})


def clip_samples(params: FeatureParams) -> np.ndarray:
    random = np.random.default_rng(0)
    times = np.arange(params.clip_samples) / params.sample_rate
    return (0.3 * np.sin(2 * np.pi * 600 * times) + 0.02 * random.standard_normal(len(times))).astype(np.float32)


def librosa_mel(samples: np.ndarray, params: FeatureParams) -> np.ndarray:
    return librosa.feature.melspectrogram(
        y=samples,
        sr=params.sample_rate,
        n_fft=params.fft_size,
        hop_length=params.hop_size,
        n_mels=params.mel_bands,
        fmin=params.min_hz,
        fmax=params.max_hz,
        power=1,
    )


def test_mel_spectrogram_agrees_with_librosa():
    params = feature_params()
    samples = clip_samples(params)
    np.testing.assert_allclose(mel_spectrogram(samples, params), librosa_mel(samples, params), rtol=1e-4, atol=1e-6)


def test_mel_filters_follow_the_params_of_each_call():
    for params in (feature_params(), feature_params(max_hz=4000.0), feature_params()):
        samples = clip_samples(params)
        np.testing.assert_allclose(mel_spectrogram(samples, params), librosa_mel(samples, params), rtol=1e-4, atol=1e-6)


def test_pcen_agrees_with_the_recipe_of_librosa():
    params = feature_params(clip_s=12.0, wavelet_denoise=False)
    samples = clip_samples(params)
    expected = librosa.pcen(librosa_mel(samples, params) * 2**31, sr=params.sample_rate, hop_length=params.hop_size)
    # They differ by the level that the filter starts from, which is forgotten after some time constants of 0.4 s.
    frames = params.shape[1]
    late = slice(frames // 2, frames)
    assert late.start * params.hop_size / params.sample_rate > 10 * 0.4
    np.testing.assert_allclose(clip_features(samples, params)[:, late], expected[:, late], rtol=1e-3, atol=1e-4)


def test_pcen_of_a_steady_noise_starts_at_the_level_at_which_it_goes_on():
    params = feature_params(clip_s=4.0, wavelet_denoise=False)
    features = clip_features(clip_samples(params), params)
    assert features[:, :8].mean() == pytest.approx(features[:, -32:].mean(), rel=0.1)


def test_without_pcen_the_levels_are_decibels():
    params = feature_params(pcen=False, wavelet_denoise=False)
    samples = clip_samples(params)
    samples[len(samples) // 2 :] *= 1e-5  # The faint half is not lifted by the loud one.
    expected = 20 * np.log10(librosa_mel(samples, params))
    assert expected.min() < -130  # Far below librosa's own floor of -100 dB.
    # That low, what is compared is the rounding of single precision.
    np.testing.assert_allclose(clip_features(samples, params), expected, atol=2)
    loud = expected > -100
    np.testing.assert_allclose(clip_features(samples, params)[loud], expected[loud], atol=1e-2)


def test_ten_times_the_level_is_twenty_decibels_more():
    params = feature_params(pcen=False, wavelet_denoise=False)
    samples = clip_samples(params)
    difference = clip_features(samples, params) - clip_features(samples / 10, params)
    np.testing.assert_allclose(difference, 20, atol=1e-2)


@pytest.mark.parametrize("pcen", [True, False])
def test_denoising_comes_last_and_can_be_switched_off(pcen):
    plain = feature_params(pcen=pcen, wavelet_denoise=False)
    samples = clip_samples(plain)
    denoised = clip_features(samples, feature_params(pcen=pcen))
    assert not np.array_equal(denoised, clip_features(samples, plain))
    np.testing.assert_array_equal(denoised, denoise(clip_features(samples, plain)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clip_s": 3.0, "fft_size": 2048, "hop_size": 512, "mel_bands": 128},
        {"hop_size": 441},
        {"sample_rate": 2000, "clip_s": 2.0, "fft_size": 256, "hop_size": 32, "max_hz": 1000.0},
        {"sample_rate": 2000, "clip_s": 0.333, "fft_size": 128, "hop_size": 40, "max_hz": 900.0, "mel_bands": 16},
        {"clip_s": 0.05, "fft_size": 256, "hop_size": 64, "mel_bands": 16},
        {"sample_rate": 2000, "clip_s": 0.5, "fft_size": 101, "hop_size": 50, "max_hz": 900.0, "mel_bands": 16},
    ],
)
def test_shape_is_that_of_the_features(changes):
    params = feature_params(**changes)
    assert clip_features(clip_samples(params), params).shape == params.shape


def test_features_are_float32():
    params = feature_params()
    assert clip_features(clip_samples(params), params).dtype == np.float32


@pytest.mark.parametrize("pcen", [True, False])
def test_a_silent_clip_has_finite_features(pcen):
    params = feature_params(pcen=pcen)
    assert np.isfinite(clip_features(np.zeros(params.clip_samples, np.float32), params)).all()


@pytest.mark.parametrize("pcen", [True, False])
def test_a_clip_padded_with_zeros_has_features_that_float16_holds(pcen):
    params = feature_params(pcen=pcen)
    samples = clip_samples(params)
    samples[len(samples) // 4 :] = 0
    assert np.isfinite(clip_features(samples, params).astype(np.float16)).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"fft_size": 22051},
        {"max_hz": 11026.0},
        {"min_hz": 10000.0},
        {"min_hz": -1.0},
        {"hop_size": 0},
        {"mel_bands": 0},
        {"clip_s": 0.0},
        {"clip_s": float("inf")},
        {"max_hz": float("nan")},
        {"sample_rate": 22050.0},
        {"pcen": 1},
        {"colour": "red"},
    ],
)
def test_params_that_cannot_be_are_refused(changes):
    with pytest.raises(ValidationError):
        feature_params(**changes)


def test_a_clip_as_long_as_the_window_of_the_fft_is_allowed():
    assert feature_params(fft_size=22050).shape == (64, 87)


@pytest.mark.parametrize("changes", [{"mel_bands": 15}, {"clip_s": 0.5, "sample_rate": 22050, "hop_size": 1000}])
def test_features_too_small_for_the_network_are_refused(changes):
    with pytest.raises(ValidationError, match="16"):
        feature_params(**changes)
