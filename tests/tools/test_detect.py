"""Detection with a model that the pipeline has really trained, on recordings in which it is known what is where."""

import contextlib
import csv
import json
import os
import re
import shutil
from pathlib import Path

import joblib
import numpy as np
import pandas
import pytest
import soundfile
from PIL import Image

from experiments.clone import REPOSITORY, overlay, run_in
from stages.lib.cache.digests import file_digest
from stages.lib.cards.field_results import FIELD
from stages.lib.model.model_folder import RETRAINED, model_digest
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import read_clips
from stages.lib.tables.expert import COLUMNS as EXPERT_COLUMNS
from stages.lib.tables.pool import read_pool
from tests.stages.conftest import SAMPLE_RATE, run_pipeline
from tests.support.once import made_once
from tests.support.tool import run_tool
from tools.lib.detection.detection_picture import MOST_ROWS, draw_detections, shown_minutes
from tools.lib.detection.detections import Detection, window_starts
from tools.lib.detection.detector import feature_params, open_detector, scores
from tools.lib.detection.run_record import RECORD, read_run, read_scores, run_id
from tools.lib.draws.draws import read_draws
from tools.lib.draws.runs_table import RUNS, write_runs
from tools.lib.formats.audacity_track import parse_track
from tools.lib.formats.raven_table import parse_raven
from tools.lib.search.choices import Choices
from tools.lib.search.run_pictures import draw_missing
from tools.lib.search.search import keep, scored
from tools.lib.search.task import task

CLIP_S = 0.5
LENGTH_S = 90.0
CALLS_S = [(20.0, 20.5), (61.3, 61.8)]
NEAR_S = CLIP_S / 2 + CLIP_S / 8
TABLE = "{}.Table.1.selections.txt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a trained model and three recordings; tests write nowhere but to folders of their own."""
    return made_once(tmp_path_factory, "detect", make_folder)


def make_folder(folder: Path) -> None:
    run_pipeline(folder, epochs=12)
    write_recording(folder / "deep.flac", LENGTH_S, CALLS_S)
    write_recording(folder / "quiet.wav", 30.0, [])
    write_recording(folder / "short.wav", 0.2, [(0, 0.2)], rate=16000)


def write_recording(path: Path, length_s: float, calls_s: list, rate: int = SAMPLE_RATE) -> None:
    """Write noise as in the data set of the pipeline, with its tone in some places."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sea(length_s, calls_s, rate), rate)


def detect(folder: Path, *arguments: str) -> str:
    result = run_tool(folder, "detect", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def faults(folder: Path, *arguments: str) -> list[str]:
    result = run_tool(folder, "detect", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    return result.stderr.splitlines()


def tables(output: Path) -> list[str]:
    """Return the tables in an output folder."""
    return sorted(path.name for path in output.iterdir() if path.is_file() and path.name != RECORD)


@pytest.fixture(scope="module")
def raven(folder) -> Path:
    said = detect(folder, "deep.flac", "quiet.wav", "short.wav", "--output", "raven", "--pictures")
    *lines, cost = said.splitlines()
    assert lines == [
        "short.wav: its 0.20 s are shorter than a window of 0.5 s, which was filled with them",
        "raven: 3 detections above 0.5 in 3 recordings of 0.03 h; none in 1 of them; 3 pictures drawn",
    ]
    assert re.fullmatch(r"cost: \d+\.\d s per hour of audio, on \d+ cores?", cost)
    return folder / "raven"


def test_implanted_calls_are_found_and_nothing_else(raven):
    table = pandas.read_csv(raven / TABLE.format("deep"), sep="\t")
    assert len(table) == len(CALLS_S)
    for (start_s, end_s), (_, row) in zip(CALLS_S, table.iterrows(), strict=True):
        # A window speaks for moments that are no more than half of it away from anything in it, to half a hop.
        assert start_s - NEAR_S <= row["Begin Time (s)"] < row["End Time (s)"] <= end_s + NEAR_S
        assert row["Begin Time (s)"] < (start_s + end_s) / 2 < row["End Time (s)"]


def test_a_recording_without_calls_has_a_table_without_selections(raven):
    table = pandas.read_csv(raven / TABLE.format("quiet"), sep="\t")
    assert table.empty
    assert list(table.columns)[:2] == ["Selection", "View"]


def test_a_recording_shorter_than_a_window_is_one_window(raven):
    (start_s, end_s), *_ = pandas.read_csv(raven / TABLE.format("short"), sep="\t")[
        ["Begin Time (s)", "End Time (s)"]
    ].values.tolist()
    assert (start_s, end_s) == (0, 0.2)


def test_selections_are_what_raven_expects(raven):
    table = pandas.read_csv(raven / TABLE.format("deep"), sep="\t")
    assert list(table["Selection"]) == [1, 2]
    assert set(table["View"]) == {"Spectrogram 1"}
    assert set(table["Channel"]) == {1}
    assert set(table["Low Freq (Hz)"]) == {50}
    assert set(table["High Freq (Hz)"]) == {2000}
    assert set(table["Begin File"]) == {"deep.flac"}
    assert set(table["Label"]) == {"call"}
    assert table["Score"].between(0.5, 1).all()
    assert table["Verdict"].isna().all()


def test_the_record_says_what_was_searched_and_the_scores_of_every_window_are_kept(raven, folder):
    run = read_run(raven)
    assert run.model == model_digest(folder / "models" / "retrained")
    assert run.run == run_id(run.model, CLIP_S, CLIP_S / 4)
    assert (run.clip_s, run.hop_s, run.threshold, run.dataset) == (CLIP_S, CLIP_S / 4, 0.5, "tiny")
    assert [one.name for one in run.recordings] == ["deep.flac", "quiet.wav", "short.wav"]
    deep = run.recordings[0]
    assert (deep.path, deep.digest) == (str(folder / "deep.flac"), file_digest(folder / "deep.flac"))
    assert (deep.length_s, deep.sound_s) == (LENGTH_S, LENGTH_S)
    starts_s, p_call = read_scores(raven, run, deep)
    assert starts_s.tolist() == window_starts(LENGTH_S, CLIP_S, CLIP_S / 4).tolist()
    rows = pandas.read_csv(raven / TABLE.format("deep"), sep="\t")
    assert set(rows["Score"]) <= set(p_call)
    assert p_call.max() == rows["Score"].max()


def test_site_and_time_are_taken_from_the_name_or_the_site_is_given(folder, tmp_path):
    path = tmp_path / "rpi_orcasound_lab_1562337136_0004.wav"
    write_recording(path, 2.0, [])
    for options, site in ((), "orcasound_lab"), (("--site", "bay"), "bay"):
        output = tmp_path / f"out {site}"
        detect(folder, str(path), "--output", str(output), *options)
        (recording,) = read_run(output).recordings
        assert (recording.site, recording.began) == (site, "2019-07-05T14:32:16Z")


def test_the_tables_are_read_by_what_reads_those_of_experts(raven, folder):
    path = raven / TABLE.format("deep")
    selections, found_faults = parse_raven(path, path.read_text().splitlines())
    assert found_faults == []
    assert [(selection.recording, selection.text) for selection in selections] == [("deep.flac", "call")] * 2

    detect(folder, "deep.flac", "--output", "audacity", "--format", "audacity")
    path = folder / "audacity" / "deep.txt"
    labels, found_faults = parse_track(path, path.read_text().splitlines())
    assert found_faults == []
    for label, selection in zip(labels, selections, strict=True):
        assert (label.start_s, label.end_s) == pytest.approx((selection.start_s, selection.end_s), abs=1e-6)
        assert re.fullmatch(r"[01]\.\d\d", label.text)


def test_all_formats_say_the_same(raven, folder):
    detect(folder, "deep.flac", "--output", "csv", "--format", "csv")
    with (folder / "csv" / "deep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pandas.read_csv(raven / TABLE.format("deep"), sep="\t")
    assert [row["recording"] for row in rows] == ["deep.flac"] * 2
    for name, column in (("start_s", "Begin Time (s)"), ("end_s", "End Time (s)"), ("p_call", "Score")):
        assert [float(row[name]) for row in rows] == pytest.approx(list(table[column]), abs=1e-6)


def test_a_window_scores_as_the_same_clip_does_in_the_pipeline(folder):
    data = folder / "data" / "tiny"
    clips = {clip.clip_id: clip for clip in read_clips(data / "clips.csv")}
    pool = read_pool(folder / "labels" / "pool_scores.csv")
    detector = open_detector(folder / "models" / "baseline")
    assert len(pool) == 8
    for row in pool:
        clip = clips[row.clip_id]
        (p_call,) = scores(detector, [(data / "recordings" / clip.recording, [clip.start_s])])
        assert p_call == pytest.approx([row.p_call], abs=2e-6)


@pytest.mark.prove
def test_the_same_recordings_give_the_same_bytes_whatever_the_number_of_cores(raven, folder):
    command = ("taskset", "--cpu-list", "0", "python", "-m", "tools.detect")
    result = run_in(folder, *command, "deep.flac", "--output", "one core", "--pictures", PYTHONPATH=str(REPOSITORY))
    assert result.returncode == 0, result.stderr
    for name in (TABLE.format("deep"), "deep.png"):
        assert (folder / "one core" / name).read_bytes() == (raven / name).read_bytes()


def test_the_picture_shows_a_row_a_minute(raven):
    heights = {name: Image.open(raven / f"{name}.png").height for name in ("deep", "quiet", "short")}
    assert heights["quiet"] == heights["short"]
    assert heights["deep"] - heights["quiet"] == 160


def test_detections_are_drawn_into_the_picture(folder, raven, tmp_path):
    (recording,) = (one for one in read_run(raven).recordings if one.name == "deep.flac")
    params = feature_params(folder / "models" / "retrained")
    # From half a second before the end of the first row to as much after the beginning of the second.
    pictures = {}
    for name, detections in (("without", []), ("with", [Detection(59.5, 60.5, 0.7)])):
        draw_detections(tmp_path / f"{name}.png", recording, detections, params)
        pictures[name] = np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB"), int)
    rows, columns = np.nonzero((np.abs(pictures["with"] - pictures["without"]) > 100).any(axis=2))
    # Below the title, which says how many there are, only the end of one row and the start of the next differ.
    below, upper = rows > 40, rows < 190
    assert (below & upper).any()
    assert columns[below & upper].min() > 1100
    assert (below & ~upper).any()
    assert columns[below & ~upper].max() < 100


def test_of_a_long_recording_the_picture_shows_the_minutes_with_the_surest_detections():
    detections = [Detection(minute * 60.0, minute * 60.0 + 1, minute / 1000) for minute in range(100)]
    assert shown_minutes(100 * 60, detections) == list(range(100 - MOST_ROWS, 100))
    assert shown_minutes(100 * 60, []) == [0]
    assert shown_minutes(MOST_ROWS * 60, []) == list(range(MOST_ROWS))


def test_the_model_sees_what_it_was_trained_on_whatever_the_params_say_now(raven, folder, tmp_path):
    shutil.copytree(folder / "models", tmp_path / "models")
    shutil.copy(folder / "params.yaml", tmp_path)
    overlay(tmp_path / "params.yaml", {"featurize": {"clip_s": 1.0, "pcen": False}})
    detect(tmp_path, str(folder / "deep.flac"))
    name = TABLE.format("deep")
    assert (tmp_path / "detections" / name).read_bytes() == (raven / name).read_bytes()


# Missing sound.


def sea(length_s: float, calls_s: list | None = None, rate: int = SAMPLE_RATE, seed: int = 1) -> np.ndarray:
    """Return the noise of the data set, with its tone in some places."""
    samples = 0.01 * np.random.default_rng(seed).standard_normal(round(length_s * rate))
    for start_s, end_s in calls_s or []:
        place = np.arange(round(start_s * rate), round(end_s * rate))
        samples[place] += 0.3 * np.sin(2 * np.pi * 700 * place / rate)
    return samples


def detected(folder: Path, recordings: Path, *arguments: str) -> dict[str, list[tuple[float, float]]]:
    """Return where the recordings of a folder hold detections, by their stems."""
    output = recordings / "detected"
    paths = sorted(recordings.glob("*.wav"))
    detect(folder, *map(str, paths), "--format", "csv", "--output", str(output), *arguments)
    found = {}
    for path in paths:
        with (output / f"{path.stem}.csv").open(newline="") as file:
            found[path.stem] = [(float(row["start_s"]), float(row["end_s"])) for row in csv.DictReader(file)]
    return found


def test_nothing_is_detected_where_there_is_no_sound(folder, tmp_path):
    for subtype in ("PCM_16", "FLOAT"):
        for value in (0.0, -1.0, 0.4):
            samples = sea(40, [(5.0, 5.5)])
            samples[12 * SAMPLE_RATE : 28 * SAMPLE_RATE] = value
            soundfile.write(tmp_path / f"gap {subtype} {value}.wav", samples, SAMPLE_RATE, subtype=subtype)
    found = detected(folder, tmp_path)
    assert len(found) == 6
    for (start_s, end_s), *others in found.values():
        assert others == []
        assert 4.5 < start_s < end_s < 6


def test_the_seconds_without_sound_are_said(folder, tmp_path):
    samples = sea(40)
    samples[12 * SAMPLE_RATE : 28 * SAMPLE_RATE] = 0
    soundfile.write(tmp_path / "gap.wav", samples, SAMPLE_RATE)
    said = detect(folder, str(tmp_path / "gap.wav"), "--output", str(tmp_path / "out"))
    assert said.startswith(f"{tmp_path}/gap.wav: 16.00 of 40.00 s hold no sound, and nothing is detected there\n")


def test_a_call_beside_a_gap_is_found_and_ends_with_the_sound(folder, tmp_path):
    samples = sea(20, [(9.6, 10.0)])
    samples[10 * SAMPLE_RATE : 15 * SAMPLE_RATE] = 0
    soundfile.write(tmp_path / "gap.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    ((start_s, end_s),) = detected(folder, tmp_path)["gap"]
    assert 9.2 < start_s < 9.8
    assert end_s == pytest.approx(10, abs=1e-3)


def test_an_offset_changes_no_detection(folder, tmp_path):
    samples = sea(30, [(5.0, 5.5), (17.3, 17.8)])
    for name, offset in (("without", 0.0), ("with", 0.2)):
        soundfile.write(tmp_path / f"{name}.wav", samples + offset, SAMPLE_RATE, subtype="FLOAT")
    found = detected(folder, tmp_path)
    assert len(found["without"]) == 2
    assert found["with"] == found["without"]


def test_the_end_of_a_recording_is_no_call(folder, tmp_path):
    for cut_s in (0.01, 0.05, 0.1, 0.12):
        for seed in range(3):
            samples = sea(2.0, seed=seed)[: round((2.0 - cut_s) * SAMPLE_RATE)]
            soundfile.write(tmp_path / f"{cut_s} s of {seed}.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    found = detected(folder, tmp_path)
    assert (len(found), [name for name, detections in found.items() if detections]) == (12, [])


def test_a_recording_whose_sound_is_scattered_too_thinly_for_a_window_has_no_detection(folder, tmp_path):
    samples = np.zeros(60 * SAMPLE_RATE)
    clip_samples, island = round(CLIP_S * SAMPLE_RATE), round(0.06 * SAMPLE_RATE)
    # With a hop of a window, two windows share each of them.
    for middle in range(4 * clip_samples, len(samples), 4 * clip_samples):
        samples[middle - island // 2 : middle + island // 2] = sea(1.0)[: island // 2 * 2]
    soundfile.write(tmp_path / "thin.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    assert detected(folder, tmp_path, "--hop", str(CLIP_S))["thin"] == []


def test_what_cannot_be_searched_is_named_and_left_out_and_the_rest_is_done(folder, tmp_path):
    good = sea(20, [(5.0, 5.5)])
    wrong = {
        "empty.wav": b"",
        "text.wav": b"not audio",
        "zeros.wav": (np.zeros(8000), SAMPLE_RATE),
        "constant.wav": (np.full(8000, -1.0), SAMPLE_RATE),
        "cancel.wav": (np.column_stack([good, -good]), SAMPLE_RATE),
        "ten.wav": (good[:10], SAMPLE_RATE),
        "low.wav": (good, 2000),
        "lowest.wav": (good, 50),
        "new\nline.wav": (good, SAMPLE_RATE),
    }
    for name, content in wrong.items():
        if isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
        else:
            soundfile.write(tmp_path / name, *content, subtype="FLOAT")
    soundfile.write(tmp_path / "good.wav", good, SAMPLE_RATE)
    given = [str(tmp_path / name) for name in [*wrong, "missing.wav", "good.wav"]]
    result = run_tool(folder, "detect", *given, "--output", str(tmp_path / "out"))
    assert result.returncode == 1
    assert result.stdout.startswith(
        f"{tmp_path}/out: 1 detection above 0.5 in 1 recording of 0.01 h; 10 recordings left out\ncost: "
    )
    said = result.stderr.replace(f"{tmp_path}/", "").splitlines()
    assert all(line.endswith("; left out") for line in said)
    expected = [
        "empty.wav is empty",
        "text.wav is not audio",
        "zeros.wav is silent from end to end",
        "constant.wav is silent from end to end",
        "cancel.wav is silent in the mix, because its 2 channels cancel one another",
        "ten.wav: holds 0.003 s of sound, but a window needs 0.05 s",
        "low.wav: was recorded at 2000 Hz, which holds nothing above 1000 Hz, but the model uses up to 2000 Hz; "
        "--any-rate accepts it anyway",
        "lowest.wav: was recorded at 50 Hz, which holds none of the frequencies the model uses",
        "new\\nline.wav: recording 'new\\nline.wav' contains an invisible character; rename the file",
        "missing.wav: there is no such file",
    ]
    assert [line.startswith(start) for line, start in zip(said, expected, strict=True)] == [True] * len(expected), said
    assert tables(tmp_path / "out") == [TABLE.format("good")]


def test_a_recording_of_a_low_rate_is_searched_where_that_is_wanted(folder, tmp_path):
    times = np.arange(20 * 1600) / 1600
    samples = sea(20, rate=1600) + 0.3 * np.sin(2 * np.pi * 700 * times) * ((times > 9) & (times < 9.5))
    soundfile.write(tmp_path / "low.wav", samples, 1600)
    found = detected(folder, tmp_path, "--any-rate")["low"]
    assert all(8.5 < start_s < end_s < 10 for start_s, end_s in found)
    assert faults(folder, str(tmp_path / "low.wav"))[0].endswith("--any-rate accepts it anyway")


# Folders that grow.


def test_of_a_folder_only_what_is_new_is_searched_and_corrections_stay(folder, tmp_path):
    sea, output = tmp_path / "sea", ("--output", str(tmp_path / "out"), "--pictures")
    (sea / "bay").mkdir(parents=True)
    write_recording(sea / "bay" / "20261128_140000.wav", 30.0, [(5.0, 5.5), (29.6, 30.0)])
    assert detect(folder, str(sea), *output).startswith(f"{tmp_path}/out: 2 detections above 0.5 in 1 recording of")
    table = tmp_path / "out" / TABLE.format("bay--20261128_140000")
    corrected = table.read_text().replace("\t\n", "\tnocall\n")
    table.write_text(corrected)
    assert detect(folder, str(sea), *output) == f"{tmp_path}/out: nothing new; 1 recording searched before\n"

    write_recording(sea / "bay" / "20261128_140030.wav", 30.0, [(0.0, 0.4), (20.0, 20.5)])
    content = (sea / "bay" / "20261128_140030.wav").read_bytes()
    (sea / "bay" / "20261128_140100.wav").write_bytes(content[:4] + bytes(4) + content[8:40] + bytes(4) + content[44:])
    (sea / "bay" / "broken.wav").write_bytes(content[:-100])
    os.utime(sea / "bay" / "broken.wav", (1, 1))
    result = run_tool(folder, "detect", str(sea), *output)
    assert result.returncode == 1
    assert f"{sea}/bay/broken.wav is cut off" in result.stderr
    waiting, said, _ = result.stdout.splitlines()
    assert waiting.startswith(
        f"{sea}/bay/20261128_140100.wav: its header is unfinished; it is the newest in its folder"
    )
    assert said == (
        f"{tmp_path}/out: 1 detection above 0.5 in 1 recording of 0.01 h; 1 recording searched before; "
        "1 recording left out; 1 picture drawn"
    )
    assert table.read_text() == corrected
    later = pandas.read_csv(tmp_path / "out" / TABLE.format("bay--20261128_140030"), sep="\t")
    assert later["Continues"].fillna("").tolist() == ["bay/20261128_140000.wav", ""]
    assert (tmp_path / "out" / "bay--20261128_140030.png").exists()


def test_pictures_that_are_missing_are_drawn_also_for_recordings_searched_before(folder, tmp_path):
    """A run that is killed before it has drawn a picture leaves what a run without pictures leaves."""
    sea, output = tmp_path / "sea", tmp_path / "out"
    one, two = sea / "one.wav", sea / "two.wav"
    write_recording(one, 30.0, [(5.0, 5.5)])
    write_recording(two, 20.0, [])
    command = (str(sea), "--output", str(output))
    detect(folder, *command)
    assert detect(folder, *command, "--pictures") == (
        f"{output}: nothing new; 2 recordings searched before; 2 pictures drawn\n"
    )
    drawn = (output / "one.png").read_bytes()
    (output / "one.png").unlink()
    two.unlink()
    (output / "two.png").unlink()
    assert detect(folder, *command, "--pictures").endswith(
        "nothing new; 1 recording searched before; 1 picture drawn\n"
    )
    assert (output / "one.png").read_bytes() == drawn
    assert not (output / "two.png").exists()
    write_recording(one, 30.0, [(5.0, 5.5), (15.0, 15.5)])
    detect(folder, *command)
    assert not (output / "one.png").exists(), "it shows other detections than the table"


def test_a_recording_that_the_run_has_under_another_name_is_named(folder, tmp_path):
    sea, output = tmp_path / "sea", tmp_path / "out"
    write_recording(sea / "old.wav", 10.0, [])
    assert "same bytes" not in detect(folder, str(sea), "--output", str(output))
    (sea / "old.wav").rename(sea / "a.wav")
    first, *_ = detect(folder, str(sea), "--output", str(output)).splitlines()
    assert first.startswith(f"{sea}/a.wav: holds the same bytes as old.wav, so its calls are in the tables twice; ")


@pytest.mark.parametrize("moment", ["before it is searched", "before it is drawn"])
@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_recording_that_disappears_or_changes_is_named_and_passed_over(folder, tmp_path, moment, is_replaced):
    sea, output = tmp_path / "sea", tmp_path / "out"
    for name in ("a.wav", "b.wav", "c.wav"):
        write_recording(sea / name, 20.0, [(5.0, 5.5)])
    choices = Choices(output, "csv", 0.5, None, pictures=True, any_rate=False, site=None, per="recording")

    def lose() -> None:
        (sea / "b.wav").unlink()
        if is_replaced:
            (sea / "b.wav").write_text("not audio")

    with contextlib.chdir(folder), joblib.parallel_config(backend="threading"):
        params = feature_params(RETRAINED)
        todo = task([sea], choices, params, None)
        if moment == "before it is searched":
            lose()
        outcome = keep(scored(todo, None), todo, choices, params)
        if moment == "before it is drawn":
            lose()
        drawn, undrawn = draw_missing(output, outcome.run, {one.name for one in outcome.recordings}, params)
    what = "changed" if is_replaced else "disappeared"
    if moment == "before it is searched":
        assert outcome.changed == [f"{sea}/b.wav: {what} while it was searched, so it is left for the next start"]
        assert [one.name for one in read_run(output).recordings] == ["a.wav", "c.wav"]
        assert (drawn, undrawn) == (2, [])
    else:
        assert (outcome.changed, drawn) == ([], 2)
        assert undrawn == [f"{sea}/b.wav: changed or disappeared before it was drawn, so it has no picture"]
        assert not (output / "b.png").exists()


def test_a_run_with_other_options_is_refused_and_nothing_is_written(raven, folder):
    before = {path: path.read_bytes() for path in raven.rglob("*") if path.is_file()}
    found = faults(folder, "deep.flac", "--output", "raven", "--hop", "0.1", "--per", "day", "--format", "audacity")
    assert found == [
        "--per day: a table of audacity belongs to one recording; choose another --format",
        "raven: holds a run with --hop 0.125, not 0.1; name another folder with --output",
        "raven: holds a run with --format raven, not audacity; name another folder with --output",
        "raven: holds a run with --per recording, not day; name another folder with --output",
    ]
    assert {path: path.read_bytes() for path in raven.rglob("*") if path.is_file()} == before


# Thresholds that a review gives.


SEA_CALLS_S = np.arange(4.0, 56.0, 5.2)


@pytest.fixture(scope="module")
def reviewed(folder, tmp_path_factory) -> Path:
    """A folder with the model, whose detections in two recordings were reviewed by somebody who knows the truth."""
    place = tmp_path_factory.mktemp("reviewed")
    for name in ("params.yaml", "data", "labels", "metrics", "models"):
        (shutil.copytree if (folder / name).is_dir() else shutil.copy)(folder / name, place / name)
    write_runs(place / RUNS, [])
    calls_s = [(at, at + 0.5) for at in SEA_CALLS_S]
    for number in range(2):
        (place / "sea").mkdir(exist_ok=True)
        soundfile.write(place / "sea" / f"day{number}.wav", sea(60.0, calls_s, seed=number), SAMPLE_RATE)
    detect(place, "sea", "--site", "pier")
    assert run_tool(place, "review", "--count", "60").returncode == 0
    answers = [(one.clip_id, truth(one.start_s), "val", "2026-11-28", "") for one in read_draws(place / "detections")]
    write_table(place / "review-val.csv", EXPERT_COLUMNS, answers)
    assert run_tool(place, "add_reviews", "review-val.csv").returncode == 0
    report(place)
    return place


def truth(start_s: float) -> str:
    """Return the label of a window: one with half a call or more is a call."""
    return "call" if np.abs(SEA_CALLS_S - start_s).min() <= CLIP_S / 2 else "nocall"


def report(folder: Path) -> dict:
    """Write the report on the run in a folder, and return what it says of all sites."""
    result = run_tool(folder, "field_report")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads((folder / FIELD).read_text())["all"]


@pytest.mark.parametrize(
    ("option", "measure", "is_met"),
    [
        ("--false-alarms", "false_alarms_per_hour", lambda value, wanted: value <= wanted),
        ("--precision", "precision", lambda value, wanted: value >= wanted),
    ],
)
def test_the_threshold_that_a_review_gives_is_used_and_said(reviewed, tmp_path, option, measure, is_met):
    points = json.loads((reviewed / FIELD).read_text())["all"]["points"]
    known = [point for point in points if point["heard"] and point[measure] is not None]
    assert len({point[measure] for point in known}) > 1
    wanted = known[-1][measure]
    expected = next(point for point in known if is_met(point[measure], wanted))
    assert expected["threshold"] > points[0]["threshold"]
    said, *_, found, _ = detect(
        reviewed, "sea", "--site", "pier", option, f"{wanted}", "--output", str(tmp_path)
    ).splitlines()
    value, low, high = (expected[f"{measure}{end}"] for end in ("", "_low", "_high"))
    assert said.startswith(
        f"{option} {wanted:g}: threshold {expected['threshold']:g}, where {measure.replace('_', ' ')} is estimated at "
        f"{value:.2f} (95 % interval {low:.2f} to {high:.2f}; "
    )
    assert said.endswith(f"and recall at {expected['recall']:.2f}")
    assert f"detections above {expected['threshold']:g} in 2 recordings" in found
    assert read_run(tmp_path).threshold == expected["threshold"]
    rows = pandas.concat(pandas.read_csv(path, sep="\t") for path in tmp_path.glob("*.txt"))
    assert (rows["Score"] > expected["threshold"]).all()
    # The same command goes on in its folder, also with the threshold as a number; another wish is another run.
    assert "nothing new" in detect(reviewed, "sea", "--site", "pier", option, f"{wanted}", "--output", str(tmp_path))
    same = ("--threshold", f"{expected['threshold']}", "--output", str(tmp_path))
    assert "nothing new" in detect(reviewed, "sea", "--site", "pier", *same)


def test_a_wish_that_no_threshold_meets_is_refused_and_nothing_is_written(reviewed, tmp_path):
    expert = reviewed / "labels" / "expert.csv"
    before = {path: path.read_bytes() for path in (expert, reviewed / FIELD)}
    try:
        expert.write_text(expert.read_text().replace(",call,val,2026-11-28", ",nocall,val,2026-11-28"))
        heard = max(point["threshold"] for point in report(reviewed)["points"] if point["heard"])
        (line,) = faults(reviewed, "sea", "--precision", "0.9", "--output", str(tmp_path / "out"))
    finally:
        for path, content in before.items():
            path.write_bytes(content)
    assert line == (
        f"--precision 0.9: no threshold up to {heard:g}, above which the last windows were heard, is that good by "
        f"{FIELD}; ask for less, or review more detections"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [("--false-alarms", "2"), ("--precision", "0.5")])
def test_without_a_report_about_this_model_a_wish_is_refused(folder, reviewed, tmp_path, option):
    shutil.copytree(reviewed / "models", tmp_path / "models")
    wish = f"{option[0]} {option[1]}"
    arguments = (str(folder / "quiet.wav"), *option)
    assert faults(tmp_path, *arguments) == [
        f"{FIELD}: there is no such file; run python -m tools.field_report, or restore it from Git"
    ]
    (tmp_path / "metrics").mkdir()
    (tmp_path / FIELD).write_text("{}\n")
    assert faults(tmp_path, *arguments) == [
        f"{wish}: {FIELD} has no report yet; review detections (python -m tools.review, python -m tools.add_reviews) "
        "and run python -m tools.field_report, or give --threshold"
    ]
    shutil.copy(reviewed / FIELD, tmp_path / FIELD)
    shutil.rmtree(tmp_path / "models" / "retrained")
    shutil.copytree(reviewed / "models" / "baseline", tmp_path / "models" / "retrained")
    assert faults(tmp_path, *arguments) == [
        f"{wish}: {FIELD} is about another model; review detections of this one (python -m tools.review) and run "
        "python -m tools.field_report, or give --threshold"
    ]
    (tmp_path / FIELD).write_text("[]\n")
    assert faults(tmp_path, *arguments) == [
        f"{FIELD}: is not a report on detections; run python -m tools.field_report, or restore it from Git"
    ]
    assert not (tmp_path / "detections").exists()


def test_a_wish_that_cannot_be_is_refused_by_the_command_line(reviewed):
    for option, text in (
        ("--false-alarms", "-1"),
        ("--false-alarms", "two"),
        ("--precision", "90"),
        ("--precision", "0"),
    ):
        (line,) = faults(reviewed, "sea", option, text)
        assert line.startswith(f"{option} {text}: should be a ")


# Faults.


def test_all_faults_are_listed_before_anything_is_computed(folder, tmp_path):
    write_recording(tmp_path / "good.wav", 5.0, [])
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not audio")
    write_recording(tmp_path / "=1+1.wav", 5.0, [])
    (tmp_path / "archive").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / TABLE.format("good")).write_text("corrected by hand")
    names = [
        "good.wav",
        "empty.wav",
        "text.wav",
        "=1+1.wav",
        "missing.wav",
        "pipe.wav",
        "archive",
        "archive/../good.wav",
    ]
    given = [str(tmp_path / name) for name in names]
    said = "\n".join(faults(folder, *given, "--output", str(tmp_path / "out")))
    assert f"{tmp_path}/out/{TABLE.format('good')}: already exists; move it away, or name another folder" in said
    assert f"{tmp_path}/empty.wav is empty" in said
    assert f"{tmp_path}/text.wav is not audio" in said
    assert "'=1+1.wav' starts like a spreadsheet formula; rename it" in said
    assert f"{tmp_path}/missing.wav: there is no such file" in said
    assert f"{tmp_path}/pipe.wav: there is no such file" in said
    assert f"{tmp_path}/archive: holds no recording; name a folder of" in said
    assert f"{tmp_path}/archive/../good.wav: {tmp_path}/good.wav would have files of the same name" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == [TABLE.format("good")]
    assert (tmp_path / "out" / TABLE.format("good")).read_text() == "corrected by hand"


def test_wrong_options_are_refused_before_any_recording_is_read(folder, tmp_path):
    assert faults(folder, "no.wav", "--output", str(tmp_path / "out"), "--hop", "0.6", "--threshold", "1") == [
        "--threshold 1: should be 0 or more, and less than 1",
        "--hop 0.6: should be at least 0.001 s, and no more than a window of 0.5 s",
    ]


def test_recordings_of_one_name_in_several_folders_have_files_of_their_own(folder, tmp_path):
    names = ["2019/05/000000.wav", "2019/06/000000.wav", "2019/06/000000.flac", "2019/06/010000.wav"]
    for name, call in zip(names, ([(5.0, 5.5)], [], [(9.0, 9.5)], []), strict=True):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_recording(tmp_path / name, 20.0, call)
    given = [str(tmp_path / name) for name in names]
    detect(folder, *given, "--format", "csv", "--output", str(tmp_path / "csv"))
    assert tables(tmp_path / "csv") == ["010000.csv", "05--000000.csv", "06--000000.flac.csv", "06--000000.wav.csv"]
    assert sorted(path.name for path in (tmp_path / "csv" / "scores").iterdir()) == tables(tmp_path / "csv")
    with (tmp_path / "csv" / "05--000000.csv").open(newline="") as file:
        assert [row["recording"] for row in csv.DictReader(file)] == ["05/000000.wav"]
    detect(folder, *given, "--output", str(tmp_path / "raven"))
    table = pandas.read_csv(tmp_path / "raven" / TABLE.format("06--000000.flac"), sep="\t")
    assert list(table["Begin File"]) == ["000000.flac"]
    assert list(table["Begin Path"]) == ["06/000000.flac"]


def test_a_name_that_is_not_utf8_is_named_and_an_unfinished_header_is_no_obstacle(folder, tmp_path):
    write_recording(tmp_path / "whole.wav", 20.0, [(5.0, 5.5)])
    content = (tmp_path / "whole.wav").read_bytes()
    (tmp_path / os.fsdecode(b"caf\xe9.wav")).write_bytes(content)
    (tmp_path / "open.wav").write_bytes(content[:4] + bytes(4) + content[8:40] + bytes(4) + content[44:])
    given = [str(path) for path in sorted(tmp_path.iterdir())]
    result = run_tool(folder, "detect", *given, "--output", str(tmp_path / "out"), "--format", "csv")
    assert result.returncode == 1
    assert f"{tmp_path}/open.wav: its header was never finished" in result.stdout
    assert result.stderr.startswith(f"{tmp_path}/caf\\udce9.wav: recording 'caf\\udce9.wav' is not UTF-8; rename")
    found = [(tmp_path / "out" / f"{name}.csv").read_text().replace(name, "") for name in ("open", "whole")]
    assert found[0] == found[1]


def test_a_folder_whose_name_is_not_utf8_is_named_before_anything_is_searched(folder, tmp_path):
    write_recording(tmp_path / "cafe" / "quiet.wav", 20.0, [])
    (tmp_path / "cafe").rename(tmp_path / os.fsdecode(b"caf\xe9"))
    for given in (os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xe9/quiet.wav")):
        (line,) = faults(folder, str(tmp_path / given), "--output", str(tmp_path / "out"))
        place = f"{tmp_path}/caf\\udce9/quiet.wav"
        assert line == f"{place}: is in a folder whose name is not UTF-8; rename the folder"


def test_the_newest_recording_waits_only_for_what_is_still_to_be_recorded(folder, tmp_path):
    """What its name and its rate are will not change."""
    for place, rate in (("north/-a.wav", SAMPLE_RATE), ("south/low.wav", 2000)):
        write_recording(tmp_path / "sea" / place, 20.0, [], rate=rate)
    write_recording(tmp_path / "sea" / "east" / "early.wav", 0.01, [])
    (tmp_path / "sea" / "east" / "lost.wav").symlink_to("nowhere.wav")
    result = run_tool(folder, "detect", str(tmp_path / "sea"), "--output", str(tmp_path / "out"))
    assert result.returncode == 1
    left_out = [line.removeprefix(f"{tmp_path}/sea/").partition(":")[0] for line in result.stderr.splitlines()]
    assert sorted(left_out) == ["east/lost.wav", "north/-a.wav", "south/low.wav"]
    assert result.stdout.startswith(f"{tmp_path}/sea/east/early.wav: holds 0.010 s of sound, but a window needs 0.05 s")


def test_what_cannot_be_searched_or_written_to_is_said_in_one_line(folder, tmp_path):
    (tmp_path / "file").touch()
    searched = str(folder / "quiet.wav")
    for option, text, fault in (
        ("--output", f"{tmp_path}/file", f"{tmp_path}/file: is a file; name a folder with --output"),
        ("--hop", "1e-9", "--hop 1e-09: should be at least 0.001 s"),
        ("--hop", "nan", "--hop nan: should be at least 0.001 s"),
        ("--threshold", "nan", "--threshold nan: should be 0 or more"),
    ):
        (line,) = faults(folder, searched, "--output", f"{tmp_path}/out", option, text)
        assert line.startswith(fault)
    assert not (tmp_path / "out").exists()


def test_without_a_model_it_says_how_to_get_one(folder, tmp_path):
    assert faults(tmp_path, str(folder / "deep.flac")) == [
        "models/retrained: holds no model; run dvc repro, or dvc pull"
    ]


@pytest.mark.parametrize("name", ["model.json", "network.weights.h5"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", None])
def test_a_damaged_model_is_refused(folder, tmp_path, name, content):
    shutil.copytree(folder / "models", tmp_path / "models")
    shutil.copy(folder / "params.yaml", tmp_path)
    file = tmp_path / "models" / "retrained" / name
    if content is None:
        file.write_bytes(file.read_bytes()[:-100])
    else:
        file.write_bytes(content)
    assert faults(tmp_path, str(folder / "quiet.wav"), "--output", str(tmp_path / "out")) == [
        "models/retrained: is damaged; restore it with dvc checkout --force models/retrained, or run dvc repro"
    ]


def test_a_model_of_another_version_of_the_program_is_refused(folder, tmp_path):
    shutil.copytree(folder / "models", tmp_path / "models")
    description = tmp_path / "models" / "retrained" / "model.json"
    description.write_text(description.read_text().replace('"pcen": true', '"pcen": true, "whitening": true'))
    assert faults(tmp_path, str(folder / "deep.flac")) == [
        "models/retrained: was trained on features of another version of this program; run dvc repro"
    ]
