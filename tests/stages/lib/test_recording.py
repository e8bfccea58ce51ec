from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages.lib.recording import duration_s, read_window, recording_fault


def noise(seconds: float, sample_rate: int = 8000, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * sample_rate))


def write(path: Path, samples: np.ndarray, sample_rate: int = 8000, **options: str) -> Path:
    soundfile.write(path, samples, sample_rate, **options)
    return path


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_a_sound_recording_has_no_fault(tmp_path, ending):
    assert recording_fault(write(tmp_path / f"sea.{ending}", noise(1))) is None


def test_a_missing_recording_is_a_fault(tmp_path):
    fault = recording_fault(tmp_path / "sea.wav")
    assert "there is no file" in fault
    assert str(tmp_path / "sea.wav") in fault


def test_a_folder_is_no_recording(tmp_path):
    (tmp_path / "sea.wav").mkdir()
    assert "there is no file" in recording_fault(tmp_path / "sea.wav")


def test_an_empty_file_is_a_fault(tmp_path):
    path = tmp_path / "sea.wav"
    path.touch()
    assert recording_fault(path).startswith(f"{path} is empty")


def test_a_file_that_is_not_audio_is_a_fault(tmp_path):
    path = tmp_path / "sea.wav"
    path.write_text("not a recording at all\n" * 100)
    assert recording_fault(path).startswith(f"{path} is not audio")


def test_a_recording_without_samples_is_a_fault(tmp_path):
    path = write(tmp_path / "sea.wav", np.zeros(0))
    assert recording_fault(path).startswith(f"{path} holds no samples")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_not_a_number_is_a_fault(tmp_path, value):
    samples = noise(1)
    samples[4321] = value
    path = write(tmp_path / "sea.wav", samples, subtype="FLOAT")
    assert "not numbers" in recording_fault(path)


def test_a_bad_sample_in_one_of_two_channels_is_a_fault(tmp_path):
    samples = np.stack([noise(1), noise(1)], axis=1)
    samples[10, 1] = np.nan
    assert "not numbers" in recording_fault(write(tmp_path / "sea.wav", samples, subtype="FLOAT"))


def test_a_recording_of_nothing_but_zeros_is_a_fault(tmp_path):
    path = write(tmp_path / "sea.flac", np.zeros(8000))
    assert recording_fault(path).startswith(f"{path} is silent")


def test_a_single_sound_makes_a_recording_not_silent(tmp_path):
    samples = np.zeros(8000)
    samples[-1] = 0.5
    assert recording_fault(write(tmp_path / "sea.flac", samples)) is None


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.01])
def test_a_truncated_flac_is_a_fault(tmp_path, kept):
    path = write(tmp_path / "sea.flac", noise(10))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert str(path) in recording_fault(path)


def test_duration_is_in_seconds_of_the_recording_itself(tmp_path):
    assert duration_s(write(tmp_path / "sea.wav", noise(1.5, 48000), 48000)) == 1.5


def test_a_window_holds_the_samples_from_its_start(tmp_path):
    samples = noise(2)
    path = write(tmp_path / "sea.wav", samples, subtype="FLOAT")
    window = read_window(path, 0.5, 1.0, 8000)
    np.testing.assert_array_equal(window, samples[4000:12000].astype(np.float32))


def test_a_window_past_the_end_is_padded_with_zeros(tmp_path):
    samples = noise(1)
    path = write(tmp_path / "sea.wav", samples, subtype="FLOAT")
    window = read_window(path, 0.75, 1.0, 8000)
    assert window.shape == (8000,)
    np.testing.assert_array_equal(window[:2000], samples[6000:].astype(np.float32))
    assert not window[2000:].any()


@pytest.mark.parametrize("sample_rate", [2000, 8000, 22050])
def test_a_window_with_one_sample_left_is_padded_too(tmp_path, sample_rate):
    path = write(tmp_path / "sea.wav", noise(1))
    assert read_window(path, 7999 / 8000, 0.5, sample_rate).shape == (sample_rate // 2,)


def test_stereo_becomes_mono_by_the_mean(tmp_path):
    left, right = noise(1, seed=1), noise(1, seed=2)
    path = write(tmp_path / "sea.wav", np.stack([left, right], axis=1), subtype="FLOAT")
    np.testing.assert_allclose(read_window(path, 0, 1, 8000), (left + right) / 2, atol=1e-6)


@pytest.mark.parametrize("recorded_rate", [8000, 22050, 44100, 48000, 96000])
def test_a_tone_stays_what_it_is_at_any_sample_rate(tmp_path, recorded_rate):
    times = np.arange(2 * recorded_rate) / recorded_rate
    path = write(tmp_path / "tone.wav", 0.5 * np.sin(2 * np.pi * 440 * times), recorded_rate)
    window = read_window(path, 0.5, 1.0, 22050)
    assert window.shape == (22050,)
    spectrum = np.abs(np.fft.rfft(window))
    assert np.argmax(spectrum) == 440  # A window of one second has a bin for each Hz.
    assert np.sqrt(np.mean(window**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize("sample_rate", [8000, 6000])
def test_a_window_does_not_depend_on_the_rest_of_the_recording(tmp_path, ending, sample_rate):
    samples, others = noise(4), noise(9, seed=3)
    others[8000:16000] = samples[8000:16000]
    short, long = write(tmp_path / f"short.{ending}", samples), write(tmp_path / f"long.{ending}", others)
    np.testing.assert_array_equal(read_window(short, 1, 1, sample_rate), read_window(long, 1, 1, sample_rate))


def test_a_window_is_float32(tmp_path):
    assert read_window(write(tmp_path / "sea.flac", noise(1)), 0, 0.5, 8000).dtype == np.float32
