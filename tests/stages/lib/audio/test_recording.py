import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from stages.lib.audio.examination import Examined, examine, recording_fault
from stages.lib.audio.recording import duration_s, read_samples, read_window
from stages.lib.audio.remarks import low_rate_lines, unfinished_lines
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.sound import sound_of
from stages.lib.features.window import window_features


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


def test_a_recording_that_this_user_may_not_read_is_named_as_such():
    with TemporaryDirectory() as folder:  # Unlike `tmp_path`, other users can be let into it.
        Path(folder).chmod(0o755)
        path = write(Path(folder) / "sea.wav", noise(1))
        path.chmod(0)
        user = os.geteuid()
        try:
            if user == 0:
                os.seteuid(65534)
            assert recording_fault(path) == f"{path} cannot be read (Permission denied); let this user read it"
        finally:
            os.seteuid(user)


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


@pytest.mark.parametrize("value", [0.0, -1.0, 0.5])
@pytest.mark.parametrize("ending", ["flac", "wav", "ogg"])
def test_a_recording_of_nothing_but_one_value_is_a_fault(tmp_path, value, ending):
    if ending == "ogg" and value:
        pytest.skip("A lossy format does not keep a constant.")
    path = write(tmp_path / f"sea.{ending}", np.full(8000, value))
    assert recording_fault(path) == f"{path} is silent from end to end (its samples do not vary); leave it out"


def test_a_click_on_a_dead_line_is_no_sound(tmp_path):
    samples = np.zeros(8000)
    samples[4000] = 0.5
    assert recording_fault(write(tmp_path / "sea.flac", samples)).startswith(f"{tmp_path}/sea.flac is silent")


@pytest.mark.parametrize("share", [-1.0, -0.9])
@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_channels_that_cancel_are_a_fault_of_the_mix_alone(tmp_path, share, offset):
    left = noise(3)
    path = write(tmp_path / "sea.wav", np.column_stack([left + offset, share * left]), subtype="FLOAT")
    fault = recording_fault(path)
    assert fault.startswith(f"{path} is silent in the mix, because its 2 channels cancel one another; choose one")
    assert [recording_fault(path, channel) for channel in (1, 2)] == [None, None]


@pytest.mark.parametrize("channels", [2, 8])
def test_channels_that_have_nothing_in_common_do_not_cancel(tmp_path, channels):
    path = write(tmp_path / "sea.wav", np.column_stack([noise(2, seed=seed) for seed in range(channels)]))
    assert recording_fault(path) is None
    dead = write(tmp_path / "dead.wav", np.column_stack([noise(2), *[np.zeros(16000)] * (channels - 1)]))
    assert recording_fault(dead) is None
    assert recording_fault(dead, 2).startswith(f"{dead} is silent from end to end")


def test_a_channel_that_is_not_there_is_a_fault(tmp_path):
    path = write(tmp_path / "sea.wav", noise(1))
    assert recording_fault(path, 1) is None
    assert recording_fault(path, 2) == (
        f"{path} has no channel 2, which featurize.channel asks for; it has 1, counted from 1"
    )


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("rate", [22050, 44100])
def test_a_part_of_a_recording_has_the_samples_of_the_whole(tmp_path, ending, rate):
    """libsndfile decodes the first frames of MP3 files wrongly after a seek."""
    options = {"compression_level": 0.9} if ending == "mp3" else {}
    path = write(tmp_path / f"sea.{ending}", noise(20, rate), rate, **options)
    whole, _ = soundfile.read(path, dtype="float32")
    for start_s in np.arange(0.3, 21.0, 1.7):
        first = min(round(start_s * rate), len(whole))
        part = read_samples(path, start_s, 2.0, "mix").samples
        np.testing.assert_allclose(part, whole[first : first + 2 * rate], rtol=0, atol=1e-6)


def test_the_decoder_of_mp3_prints_nothing(tmp_path, capfd):
    path = write(tmp_path / "sea.mp3", noise(20, 22050), 22050)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda start_s: read_samples(path, start_s, 1.0, "mix"), range(18)))
    print("still there", file=sys.stderr)
    assert capfd.readouterr().err == "still there\n"


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "opus"])
def test_where_a_recording_is_silent_is_found_in_every_format(tmp_path, ending):
    rate = 48000
    samples = noise(4, rate)
    samples[rate : 2 * rate] = 0
    path = tmp_path / f"sea.{ending}"
    options = {"format": "OGG", "subtype": "OPUS"} if ending == "opus" else {}
    found = examine(write(path, samples, rate, **options), "mix")
    ((start_s, end_s),) = found.missing
    # A lossy format lets sound run into silence; Opus, whose decoder forgets an offset slowly, for the longest.
    assert 1 - 1e-3 <= start_s <= 1.25
    assert 1.9 <= end_s <= 2 + 1e-3


def test_how_much_sound_a_window_holds():
    found = Examined(10.0, 8000, ((2.0, 4.0), (9.0, 9.5)))
    starts_s = np.array([0.0, 1.0, 2.5, 3.0, 7.0, 9.0, 9.5, 12.0])
    np.testing.assert_allclose(found.sound_s(starts_s, 1.0), [1, 1, 0, 0, 1, 0.5, 0.5, 0])
    assert found.has_sound(starts_s, 1.0).tolist() == [True, True, False, False, True, True, True, False]
    assert found.is_whole(starts_s, 1.0).tolist() == [True, True, False, False, True, False, False, False]
    assert found.missing_s == 2.5


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=9), st.floats(0, 20), st.floats(0.1, 5))
def test_the_sound_in_a_window_is_what_is_left_of_it(lengths_s, start_s, window_s):
    edges_s = [float(edge) for edge in np.cumsum(lengths_s)]
    missing = list(zip(edges_s[::2], edges_s[1::2], strict=False))
    found = Examined(edges_s[-1] + 1, 8000, tuple(missing))
    end_s = min(start_s + window_s, found.length_s)
    silent_s = sum(max(0.0, min(end_s, after) - max(start_s, before)) for before, after in missing)
    assert found.sound_s(np.array([start_s]), window_s)[0] == pytest.approx(
        max(0, end_s - start_s) - silent_s, abs=1e-9
    )


def test_every_recording_of_a_low_rate_is_named():
    rates = {Path(f"sea/{rate}_{letter}.wav"): rate for rate in (8000, 22050, 4000) for letter in "ab"}
    low, lower = low_rate_lines(rates, 10000.0)[::-1]
    assert low == (
        "recorded at 8000 Hz, which holds nothing above 4000 Hz, while featurize.max_hz is 10000; "
        "missing bands count as unknown (2 in all): 8000_a.wav, 8000_b.wav"
    )
    assert lower.endswith("4000_a.wav, 4000_b.wav")
    assert low_rate_lines(rates, 2000.0) == []


def test_of_recordings_of_one_name_the_folders_are_named_too():
    rates = {Path(name): 4000 for name in ("north/001.wav", "south/001.wav", "south/002.wav")}
    (line,) = low_rate_lines(rates, 10000.0)
    assert line.endswith("(3 in all): north/001.wav, south/001.wav, 002.wav")


@pytest.mark.parametrize("value", [1e13, -1e30])
def test_a_sample_far_beyond_full_scale_is_a_fault(tmp_path, value):
    samples = noise(1)
    samples[4321] = value
    assert "not numbers" in recording_fault(write(tmp_path / "sea.wav", samples, subtype="FLOAT"))


def test_samples_that_were_not_scaled_are_right(tmp_path):
    assert recording_fault(write(tmp_path / "sea.wav", noise(1) * 2**31, subtype="FLOAT")) is None


CUT_OFF = "is cut off"
CUT = [
    ("sea.flac", {}, "is not audio that libsndfile reads"),
    ("sea.wav", {}, CUT_OFF),
    ("sea.wav", {"subtype": "FLOAT"}, CUT_OFF),
    ("sea.wav", {"subtype": "PCM_24", "format": "WAVEX"}, CUT_OFF),
    ("sea.wav", {"subtype": "IMA_ADPCM"}, CUT_OFF),
    ("sea.wav", {"format": "RF64"}, CUT_OFF),
    ("sea.aiff", {}, CUT_OFF),
    ("sea.ogg", {}, CUT_OFF),
    ("sea.mp3", {}, CUT_OFF),  # libsndfile writes a first frame that counts the others.
]


@pytest.mark.parametrize(("name", "options", "fault"), CUT)
@pytest.mark.parametrize("kept", [0.95, 0.5])
def test_a_recording_that_was_cut_off_is_a_fault(tmp_path, name, options, fault, kept):
    path = write(tmp_path / name, noise(10), **options)
    assert recording_fault(path) is None
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert recording_fault(path).startswith(f"{path} {fault}")


@pytest.mark.parametrize("name", ["sea.wav", "sea.aiff", "sea.ogg"])
def test_a_recording_that_lacks_its_last_byte_is_cut_off(tmp_path, name):
    path = write(tmp_path / name, noise(1))
    path.write_bytes(path.read_bytes()[:-1])
    assert recording_fault(path).startswith(f"{path} is cut off")


def test_what_is_left_of_a_wav_file_is_counted_in_bytes(tmp_path):
    path = write(tmp_path / "sea.wav", noise(1))
    path.write_bytes(path.read_bytes()[:-6000])
    assert recording_fault(path).startswith(f"{path} is cut off: 10000 of 16000 bytes of samples are present; copy it")


def chunk(content: bytes, name: bytes, length: bytes) -> bytes:
    """Let a chunk of a WAV or AIFF file claim another length."""
    place = content.index(name) + 4
    return content[:place] + length + content[place + 4 :]


@pytest.mark.parametrize("length", [0x7FFF0000, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF])
@pytest.mark.parametrize(("name", "chunk_name", "order"), [("a.wav", b"data", "little"), ("a.aiff", b"SSND", "big")])
def test_a_recording_that_was_streamed_is_right(tmp_path, length, name, chunk_name, order):
    path = write(tmp_path / name, noise(1))
    path.write_bytes(chunk(path.read_bytes(), chunk_name, length.to_bytes(4, order)))
    assert recording_fault(path) is None
    assert duration_s(path) == pytest.approx(1, abs=0.001)


def test_chunks_beside_the_samples_do_no_harm(tmp_path):
    path = write(tmp_path / "sea.wav", noise(1))
    content = path.read_bytes()
    place = content.index(b"data")
    odd = b"LIST" + (4001).to_bytes(4, "little") + b"x" * 4002
    # What follows the samples may be cut off, because nobody listens to it.
    path.write_bytes(content[:place] + odd + content[place:] + odd[:100])
    assert recording_fault(path) is None
    path.write_bytes((content[:place] + odd + content[place:])[:-2])
    assert recording_fault(path).startswith(f"{path} is cut off")


def test_a_flac_file_that_does_not_say_how_long_it_is_is_a_fault(tmp_path):
    path = write(tmp_path / "sea.flac", noise(1))
    content = bytearray(path.read_bytes())
    # The number of samples: the last 36 bits before the MD5 sum in the first metadata block.
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert recording_fault(path).startswith(f"{path} does not say how long it is")


def test_samples_without_a_header_are_a_fault(tmp_path):
    path = tmp_path / "sea.raw"
    path.write_bytes(noise(1).astype(np.float32).tobytes())
    assert recording_fault(path).startswith(f"{path} is raw samples without a header")


STRANGE = {
    "one sample": (np.array([0.5]), 8000),
    "eight channels": (np.stack([noise(1, seed=seed) for seed in range(8)], axis=1), 8000),
    "192 kHz": (noise(0.6, 192_000), 192_000),
    "110 Hz": (noise(1, 110), 110),
    "an offset": (0.5 + 0.01 * noise(1), 8000),
    "clipped": (np.clip(100 * noise(1), -1, 1), 8000),
    "very soft": (1e-30 * noise(1), 8000),
}
PARAMS = FeatureParams(
    views=("spectrogram",),
    pretrained="none",
    speeds=(1.0,),
    channel="mix",
    sample_rate=4000,
    clip_s=0.5,
    fft_size=128,
    hop_size=50,
    mel_bands=40,
    min_hz=50,
    max_hz=2000,
    pcen=True,
    wavelet_denoise=True,
)


@pytest.mark.parametrize("pcen", [True, False])
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_recording_is_right_and_has_finite_features(tmp_path, name, pcen):
    samples, sample_rate = STRANGE[name]
    path = write(tmp_path / "sea.wav", samples, sample_rate, subtype="FLOAT")
    assert recording_fault(path) is None
    (features,) = window_features(path, [0.0], PARAMS.model_copy(update={"pcen": pcen}))
    held = np.isfinite(features).all(axis=1)
    assert np.isnan(features[~held]).all()
    assert held.all() or sample_rate < 2 * PARAMS.max_hz


@pytest.mark.parametrize("ending", ["wav", "mp3", "txt", "FLAC", "aiff"])
def test_what_the_name_says_does_not_matter(tmp_path, ending):
    right = write(tmp_path / "right.flac", noise(1))
    path = tmp_path / f"sea.{ending}"
    path.write_bytes(right.read_bytes())
    assert recording_fault(path) is None
    np.testing.assert_array_equal(read_window(path, 0.25, 0.5, "mix"), read_window(right, 0.25, 0.5, "mix"))


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory) -> list[bytes]:
    """Recordings of several formats, as bytes."""
    folder = tmp_path_factory.mktemp("sound")
    names = ["sea.wav", "sea.flac", "sea.ogg", "sea.mp3", "sea.aiff", "sea.au", "sea.caf", "sea.w64"]
    return [write(folder / name, noise(0.5)).read_bytes() for name in names]


@given(st.data())
def test_whatever_a_file_holds_it_is_refused_in_one_line_or_has_finite_features(sound_files, tmp_path_factory, data):
    content = bytearray(data.draw(st.sampled_from(sound_files) | st.binary(max_size=100)))
    for _ in range(data.draw(st.integers(0, 2))):
        # Mostly in the header, where every bit means something.
        place = data.draw(st.integers(0, min(100, len(content))) | st.integers(0, len(content)))
        damage = data.draw(st.sampled_from(["flip", "cut", "insert"]))
        if damage == "cut":
            del content[place:]
        elif damage == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        elif place < len(content):
            content[place] ^= data.draw(st.integers(1, 255))
    ending = data.draw(st.sampled_from(["wav", "flac", "mp3", "txt"]))
    path = tmp_path_factory.getbasetemp() / f"damaged.{ending}"
    path.write_bytes(content)
    fault = recording_fault(path)
    if fault:
        assert str(path) in fault
        assert fault.isprintable()
        return
    for start_s in (0, duration_s(path) * 0.9):
        (features,) = window_features(path, [start_s], PARAMS)
        held = np.isfinite(features).all(axis=1)
        assert np.isnan(features[~held]).all()


def unfinished(path: Path, whole: int, samples: int) -> Path:
    """Put lengths into the header of a WAV file."""
    content = bytearray(path.read_bytes())
    start = content.index(b"data") + 4
    content[4:8], content[start : start + 4] = whole.to_bytes(4, "little"), samples.to_bytes(4, "little")
    path.write_bytes(content)
    return path


LARGEST = 2**32 - 1


@pytest.mark.parametrize(
    ("whole", "samples"), [(0, 0), (36, 0), (8, 0), (LARGEST, LARGEST), (0, LARGEST), (LARGEST, 0), (2**31 - 1,) * 2]
)
@pytest.mark.parametrize("options", [{}, {"subtype": "PCM_24", "format": "WAVEX"}, {"subtype": "FLOAT"}])
def test_a_wav_file_whose_header_was_never_finished_is_read_to_its_end(tmp_path, whole, samples, options):
    right = write(tmp_path / "right.wav", noise(1.5), **options)
    (tmp_path / "sea.wav").write_bytes(right.read_bytes())
    path = unfinished(tmp_path / "sea.wav", whole, samples)
    assert (recording_fault(path), duration_s(path)) == (None, 1.5)
    assert examine(path, "mix") == examine(right, "mix")
    np.testing.assert_array_equal(read_window(path, 0.25, 1.5, "mix"), read_window(right, 0.25, 1.5, "mix"))
    assert unfinished_lines([path, right]) == [
        f"{path}: its header was never finished, probably because the recorder stopped abruptly; read to the end of "
        "the file"
    ]


def test_an_unfinished_file_of_more_than_4_gb_is_read_to_its_end(tmp_path):
    path = unfinished(write(tmp_path / "sea.wav", noise(1)), 0, 0)
    os.truncate(path, 5_000_000_044)  # It takes no room: what is added is a hole.
    assert duration_s(path) == 2_500_000_000 / 8000


def test_an_unfinished_rf64_file_is_read_to_its_end(tmp_path):
    path = write(tmp_path / "sea.wav", noise(1), format="RF64")
    content = bytearray(path.read_bytes())
    place = content.index(b"ds64") + 8
    content[place : place + 24] = bytes(24)
    path.write_bytes(content)
    assert (recording_fault(path), duration_s(path)) == (None, 1.0)


def test_a_finished_file_without_samples_has_none_whatever_follows(tmp_path):
    path = write(tmp_path / "sea.wav", np.zeros(0))
    content = path.read_bytes() + b"LIST" + (10).to_bytes(4, "little") + bytes(10)
    path.write_bytes(content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:])
    assert recording_fault(path).startswith(f"{path} holds no samples")
    assert unfinished_lines([path]) == []


def test_the_name_of_a_recording_need_not_be_utf8(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    path.write_bytes(write(tmp_path / "sea.wav", noise(1)).read_bytes())
    assert (recording_fault(path), duration_s(path)) == (None, 1.0)


def test_duration_is_in_seconds_of_the_recording_itself(tmp_path):
    assert duration_s(write(tmp_path / "sea.wav", noise(1.5, 48000), 48000)) == 1.5


def test_a_window_holds_the_samples_from_its_start_without_their_offset(tmp_path):
    samples = noise(2)
    path = write(tmp_path / "sea.wav", samples + 0.25, subtype="FLOAT")
    window = read_window(path, 0.5, 1.0, "mix")
    expected = samples[4000:12000] - np.median(samples[4000:12000])
    np.testing.assert_allclose(window, expected, atol=1e-6)


def test_a_window_past_the_end_is_silent_for_people(tmp_path):
    """If the offset were removed from the silence, or not at all, the end would be a click."""
    path = write(tmp_path / "sea.wav", 0.25 + noise(1), subtype="FLOAT")
    window = read_window(path, 0.75, 1.0, "mix")
    assert window.shape == (8000,)
    assert np.abs(window[:2000]).mean() == pytest.approx(0.08, abs=0.01)
    assert not window[2000:].any()


def test_a_window_with_one_sample_left_is_padded_too(tmp_path):
    assert read_window(write(tmp_path / "sea.wav", noise(1)), 7999 / 8000, 0.5, "mix").shape == (4000,)


def test_stereo_becomes_mono_by_the_mean(tmp_path):
    left, right = noise(1, seed=1), noise(1, seed=2)
    path = write(tmp_path / "sea.wav", np.stack([left, right], axis=1), subtype="FLOAT")
    np.testing.assert_allclose(read_samples(path, 0, 1, "mix").samples, (left + right) / 2, atol=1e-6)


@pytest.mark.parametrize("recorded_rate", [8000, 22050, 44100, 48000, 96000])
def test_a_tone_stays_what_it_is_at_any_sample_rate(tmp_path, recorded_rate):
    times = np.arange(2 * recorded_rate) / recorded_rate
    path = write(tmp_path / "tone.wav", 0.5 * np.sin(2 * np.pi * 440 * times), recorded_rate)
    window = sound_of(path, 0.5, 1.0, "mix", 22050).samples
    assert window.shape == (22050,)
    spectrum = np.abs(np.fft.rfft(window))
    assert np.argmax(spectrum) == 440  # A window of one second has a bin for each Hz.
    assert np.sqrt(np.mean(window**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize("sample_rate", [8000, 6000])
def test_a_window_does_not_depend_on_the_rest_of_the_recording(tmp_path, ending, sample_rate):
    samples, others = noise(4), noise(9, seed=3)
    others[8000:16000] = samples[8000:16000]
    windows = [
        sound_of(write(tmp_path / f"{name}.{ending}", content), 1, 1, "mix", sample_rate).samples
        for name, content in [("short", samples), ("long", others)]
    ]
    np.testing.assert_array_equal(*windows)


def test_a_window_is_float32(tmp_path):
    assert read_window(write(tmp_path / "sea.flac", noise(1)), 0, 0.5, "mix").dtype == np.float32
