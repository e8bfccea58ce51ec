"""What the network sees of a window does not depend on what carries no sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages.lib.features.sound import sound_of
from stages.lib.features.window import window_features
from tests.support.feature_params import PARAMS

DEFAULT = PARAMS.model_copy(
    update={"sample_rate": 22050, "clip_s": 3.0, "fft_size": 2048, "hop_size": 512, "mel_bands": 128, "max_hz": 10000.0}
)


def sea(seconds: float, rate: int = 8000) -> np.ndarray:
    """Return noise with a tone that comes and goes."""
    times = np.arange(round(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * 700 * times) * (np.sin(2 * np.pi * times) > 0.5)
    return 0.01 * np.random.default_rng(0).standard_normal(len(times)) + 0.05 * tone


def write(path: Path, samples: np.ndarray, rate: int = 8000, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
@pytest.mark.parametrize("pcen", [True, False])
def test_an_offset_changes_no_feature(tmp_path, rate, pcen):
    params = DEFAULT.model_copy(update={"pcen": pcen})
    samples = sea(4, rate)
    starts_s = [0.0, 0.5, 2.0]  # The last goes on beyond the end.
    features = window_features(write(tmp_path / "a.wav", samples, rate), starts_s, params)
    moved = window_features(write(tmp_path / "b.wav", samples + 0.1, rate), starts_s, params)
    # A step of float16 besides, which is 2**-10 of decibels.
    np.testing.assert_allclose(moved.astype(float), features.astype(float), atol=1e-3, rtol=2**-10)


@pytest.mark.parametrize("channel", ["mix", 1, 2])
def test_a_channel_is_chosen_by_its_number(tmp_path, channel):
    left, right = sea(1), np.random.default_rng(1).standard_normal(8000)
    both = write(tmp_path / "both.wav", np.column_stack([left, right]))
    alone = write(tmp_path / "alone.wav", {"mix": (left + right) / 2, 1: left, 2: right}[channel])
    params = PARAMS.model_copy(update={"channel": channel})
    np.testing.assert_allclose(
        window_features(both, [0.2], params), window_features(alone, [0.2], PARAMS), atol=2e-3, rtol=2e-3
    )


@pytest.mark.parametrize(("rate", "highest_hz"), [(4000, 2000), (8000, 4000), (16000, 8000), (48000, 24000)])
def test_bands_that_a_recording_cannot_hold_are_unknown(tmp_path, rate, highest_hz):
    path = write(tmp_path / "sea.wav", sea(4, rate), rate)
    (features,) = window_features(path, [0.5], DEFAULT)
    known = ~np.isnan(features)
    assert (known.all(axis=1) | ~known.any(axis=1)).all()
    held = known.all(axis=1).sum()
    assert held == 128 if highest_hz >= DEFAULT.max_hz else 40 < held < 128
    assert known[:held].all()


def test_the_other_bands_are_those_of_a_recording_that_holds_all(tmp_path):
    params = DEFAULT.model_copy(update={"wavelet_denoise": False})
    low = write(tmp_path / "low.wav", sea(4, 8000), 8000)
    high = write(tmp_path / "high.wav", sound_of(low, 0, 4.0, params.channel, params.sample_rate).samples, 22050)
    (of_low,), (of_high,) = window_features(low, [0.5], params), window_features(high, [0.5], params)
    held = ~np.isnan(of_low).any(axis=1)
    difference = np.abs(of_low[held].astype(float) - of_high[held])
    # The window is resampled here, the whole recording there: its ends differ.
    assert np.median(difference) < 2e-3


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_gap_looks_like_the_sound_around_it(tmp_path, subtype):
    samples = sea(3, 22050)
    quiet = samples.copy()
    quiet[22050 : 2 * 22050] = 0
    (features,) = window_features(write(tmp_path / "a.wav", samples, 22050, subtype), [0.0], DEFAULT)
    (filled,) = window_features(write(tmp_path / "b.wav", quiet, 22050, subtype), [0.0], DEFAULT)
    columns = slice(50, 80)
    # Zeros would make 0 of it, and a wall of light at either end.
    assert filled[:, columns].mean() == pytest.approx(features[:, columns].mean(), rel=0.1)
    assert filled.max() < 1.5 * features.max()
