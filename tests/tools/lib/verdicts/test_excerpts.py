"""Parts of recordings keep the samples that the pipeline reads, whatever the recording is."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages.lib.audio.examination import Examined, examine
from stages.lib.audio.recording import open_recording
from tools.lib.verdicts import excerpts
from tools.lib.verdicts.excerpts import Excerpt, excerpt_of, holds_part, write_excerpt

RATE = 8000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(excerpts, "BLOCK_FRAMES", 1000)


def noise(channels: int = 1, level: float = 0.1, seconds: float = 4.0) -> np.ndarray:
    return level * np.random.default_rng(1).standard_normal((round(seconds * RATE), channels))


def cut(folder: Path, source: Path, start_s: float = 2.5) -> tuple[Excerpt, Path]:
    """Write the part of a recording that holds a window."""
    excerpt = excerpt_of(source.name, source, start_s, 1 / 60, 0.5)
    write_excerpt(excerpt, folder / excerpt.name)
    return excerpt, folder / excerpt.name


def decoded(path: Path) -> np.ndarray:
    with open_recording(path) as recording:
        return recording.read(dtype="float32", always_2d=True)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [2, 9])
def test_a_part_holds_the_samples_of_its_recording(tmp_path, subtype, channels):
    """A recorder of floating-point numbers may write any numbers, such as 3.0 for a loud call."""
    level = 1.0 if subtype in ("FLOAT", "DOUBLE") else 0.1
    soundfile.write(tmp_path / "a.wav", noise(channels, level), RATE, subtype=subtype)
    excerpt, target = cut(tmp_path, tmp_path / "a.wav")
    np.testing.assert_array_equal(decoded(target), decoded(tmp_path / "a.wav")[2 * RATE : round(3.5 * RATE)])
    assert holds_part(target, *excerpt[1:])


def test_the_name_of_a_part_says_where_it_begins_and_in_which_format_it_is(tmp_path):
    for name, subtype in (("a.wav", "PCM_16"), ("b.wav", "FLOAT")):
        soundfile.write(tmp_path / name, noise(), RATE, subtype=subtype)
    names = [excerpt_of(name, tmp_path / name, 2.5, 1 / 60, 0.5).name for name in ("a.wav", "b.wav")]
    assert names == ["a_2s_1s.flac", "b_2s_1s.au"]


def test_the_same_part_has_the_same_bytes_at_any_time(tmp_path):
    """libsndfile writes the time of day into WAV files of floating-point numbers."""
    soundfile.write(tmp_path / "a.wav", noise(), RATE, subtype="FLOAT")
    _, target = cut(tmp_path, tmp_path / "a.wav")
    assert b"PEAK" not in target.read_bytes()


def test_a_part_of_a_recording_with_an_unfinished_header_holds_its_samples(tmp_path):
    content = io.BytesIO()
    soundfile.write(content, noise(), RATE, format="WAV", subtype="PCM_16")
    header = bytearray(content.getvalue())
    header[4:8], header[40:44] = bytes(4), bytes(4)
    (tmp_path / "a.wav").write_bytes(header)
    _, target = cut(tmp_path, tmp_path / "a.wav")
    assert len(decoded(target)) == 1.5 * RATE


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_silence_in_a_lossy_recording_is_silence_in_its_part(tmp_path, name):
    samples = noise()
    samples[round(2.6 * RATE) : round(3.2 * RATE)] = 0
    soundfile.write(tmp_path / name, samples, RATE)
    excerpt, target = cut(tmp_path, tmp_path / name)
    whole, part = examine(tmp_path / name, "mix"), examine(target, "mix")
    assert isinstance(whole, Examined)
    assert isinstance(part, Examined)
    assert whole.missing_s > 0.4
    assert part.missing_s > 0.4
    assert holds_part(target, *excerpt[1:])


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_a_lossy_recording_beyond_full_scale_is_cut_there(tmp_path, name):
    """Decoders overshoot where a recording was loud to its limit."""
    soundfile.write(tmp_path / name, np.clip(noise(level=1.2), -1, 1), RATE)
    excerpt, target = cut(tmp_path, tmp_path / name)
    with open_recording(tmp_path / name) as recording:
        recording.seek(2 * RATE)
        whole = recording.read(round(1.5 * RATE), dtype="float32", always_2d=True)
    assert np.abs(whole).max() > 1
    np.testing.assert_allclose(decoded(target), np.clip(whole, -1, 1), rtol=0, atol=2.0**-22)
    assert holds_part(target, *excerpt[1:])


def test_another_part_is_told_apart_wherever_it_differs(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(), RATE)
    excerpt, target = cut(tmp_path, tmp_path / "a.wav")
    samples, _ = soundfile.read(target, dtype="int16")
    for changed in (np.append(samples[:-1], samples[-1] ^ 256), samples[:-1], np.append(samples, 0)):
        soundfile.write(target, changed.astype(np.int16), RATE)
        assert not holds_part(target, *excerpt[1:])
    soundfile.write(target, samples, RATE + 1)
    assert not holds_part(target, *excerpt[1:])
    soundfile.write(target, samples, RATE)
    content = target.read_bytes()
    for damaged in (b"damaged", content[: len(content) // 2]):
        target.write_bytes(damaged)
        assert not holds_part(target, *excerpt[1:])
