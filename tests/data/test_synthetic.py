"""The embedded data set: a small version of it, synthesised once, and single sounds."""

import csv
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from data.synthetic import orca, plan, recording, sea
from data.synthetic.synthesize import synthesize
from data.synthetic.tones import SAMPLE_RATE

SOURCE = Path(plan.__file__).parent
SMALL = {"seed": 7, "calls": 21, "nocalls": 20}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    synthesize(folder, **SMALL, jobs=2)
    return folder


@pytest.fixture(scope="module")
def rows(small):
    with (small / "clips.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole_plan():
    """The plan of the data set as it is delivered, which takes no time to draw."""
    params = yaml.safe_load((SOURCE / "params.yaml").read_text())
    return plan.recordings(params["calls"], params["nocalls"], np.random.default_rng(params["seed"]))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_gives_same_bytes_with_one_job_and_with_two(small, tmp_path):
    synthesize(tmp_path, **SMALL, jobs=1)
    assert contents(tmp_path) == contents(small)


def test_another_seed_gives_other_recordings(small, tmp_path):
    synthesize(tmp_path, **SMALL | {"seed": 8, "calls": 3, "nocalls": 3}, jobs=1)
    assert not set(contents(tmp_path).values()) & set(contents(small).values())


def test_what_was_there_is_replaced_and_nothing_unfinished_is_left(tmp_path):
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "of_old.flac").write_bytes(b"")
    synthesize(tmp_path, seed=7, calls=3, nocalls=3, jobs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips.csv", "recordings"]
    assert not (tmp_path / "recordings" / "of_old.flac").exists()


def test_nothing_is_replaced_when_synthesis_fails(tmp_path, monkeypatch):
    synthesize(tmp_path, seed=7, calls=3, nocalls=3, jobs=1)
    before = contents(tmp_path)
    monkeypatch.setattr(recording, "samples", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        synthesize(tmp_path, seed=8, calls=3, nocalls=3, jobs=1)
    assert before.items() <= contents(tmp_path).items()


def test_labels_are_as_many_as_asked_for(rows):
    labels = [row["label"] for row in rows]
    assert (labels.count("call"), labels.count("nocall"), len(labels)) == (21, 20, 41)


def test_the_delivered_data_set_has_the_1771_clips_of_the_study(whole_plan):
    labels = [window.label for one in whole_plan for window in one.windows]
    assert (labels.count("call"), labels.count("nocall"), len(labels)) == (886, 885, 1771)


def test_clips_csv_has_line_feeds_and_the_columns_of_the_contract(small):
    text = (small / "clips.csv").read_bytes()
    assert text.startswith(b"clip_id,recording,start_s,label,site\n")
    assert b"\r" not in text


def test_clip_ids_are_recording_and_start_in_milliseconds(rows):
    for row in rows:
        assert re.fullmatch(r"\d+\.\d{3}", row["start_s"])
        start_ms = round(float(row["start_s"]) * 1000)
        assert row["clip_id"] == f"{Path(row['recording']).stem}_{start_ms:07d}"
        assert re.fullmatch(rf"{row['site']}_\d{{3}}\.flac", row["recording"])
    assert len({row["clip_id"] for row in rows}) == len(rows)


def test_clips_are_listed_in_order_of_recording_and_time(rows):
    places = [(row["recording"], float(row["start_s"])) for row in rows]
    assert places == sorted(places)


def test_windows_lie_inside_their_recordings_and_do_not_overlap(small, rows):
    for name, group in itertools.groupby(rows, key=lambda row: row["recording"]):
        starts = [float(row["start_s"]) for row in group]
        assert starts[0] >= 0
        assert all(later - earlier >= 3 for earlier, later in itertools.pairwise(starts))
        assert starts[-1] + 3 <= soundfile.info(small / "recordings" / name).duration


def test_every_recording_has_clips_and_every_clip_a_recording(small, rows):
    assert {path.name for path in (small / "recordings").iterdir()} == {row["recording"] for row in rows}


def test_recordings_are_flac_of_30_to_120_s_mono_at_22050_hz(small):
    for path in (small / "recordings").iterdir():
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", 22_050, 1)
        assert 30 <= info.duration <= 120


@pytest.mark.parametrize("seed", range(20))
def test_recordings_of_any_seed_last_30_to_120_s(seed):
    drawn = plan.recordings(886, 885, np.random.default_rng(seed))
    assert all(30_000 <= one.length_ms <= 120_000 for one in drawn)
    assert all(plan.FEWEST_WINDOWS <= len(one.windows) <= plan.MOST_WINDOWS for one in drawn)


def test_most_recordings_have_both_labels(whole_plan):
    mixed = [len({window.label for window in one.windows}) == 2 for one in whole_plan]
    assert np.mean(mixed) > 0.8


def test_each_site_has_several_recordings(whole_plan):
    sites = [one.site.name for one in whole_plan]
    assert len(set(sites)) >= 5
    assert min(sites.count(site) for site in sites) >= 5


@pytest.mark.parametrize("kind", plan.HARD_NEGATIVES)
def test_each_hard_negative_occurs_without_a_call_in_many_recordings(whole_plan, kind):
    occurs = [
        any(sound.kind == kind for window in one.windows if window.label == "nocall" for sound in window.sounds)
        for one in whole_plan
    ]
    assert sum(occurs) >= 10


def test_hard_negatives_occur_with_calls_too(whole_plan):
    kinds = {
        sound.kind for one in whole_plan for window in one.windows if window.label == "call" for sound in window.sounds
    }
    assert kinds >= set(plan.HARD_NEGATIVES)


def test_a_window_is_labelled_call_exactly_where_a_pulsed_call_is_heard(whole_plan):
    for window in itertools.chain.from_iterable(one.windows for one in whole_plan):
        assert (window.label == "call") == any(sound.kind == "pulsed_call" for sound in window.sounds)


def test_no_sound_is_below_the_lowest_level(whole_plan):
    levels = [sound.signal_to_noise_db for one in whole_plan for window in one.windows for sound in window.sounds]
    assert min(levels) >= plan.LOWEST_DB
    assert max(levels) <= plan.HIGHEST_DB


def test_every_kind_of_sound_has_a_source(whole_plan):
    kinds = {sound.kind for one in whole_plan for window in one.windows for sound in window.sounds}
    assert kinds == {"pulsed_call", *recording.SOURCES}


def test_a_sound_is_at_least_half_inside_its_window_and_in_no_other():
    rng = np.random.default_rng(0)
    start, sample_count, free = 100_000, 20_000, (500, 15_000)
    window_count = 3 * SAMPLE_RATE
    places = np.array([recording.onset(start, sample_count, free, rng) for _ in range(5000)])
    assert places.min() >= start - free[0]
    assert places.max() + sample_count <= start + window_count + free[1]
    inside = np.minimum(places + sample_count, start + window_count) - np.maximum(places, start)
    assert inside.min() >= sample_count // 2
    assert (inside < sample_count).any()


@pytest.mark.parametrize("kind", recording.SOURCES)
def test_every_sound_fits_in_a_window(kind):
    rng = np.random.default_rng(0)
    assert max(recording.SOURCES[kind](rng).size for _ in range(100)) < 3 * SAMPLE_RATE


@pytest.mark.parametrize("decibels", [-6.0, 6.0])
def test_a_call_is_as_loud_over_its_background_as_planned(decibels):
    site = plan.SITES[1]
    silent = plan.PlannedRecording(site, 1, 30_000, (plan.Window(10_000, "nocall", ()),))
    calling = plan.PlannedRecording(
        site, 1, 30_000, (plan.Window(10_000, "call", (plan.Sound("pulsed_call", decibels),)),)
    )
    seed = np.random.SeedSequence(3)
    without, mixed = (recording.samples(one, seed).astype(float) for one in (silent, calling))
    call = mixed - without
    place = np.flatnonzero(np.abs(call) > 2)
    loud = slice(place[0], place[-1])
    window = slice(10 * SAMPLE_RATE, 13 * SAMPLE_RATE)
    # The hydrophone's colour, which comes last, changes the ratio a little.
    ratio_db = 20 * np.log10(recording.heard(call)[loud].std() / recording.heard(without)[window].std())
    assert ratio_db == pytest.approx(decibels, abs=3)


@pytest.mark.parametrize("number", range(len(orca.CALL_TYPES)))
def test_a_call_is_harmonic_between_half_and_six_kilohertz(number):
    call = orca.pulsed_call(orca.CALL_TYPES[number], np.random.default_rng(number))
    noise = sea.coloured_noise(call.size, -4.0, np.random.default_rng(number))
    assert 0.3 <= call.size / SAMPLE_RATE <= 2.4

    def spectrum(samples):
        return np.abs(np.fft.rfft(samples * np.hanning(samples.size))) ** 2

    frequency_hz = np.fft.rfftfreq(call.size, 1 / SAMPLE_RATE)
    band = (frequency_hz > 500) & (frequency_hz < 6500)
    assert spectrum(call)[band].sum() > 0.6 * spectrum(call).sum()

    def flatness(samples):
        middle = samples[samples.size // 2 :][:1024]
        power = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))[24:300] ** 2
        return np.exp(np.mean(np.log(power))) / np.mean(power)

    assert flatness(call) < 0.3 * flatness(noise)


def test_the_stage_depends_on_every_parameter():
    stage = yaml.safe_load((SOURCE / "dvc.yaml").read_text())["stages"]["synthesize"]
    params = yaml.safe_load((SOURCE / "params.yaml").read_text())
    assert stage["params"] == [{"data/synthetic/params.yaml": list(params)}]
