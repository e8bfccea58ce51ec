"""Embeddings of windows, by models made on the spot."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages.lib.features import embedding
from stages.lib.features.embedder import load_embedder
from stages.lib.features.embedding import PEAK, model_windows, window_embeddings
from stages.lib.features.pretrained import pretrained_at_hand
from stages.lib.runtime.faults import InputFaults
from tests.support.feature_params import PARAMS
from tests.support.tiny_pretrained import (
    SAMPLES,
    SIZE,
    inner_tensor,
    loudness,
    put_in_place,
    write_saved_model,
    write_tflite,
)

RATE = 1000
EMBEDDING = PARAMS.model_copy(update={"views": ("embedding",), "pretrained": "tiny", "speeds": (4.0,)})


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    put_in_place(folder)
    return folder


@pytest.fixture
def recording(pretrained, tmp_path, monkeypatch):
    """Three seconds at 1 kHz: noise, and a tone of 200 Hz in the second one."""
    monkeypatch.chdir(pretrained)
    samples = 0.01 * np.random.default_rng(0).standard_normal(3 * RATE)
    samples[RATE : 2 * RATE] += 0.1 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)
    soundfile.write(tmp_path / "sea.wav", samples, RATE, subtype="FLOAT")
    return tmp_path / "sea.wav"


def test_a_litert_file_and_a_saved_model_give_the_tensor_that_is_asked_for(tmp_path):
    samples = (0.1 * np.random.default_rng(0).standard_normal(SAMPLES)).astype(np.float32)
    file, folder = write_tflite(tmp_path / "bands.tflite"), write_saved_model(tmp_path / "bands")
    for weights, output in ((file, inner_tensor(file)), (folder, "embedding")):
        embed = load_embedder(weights, output)
        np.testing.assert_allclose(embed(samples), loudness(samples), rtol=1e-4)
        np.testing.assert_array_equal(embed(samples), embed(samples))


def test_a_clip_is_played_faster_and_repeated_until_it_fills_the_window(recording):
    (numbers,) = window_embeddings(recording, [1.0], EMBEDDING)
    assert (numbers.dtype, numbers.shape) == (np.float16, (SIZE,))
    # Half a second at 1 kHz, four times as fast at 4 kHz, is an eighth of a second: the 200 Hz are 800.
    samples, _ = soundfile.read(recording, start=RATE, frames=RATE // 2, dtype="float32")
    samples -= samples.mean()
    expected = loudness(np.resize(samples * PEAK / np.abs(samples).max(), SAMPLES))
    np.testing.assert_allclose(numbers, expected, atol=0.01)
    assert abs(np.linspace(100, 1900, SIZE)[np.argmax(numbers)] - 800) < 100


def test_the_embeddings_of_several_speeds_stand_side_by_side(recording):
    both = window_embeddings(recording, [0.0, 1.0], EMBEDDING.model_copy(update={"speeds": (4.0, 2.0)}))
    assert both.shape == (2, 2 * SIZE)
    for place, speed in enumerate((4.0, 2.0)):
        alone = window_embeddings(recording, [0.0, 1.0], EMBEDDING.model_copy(update={"speeds": (speed,)}))
        np.testing.assert_array_equal(both[:, place * SIZE : (place + 1) * SIZE], alone)


def test_neither_scale_nor_offset_nor_what_is_missing_counts(recording, tmp_path):
    samples, _ = soundfile.read(recording)
    soundfile.write(tmp_path / "loud.wav", 1000 * samples + 7, RATE, subtype="FLOAT")
    samples[2700:] = 0
    soundfile.write(tmp_path / "stopped.wav", samples, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "cut.wav", samples[:2700], RATE, subtype="FLOAT")
    plain, loud = (window_embeddings(path, [1.0], EMBEDDING) for path in (recording, tmp_path / "loud.wav"))
    np.testing.assert_allclose(loud, plain, atol=0.02)
    stopped, cut = (window_embeddings(tmp_path / f"{name}.wav", [2.5], EMBEDDING) for name in ("stopped", "cut"))
    np.testing.assert_array_equal(stopped, cut)


@pytest.mark.parametrize(("length", "count"), [(1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3), (95, 10)])
def test_windows_cover_a_clip_from_end_to_end(length, count):
    samples = np.arange(length)
    windows = model_windows(samples, 10)
    assert [len(window) for window in windows] == [10] * count
    assert set(np.concatenate(windows)) == set(range(length))
    assert windows[0][0] == 0
    if count == 1:
        np.testing.assert_array_equal(windows[0], np.arange(10) % length)


def test_a_clip_longer_than_the_window_has_the_mean_of_its_embeddings(recording):
    long = EMBEDDING.model_copy(update={"clip_s": 1.0, "speeds": (1.0,)})
    half = EMBEDDING.model_copy(update={"clip_s": 0.5, "speeds": (1.0,)})
    (whole,) = window_embeddings(recording, [1.0], long)
    halves = window_embeddings(recording, [1.0, 1.5], half)
    np.testing.assert_allclose(whole, halves.astype(float).mean(axis=0), atol=0.2)


@pytest.mark.parametrize("speed", [0.01, 3.3, 100.0])
@pytest.mark.parametrize(("rate", "channels"), [(200, 1), (44100, 2)])
def test_any_speed_of_any_recording_gives_numbers(recording, speed, rate, channels):
    samples = 0.1 * np.random.default_rng(0).standard_normal((rate, channels))
    soundfile.write(recording, samples, rate)
    for clip_s in (0.004, 0.5):
        params = EMBEDDING.model_copy(update={"speeds": (speed,), "clip_s": clip_s})
        assert np.isfinite(window_embeddings(recording, [0.2], params)).all()


def test_numbers_that_cannot_be_kept_are_refused_with_their_place(recording, monkeypatch):
    described, embed = pretrained_at_hand(Path("models/pretrained/tiny").resolve())
    for factor in (np.nan, 1e9):
        monkeypatch.setattr(embedding, "pretrained_at_hand", lambda _, f=factor: (described, lambda x: f * embed(x)))
        with pytest.raises(InputFaults, match=r"sea\.wav: models/pretrained/tiny gives no usable .* at 1 s; use"):
            window_embeddings(recording, [1.0], EMBEDDING)
