import numpy as np
import pytest
import soundfile

from stages.lib.features.window import window_features
from stages.lib.tables.clips import Clip
from tests.support import feature_params
from tools.lib.pictures.clip_view import Spectrogram, colour, height_of, multiples, ticks, view_clip

PARAMS = feature_params.PARAMS.model_copy(update={"clip_s": 1.0})
LENGTH_S = 4
RATES = (2000, 8000, 44100, 192000)


def clip_at(start_s):
    return Clip(2, f"sea_{round(start_s * 1000):07d}", "sea.wav", start_s, "", "")


@pytest.fixture
def recording(tmp_path):
    """A function that writes four seconds of faint noise with a tone of 700 Hz and a click, and returns the path."""

    def write(sample_rate, click_s=2.3, tone=0.0):
        times = np.arange(LENGTH_S * sample_rate) / sample_rate
        samples = 1e-4 * np.random.default_rng(0).standard_normal(len(times)) + tone * np.sin(2 * np.pi * 700 * times)
        samples[round(click_s * sample_rate)] = 0.9
        path = tmp_path / f"sea{sample_rate}.wav"
        soundfile.write(path, samples, sample_rate, subtype="FLOAT")
        return path

    return write


def test_there_is_as_much_context_as_the_recording_has(recording):
    path = recording(8000)
    spans = [view_clip(path, clip_at(start_s), PARAMS)[2:6] for start_s in (0.0, 0.4, 1.5, 2.8, 3.5)]
    assert [tuple(round(second, 6) for second in span) for span in spans] == [
        (0.0, 2.0, 0.0, 1.0),
        (0.0, 2.4, 0.4, 1.4),
        (0.5, 3.5, 1.5, 2.5),
        (1.8, 4.0, 2.8, 3.8),
        # The clip goes on after the recording has ended: it is padded, as it is for the network.
        (2.5, 4.5, 3.5, 4.5),
    ]


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_samples_are_those_of_the_recording_at_its_own_rate(recording, sample_rate):
    path = recording(sample_rate)
    view = view_clip(path, clip_at(1.5), PARAMS)
    assert view.sample_rate == sample_rate
    samples, _ = soundfile.read(path, dtype="float32")
    shown = samples[sample_rate // 2 : sample_rate * 7 // 2]
    np.testing.assert_array_equal(view.samples, shown - np.median(shown))


def test_the_features_are_those_of_the_pipeline(recording):
    path = recording(44100)
    without_context = view_clip(path, clip_at(1.5), PARAMS, 0.0)
    (of_clip,) = window_features(path, [1.5], PARAMS)
    np.testing.assert_array_equal(without_context.features.values.astype(np.float16), of_clip)
    with_context = view_clip(path, clip_at(1.5), PARAMS)
    (of_window,) = window_features(path, [0.5], PARAMS.model_copy(update={"clip_s": PARAMS.clip_s + 2}))
    np.testing.assert_array_equal(with_context.features.values.astype(np.float16), of_window)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("name", ["plain", "features"])
def test_a_click_lies_where_it_is_heard(recording, sample_rate, name):
    view = view_clip(recording(sample_rate), clip_at(1.5), PARAMS)
    spectrogram = getattr(view, name)
    columns = spectrogram.values.shape[1]
    loudness = spectrogram.values[spectrogram.hz < 900].sum(axis=0)
    # The middle of what stands out, because a click is as wide as the window that looks for it.
    loud = np.flatnonzero(loudness > (loudness.max() + np.median(loudness)) / 2)
    column_s = (spectrogram.end_s - spectrogram.start_s) / columns
    found_s = spectrogram.start_s + (loud.mean() + 0.5) * column_s
    # PCEN and the wavelets smear by a column of the features.
    assert found_s == pytest.approx(2.3, abs=0.006 if name == "plain" else PARAMS.hop_size / PARAMS.sample_rate)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("name", ["plain", "features"])
def test_a_tone_lies_at_its_frequency(recording, sample_rate, name):
    view = view_clip(recording(sample_rate, tone=0.3), clip_at(1.5), PARAMS)
    # PCEN takes for background what lasts; so the tone of the features is looked for before that.
    params = PARAMS.model_copy(update={"pcen": False, "wavelet_denoise": False})
    if name == "features":
        view = view_clip(recording(sample_rate, tone=0.3), clip_at(1.5), params)
    spectrogram = getattr(view, name)
    row = np.argmax(np.median(spectrogram.values, axis=1))
    assert (row + 0.5) / len(spectrogram.hz) == pytest.approx(height_of(700, spectrogram), abs=1 / len(spectrogram.hz))


def test_the_plain_view_ends_where_the_recording_or_the_features_end(recording):
    highest = {rate: view_clip(recording(rate), clip_at(1.5), PARAMS).plain.hz[-1] for rate in RATES}
    assert highest[2000] == pytest.approx(1000, abs=32)
    assert {round(highest[rate]) for rate in RATES[1:]} == {4000}


def test_a_picture_has_low_frequencies_at_the_bottom_and_loud_parts_bright():
    values = np.zeros((20, 30), np.float32)
    values[0, 10:20] = 1
    image = colour(Spectrogram(values, np.arange(20.0), 0.0, 1.0))
    assert image.size == (30, 20)
    assert sum(image.getpixel((15, 19))) > 600
    assert sum(image.getpixel((15, 0))) < 10


@pytest.mark.parametrize("sample_rate", RATES)
def test_an_offset_of_the_recording_darkens_nothing(recording, sample_rate):
    path = recording(sample_rate)
    without = np.asarray(colour(view_clip(path, clip_at(1.5), PARAMS).plain), float)
    samples, _ = soundfile.read(path)
    soundfile.write(path, samples + 0.05, sample_rate, subtype="FLOAT")
    assert np.abs(np.asarray(colour(view_clip(path, clip_at(1.5), PARAMS).plain)) - without).mean() < 1


def test_silence_is_dark(tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(32000), 8000)
    view = view_clip(tmp_path / "silent.wav", clip_at(1.5), PARAMS)
    assert max(colour(view.plain).getextrema()[0]) < 10
    assert max(colour(view.features).getextrema()[0]) < 10


def test_a_long_clip_makes_no_larger_picture(recording):
    path = recording(8000)
    short = view_clip(path, clip_at(1.5), PARAMS.model_copy(update={"clip_s": 0.5}), 0.0)
    long = view_clip(path, clip_at(0), PARAMS.model_copy(update={"clip_s": 4.0, "fft_size": 4096}), 0.0)
    for view in (short, long):
        rows, columns = view.plain.values.shape
        assert rows <= 400
        assert 600 <= columns <= 700
        assert len(view.plain.hz) == rows


def test_multiples_are_round_and_few():
    assert multiples(-1.0, 4.0, 8) == [-1, 0, 1, 2, 3, 4]
    assert multiples(-0.13, 0.6, 8) == [-0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert multiples(0.0, 602.0, 8) == [0, 100, 200, 300, 400, 500, 600]


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("name", ["plain", "features"])
def test_ticks_lie_inside_the_picture_in_order_and_apart(recording, sample_rate, name):
    spectrogram = getattr(view_clip(recording(sample_rate), clip_at(1.5), PARAMS), name)
    heights = [height_of(hz, spectrogram) for hz in ticks(spectrogram)]
    assert 3 <= len(heights) <= 8
    assert 0 <= heights[0] < heights[-1] <= 1
    assert min(np.diff(heights)) > 0.05
