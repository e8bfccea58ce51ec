"""Annotations become data sets: small made-up archives of each kind, the real ones, and a whole run of the pipeline."""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import joblib
import numpy as np
import pandas
import pytest
import soundfile
import yaml

from experiments.clone import REPOSITORY, clone, commit, git, overlay, repro, run_in, stages_run
from stages import evaluate, featurize, merge_labels, retrain, score_pool, split, train
from stages.lib.runtime.atomic_write import write_json
from stages.lib.tables.clips import read_clips
from stages.lib.tables.held_out import read_held_out
from tests.support.edit import replace_in
from tests.support.modules import code_mismatches, declared_code
from tests.support.pages import block
from tests.support.tool import run_tool

REAL = REPOSITORY.parent / "shared" / "real"
real_recordings = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"{REAL} is not there: real recordings are not ours to ship"
)
SAMPLE_RATE = 4000
RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tBegin File\t"
    "File Offset (s)\tAnnotation\n"
)
TINY = {
    "data": {"dataset": "bay"},
    "featurize": {
        "sample_rate": SAMPLE_RATE,
        "clip_s": 1.0,
        "fft_size": 128,
        "hop_size": 100,
        "mel_bands": 32,
        "max_hz": 2000.0,
    },
    "split": {"train": 36, "valid": 12, "pool": 12, "test": 12},
    "train": {"epochs": 2, "networks": 1},
    "score_pool": {"budget": 4, "audit": 2},
}


def write_recording(path: Path, calls: Sequence[float] = (), length_s: float = 20.0, seed: int = 0) -> None:
    """Write noise, with a tone of half a second wherever a call begins."""
    samples = 0.01 * np.random.default_rng(seed).standard_normal(round(length_s * SAMPLE_RATE))
    for start_s in calls:
        start = round(start_s * SAMPLE_RATE)
        tone = 0.3 * np.sin(2 * np.pi * 700 * np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE)
        samples[start : start + tone.size] += tone[: samples.size - start]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, SAMPLE_RATE)


def raven_table(rows: Sequence[tuple[float, float, str, str]]) -> str:
    """Return what Raven saves where it has all files open as one sound, each of 20 s."""
    files = list(dict.fromkeys(file for _, _, file, _ in rows))
    starts = {file: 20.0 * number for number, file in enumerate(files)}
    return RAVEN + "".join(
        f"{number}\t{view}\t1\t{starts[file] + begin}\t{starts[file] + end}\t100\t2000\t{file}\t{begin}\t{text}\n"
        for number, (begin, end, file, text) in enumerate(rows, start=1)
        for view in ("Waveform 1", "Spectrogram 1")
    )


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """A folder with params.yaml alone, and recordings elsewhere: `a` and `b` with two calls each, `quiet` with none."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copy(REPOSITORY / "params.yaml", folder)
    overlay(folder / "params.yaml", TINY)
    for seed, (name, calls) in enumerate({"a": (3.0, 12.0), "deep/b": (5.0, 15.0), "quiet": ()}.items()):
        write_recording(tmp_path / "archive" / f"{name}.wav", calls, seed=seed)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def imported(repository, tmp_path) -> Callable[..., str]:
    """A function that imports a text as annotations of `bay` and returns what is printed, faults included."""

    def run(name: str, text: str, *options: str, status: int = 0) -> str:
        (tmp_path / name).write_text(text)
        result = run_tool(
            repository,
            "import_annotations",
            "bay",
            str(tmp_path / name),
            "--recordings",
            str(tmp_path / "archive"),
            *options,
        )
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout + result.stderr

    return run


def clips() -> list[tuple[str, float, str, str]]:
    return [(clip.recording, clip.start_s, clip.label, clip.site) for clip in read_clips(Path("data/bay/clips.csv"))]


def sources(dataset: str = "bay", table: str = "study.tsv") -> dict[str, str]:
    """Return what clips from folders were named before, by their paths below `recordings/`."""
    with (Path("data") / dataset / "annotations" / table).open(newline="") as file:
        return {row["filename"]: row["source"] for row in csv.DictReader(file, delimiter="\t")}


def summary(reason: str) -> list[tuple[str, int, int]]:
    with Path("data/bay/import.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["reason"].startswith(reason)]
    return [(row["recording"], int(row["annotations"]), int(row["windows"])) for row in rows]


TWO = [(3.0, 3.5, "a.wav", "S01"), (12.0, 12.5, "a.wav", "S02"), (5.0, 5.5, "b.wav", "S01"), (15.0, 15.5, "b.wav", "?")]


def test_a_raven_table_becomes_a_data_set(imported):
    printed = imported("sea.txt", raven_table(TWO), "--label", "S*=call")
    labels = Counter((recording, label) for recording, _, label, _ in clips())
    assert labels == {
        ("a.wav", "call"): 2,
        ("a.wav", "nocall"): 2,
        ("deep/b.wav", "call"): 1,
        ("deep/b.wav", "nocall"): 1,
        ("deep/b.wav", ""): 1,
    }
    assert [clip[:3] for clip in clips() if clip[2] != "nocall"] == [
        ("a.wav", 2.75, "call"),
        ("a.wav", 11.75, "call"),
        ("deep/b.wav", 4.75, "call"),
        ("deep/b.wav", 14.75, ""),
    ]
    assert "2 recordings copied" in printed
    assert "recorded at" not in printed
    assert "left out because no annotation names them: 1 recording in " in printed
    assert "taken" in printed
    assert not Path("data/bay/recordings/quiet.wav").exists()
    assert (
        "params.yaml: set data.dataset: bay, split.test: 0, split.pool: 0, split.valid: 0, split.train: 6;" in printed
    )
    assert "All 6 labelled clips are trained on and nothing is measured, because there are fewer than 40." in printed
    assert Path("data/bay/.gitignore").read_text() == "/recordings\n"


def test_no_call_windows_keep_their_distance(imported):
    imported("sea.txt", raven_table(TWO), "--label", "S*=call")
    annotated = {"a.wav": [3.0, 12.0], "deep/b.wav": [5.0, 15.0]}
    nocalls = [clip for clip in clips() if clip[2] == "nocall"]
    assert nocalls
    for recording, start_s, _, _ in nocalls:
        assert all(start_s + 1.0 <= begin - 2.0 or start_s >= begin + 2.5 for begin in annotated[recording])


def test_an_unknown_word_is_refused_before_anything_is_written(imported):
    printed = imported("sea.txt", raven_table(TWO), status=1)
    assert "unknown word 'S01' (2 annotations)" in printed
    assert "unknown word 'S02' (1 annotation)" in printed
    assert not Path("data").exists()


def test_the_same_command_gives_the_same_bytes_and_so_does_the_name_alone(imported, repository):
    imported("sea.txt", raven_table(TWO), "--label", "S*=call")

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in sorted(Path("data").rglob("*")) if path.is_file()}

    before = contents()
    assert {path.name for path in before} >= {"clips.csv", "import.csv", "dvc.yaml", "params.yaml", "recordings.csv"}
    assert "0 recordings copied" in imported("sea.txt", raven_table(TWO), "--label", "S*=call")
    assert contents() == before
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert contents() == before


def test_more_annotations_can_follow(imported):
    imported("sea.txt", raven_table(TWO[:2]), "--label", "S*=call")
    first = [clip for clip in clips() if clip[2] == "call"]
    printed = imported("more.txt", raven_table([(5.0, 5.5, "b.wav", "N01")]), "--label", "N*=call")
    assert "1 recording copied" in printed
    assert [clip for clip in clips() if clip[2] == "call"] == [*first, ("deep/b.wav", 4.75, "call", "")]
    assert yaml.safe_load(Path("data/bay/params.yaml").read_text())["labels"] == {"N*": "call", "S*": "call"}


def test_a_missing_recording_is_reported_and_the_others_taken(imported):
    printed = imported("sea.txt", raven_table([*TWO, (1.0, 2.0, "lost.wav", "S01")]), "--label", "S*=call")
    assert "lost.wav: there is no recording with this name in data/bay/recordings or " in printed
    assert summary("no recording with its name found") == [("lost.wav", 1, 0)]
    assert len(clips()) == 7


def test_a_recording_that_turns_up_later_is_taken_then(imported, repository, tmp_path):
    imported("sea.txt", raven_table([*TWO, (1.0, 2.0, "lost.wav", "S01")]), "--label", "S*=call")
    write_recording(tmp_path / "found" / "lost.wav", (1.0,))
    assert run_tool(repository, "import_annotations", "bay", "--recordings", str(tmp_path / "found")).returncode == 0
    assert [clip for clip in clips() if clip[0] == "lost.wav" and clip[2] == "call"] == [("lost.wav", 1.0, "call", "")]
    assert summary("no recording with its name found") == []


def test_a_recording_that_is_there_twice_is_taken_where_both_are_the_same(imported, repository, tmp_path):
    (tmp_path / "archive" / "copies").mkdir()
    shutil.copy(tmp_path / "archive" / "a.wav", tmp_path / "archive" / "copies" / "a.wav")
    write_recording(tmp_path / "archive" / "copies" / "b.wav", seed=9)
    printed = imported("sea.txt", raven_table(TWO), "--label", "S*=call")
    assert {clip[0] for clip in clips()} == {"a.wav"}
    assert "b.wav (sea.txt): may be copies/b.wav or deep/b.wav, which differ, so it is left out" in printed
    assert summary("no recording with its name found") == [("b.wav", 2, 0)]
    # Nor is it clear in the data set, which has neither.
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert summary("no recording with its name found") == [("b.wav", 2, 0)]


def test_a_damaged_recording_is_reported_and_the_others_taken(imported, tmp_path):
    whole = (tmp_path / "archive" / "a.wav").read_bytes()
    (tmp_path / "archive" / "a.wav").write_bytes(whole[: len(whole) // 2])
    imported("sea.txt", raven_table(TWO), "--label", "S*=call")
    assert summary("its recording cannot be used: is cut off") == [("a.wav", 2, 0)]
    assert {clip[0] for clip in clips()} == {"deep/b.wav"}


def test_nothing_but_faults_is_refused(imported):
    printed = imported("sea.txt", raven_table([(99.0, 99.5, "a.wav", "call")]), status=1)
    assert "data/bay: the annotations give no clip" in printed
    assert "begins after the end of its recording" in printed


def test_a_pod_cast_table_brings_site_and_date(imported):
    text = "wav_filename\tstart_time_s\tduration_s\tlocation\tdate\na.wav\t3.0\t0.5\torcasound_lab\t07/05/2019\n"
    imported("train.tsv", text + "quiet.wav\t0\t0\tport_townsend\t07/06/2019\n")
    assert Path("data/bay/recordings.csv").read_text().splitlines() == [
        "recording,site,began,hop_s",
        "a.wav,orcasound_lab,2019-07-05,",
        "quiet.wav,port_townsend,2019-07-06,",
    ]
    assert {clip[3] for clip in clips()} == {"orcasound_lab"}
    assert summary("no call, not drawn because enough others were") == [("a.wav", 0, 14), ("quiet.wav", 0, 20)]


def test_a_site_can_be_corrected_by_hand(imported, repository):
    imported("train.tsv", "filename\tstart_s\tduration_s\na.wav\t3.0\t0.5\n")
    replace_in(Path("data/bay/recordings.csv"), "a.wav,,", "a.wav,lime_kiln,")
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert {clip[3] for clip in clips()} == {"lime_kiln"}


def test_dclde_annotations_that_are_uncertain_join_the_pool(imported):
    text = "Soundfile,Dataset,ClassSpecies,KW,KW_certain,AnnotationLevel,FileBeginSec,FileEndSec\n"
    text += "a.wav,Carmanah,KW,1,1,Call,3.0,3.5\na.wav,Carmanah,KW,1,0,Call,12.0,12.5\na.wav,Carmanah,HW,0,0,Call,8,9\n"
    imported("annotations.csv", text)
    assert [clip for clip in clips() if clip[2] != "nocall"] == [
        ("a.wav", 2.75, "call", "Carmanah"),
        ("a.wav", 11.75, "", "Carmanah"),
    ]
    assert summary("another sound") == [("a.wav", 1, 0)]


def test_audacity_tracks_go_by_their_names(imported):
    imported("a.txt", "3.0\t3.5\tcall\n12.0\t12.5\n")
    assert [clip[:2] for clip in clips() if clip[2] == "call"] == [("a.wav", 2.75), ("a.wav", 11.75)]


def test_folders_of_clips_become_a_data_set(repository, tmp_path):
    for label, names in {"calls": ("1", "2", "3"), "nocalls": ("1", "x")}.items():
        for seed, name in enumerate(names):
            call = (0.2,) if label == "calls" else ()
            write_recording(tmp_path / "study" / label / f"{name}.wav", call, length_s=0.8, seed=seed)
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "study"))
    assert result.returncode == 0, result.stderr
    assert sorted((sources()[name], *rest) for name, *rest in clips()) == [
        ("calls/1.wav", 0.0, "call", ""),
        ("calls/2.wav", 0.0, "call", ""),
        ("calls/3.wav", 0.0, "call", ""),
        ("nocalls/1.wav", 0.0, "nocall", ""),
        ("nocalls/x.wav", 0.0, "nocall", ""),
    ]
    assert summary("windows without a call that could not be found") == [("", 0, 1)]


def test_calls_of_which_a_window_may_hold_another_part_are_named(repository, tmp_path):
    """Each window of a clip counts as a call, even if the call lies elsewhere in the clip."""
    for seed, (name, length_s) in enumerate(
        {"calls/1": 1.05, "calls/2": 1.5, "calls/3": 3.0, "nocalls/1": 3.0}.items()
    ):
        write_recording(tmp_path / "study" / f"{name}.wav", (0.0,), length_s=length_s, seed=seed)
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "study"))
    assert "\n2 calls longer than a window, the first at data/bay/annotations/study.tsv:" in result.stdout
    assert ": each of their windows of 1 s counts as a call; if a call fills only a part of" in result.stdout
    assert sum(windows for _, _, windows in summary("longer than a window")) == 4


def test_names_of_clips_from_folders_do_not_tell_their_label_and_stay(repository, tmp_path):
    study = tmp_path / "study"
    names = [f"Calls/bay/2019/07/05/upcall_{seed}.WAV" for seed in range(3)]
    names += ["no_calls/noise \t'\"1.wav", "no_calls/rpi_orcasound_lab_1562337136_0004.wav", "no_calls/ship.flac"]
    for seed, name in enumerate(names):
        write_recording(study / name, length_s=1.0, seed=seed)
    assert run_tool(repository, "import_annotations", "bay", str(study)).returncode == 0
    before = {clip.clip_id: (clip.label, clip.site) for clip in read_clips(Path("data/bay/clips.csv"))}
    assert all(re.fullmatch(r"clip_[0-9a-f]{16}_0000000", clip_id) for clip_id in before)
    assert sorted(before.values()) == [("call", "bay")] * 3 + [("nocall", "")] * 2 + [("nocall", "orcasound_lab")]
    write_recording(study / "Calls" / "0.wav", length_s=1.0, seed=9)
    assert run_tool(repository, "import_annotations", "bay", str(study)).returncode == 0
    after = {clip.clip_id: (clip.label, clip.site) for clip in read_clips(Path("data/bay/clips.csv"))}
    assert before.items() < after.items()
    assert len(after) == 7


def test_clips_from_folders_of_an_older_data_set_keep_their_ids(repository, tmp_path):
    """Earlier versions kept the folders in the names."""
    for seed, name in enumerate(("calls/1.wav", "nocalls/2.wav")):
        write_recording(tmp_path / "study" / name, length_s=1.0, seed=seed)
        write_recording(Path("data/bay/recordings") / name, length_s=1.0, seed=seed)
    Path("data/bay/annotations").mkdir()
    rows = "calls/1.wav\t0\t1.000000\tcall\nnocalls/2.wav\t0\t1.000000\tnocall\n"
    Path("data/bay/annotations/study.tsv").write_text(f"filename\tstart_s\tduration_s\tlabel\n{rows}")
    Path("data/bay/recordings.csv").write_text("recording,site,began,hop_s\ncalls/1.wav,,,\nnocalls/2.wav,,,\n")
    write_recording(tmp_path / "study" / "calls" / "new.wav", length_s=1.0, seed=5)
    assert run_tool(repository, "import_annotations", "bay", str(tmp_path / "study")).returncode == 0
    assert {clip.clip_id for clip in read_clips(Path("data/bay/clips.csv"))} > {
        "calls--1_0000000",
        "nocalls--2_0000000",
    }
    assert len(clips()) == 3
    assert sum(recording.startswith("clip_") for recording, *_ in clips()) == 1


# What was decided is shown.


def words_printed(printed: str) -> dict[str, int]:
    """Return what words stand for, and how often, as the table says it."""
    rows = (re.split(r"  +", line) for line in printed.splitlines() if line.startswith("word  "))
    return {what: int(count) for _, what, count, *_ in rows}


def test_each_word_is_printed_with_what_it_was_taken_for(imported):
    words = ("S01", "S1", "ship", "Sea lion", "seal", "sonar", "spy hop")
    rows = [(2.0 * number, 2.0 * number + 0.5, "a.wav", word) for number, word in enumerate((*words, "S01"))]
    printed = imported("sea.txt", raven_table(rows), "--label", "S*=call")
    assert words_printed(printed) == {
        "'S01': call, by S*": 2,
        "'S1': call, by S*": 1,
        "'spy hop': call, by S*": 1,
        "'ship': other": 1,
        "'Sea lion': other": 1,
        "'seal': other": 1,
        "'sonar': other": 1,
    }
    assert summary("'spy hop': call, by S*") == [("a.wav", 1, 0)]
    assert len([clip for clip in clips() if clip[2] == "call"]) == 4


def test_a_pattern_leaves_doubts_to_be_asked_about(imported):
    rows = [(2.0, 2.5, "a.wav", "S01"), (8.0, 8.5, "a.wav", "S01?")]
    printed = imported("sea.txt", raven_table(rows), "--label", "S*=call", status=1)
    assert "unknown word 'S01?' (1 annotation); add --label 'S01?=unsure', or =call" in printed
    printed = imported("sea.txt", raven_table(rows), "--label", "S*=call", "--label", "S01?=unsure")
    assert [clip[1:3] for clip in clips() if clip[2] != "nocall"] == [(1.75, "call"), (7.75, "")]


def test_words_of_a_column_of_another_name_are_asked_about_and_then_remembered(imported, repository):
    table = "filename,start,end,Kind\na.wav,3,3.5,boat\na.wav,12,12.5,orca\n"
    printed = imported("sea.csv", table, status=1)
    assert "it is unclear which column names the sounds: 'Kind'; add --words COLUMN" in printed
    assert not Path("data").exists()
    imported("sea.csv", table, "--words", "Kind")
    assert [clip[1] for clip in clips() if clip[2] == "call"] == [11.75]
    before = Path("data/bay/clips.csv").read_bytes()
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert Path("data/bay/clips.csv").read_bytes() == before
    printed = imported("more.csv", "filename,start,end\nb.wav,5,5.5\n", "--words", "Sort", status=1)
    assert "--words Sort: no table has a column with this name" in printed


# A call is a stretch of time.


@pytest.mark.parametrize("known", [False, True])
def test_no_window_without_a_call_is_drawn_from_a_call_that_began_in_the_file_before(imported, known):
    header = RAVEN.replace("Begin File\t", "Begin File\tEnd File\t")
    rows = "1\tSpectrogram 1\t1\t19\t30\t0\t9\ta.wav\tb.wav\t19\tcall\n"
    rows += "2\tSpectrogram 1\t1\t36\t36.5\t0\t9\tb.wav\tb.wav\t16\tcall\n" if known else ""
    imported("sea.txt", header + rows)
    of_b = [(start_s, label) for recording, start_s, label, _ in clips() if recording == "deep/b.wav"]
    assert [start_s for start_s, label in of_b if label == "call"][:10] == [float(number) for number in range(10)]
    assert [start_s for start_s, label in of_b if label == "nocall" and start_s < 12.0] == []
    assert [start_s for recording, start_s, label, _ in clips() if recording == "a.wav" and label == "call"] == [19.0]


# Files of annotations beside their recordings.


def test_a_track_with_the_name_that_audacity_proposes_is_about_the_recording_beside_it(repository, tmp_path):
    (tmp_path / "archive" / "deep" / "Labels.txt").write_text("5.0\t5.5\tcall\n")
    arguments = [str(tmp_path / "archive" / "deep" / "Labels.txt"), "--recordings", str(tmp_path / "archive")]
    assert run_tool(repository, "import_annotations", "bay", *arguments).returncode == 0
    assert [clip[:2] for clip in clips() if clip[2] == "call"] == [("deep/b.wav", 4.75)]
    assert [path.parent.name for path in Path("data/bay/annotations").rglob("b.wav.txt")] == ["deep"]
    (tmp_path / "archive" / "Labels.txt").write_text("5.0\t5.5\tcall\n")
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "archive" / "Labels.txt"))
    assert "Labels.txt: belongs to an unknown recording" in result.stderr


@pytest.mark.parametrize("name", ["a.wav.txt", "a_labels.txt", "a labels.txt"])
def test_tracks_may_have_the_suffix_of_their_recording_or_say_what_they_are(imported, name):
    imported(name, "3,0\t3,5\tcall\n")
    assert [clip[:2] for clip in clips() if clip[2] == "call"] == [("a.wav", 2.75)]


@pytest.mark.parametrize("names", [("Calls", "NoCalls"), ("call", "nocall"), ("CALLS", "no_calls")])
def test_folders_of_clips_may_be_spelt_in_other_ways(repository, tmp_path, names):
    for seed, name in enumerate(names):
        write_recording(tmp_path / "study" / name / f"{name}.wav", length_s=1.5, seed=seed)
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "study"))
    assert result.returncode == 0, result.stderr
    assert sorted(clip[2] for clip in clips()) == ["call", "nocall"]


def test_a_recording_that_is_named_without_its_suffix_keeps_its_whole_name(imported, tmp_path):
    write_recording(tmp_path / "archive" / "5066.190705140000.wav", (3.0,), seed=7)
    imported("sea.csv", "filename,start,end\n5066.190705140000,3.0,3.5\n")
    assert {clip[0] for clip in clips()} == {"5066.190705140000.wav"}


def test_stretches_without_a_call_that_are_too_short_are_named(imported):
    rows = "a.wav,3.0,3.5,call\na.wav,8.0,8.5,nocall\na.wav,12,14,nocall\n"
    printed = imported("sea.csv", f"filename,start,end,label\n{rows}")
    assert (
        "1 stretch without a call, the first at data/bay/annotations/sea.csv:3: no room for a window of 1 s at "
        "2 s from all calls, so no clip; annotate longer stretches"
    ) in printed


# Missing sound.


def test_no_window_lies_where_the_hydrophone_was_dead(imported, tmp_path):
    path = tmp_path / "archive" / "a.wav"
    samples, _ = soundfile.read(path)
    samples[round(9.5 * SAMPLE_RATE) :] = 0
    soundfile.write(path, samples, SAMPLE_RATE)
    printed = imported("a.txt", "3.0\t3.5\tcall\n6.0\t6.2\tcall\n12.0\t12.5\tcall\n")
    assert [clip[1] for clip in clips() if clip[2] == "call"] == [2.75, 5.6]
    assert [clip for clip in clips() if clip[2] == "nocall" and clip[1] > 8.5] == []
    assert summary("its window holds no sound") == [("a.wav", 1, 0)]
    assert "its window holds no sound" in printed


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_recording_without_sound_is_left_out_and_the_others_taken(imported, tmp_path, value):
    soundfile.write(tmp_path / "archive" / "a.wav", np.full(80000, value), SAMPLE_RATE)
    soundfile.write(tmp_path / "archive" / "c.wav", np.outer(np.sin(np.arange(80000)), [0.1, -0.1]), SAMPLE_RATE)
    table = "filename\tstart_s\tduration_s\na.wav\t3.0\t0.5\nb.wav\t5.0\t0.5\nc.wav\t5.0\t0.5\n"
    printed = imported("train.tsv", table)
    assert {clip[0] for clip in clips()} == {"deep/b.wav"}
    assert "its recording cannot be used: is silent from end to end" in printed
    assert "its recording cannot be used: is silent in the mix, because its 2 channels cancel one another" in printed


def test_silent_clips_of_folders_are_left_out_and_the_others_taken(repository, tmp_path):
    for seed in range(6):
        label = ("calls", "nocalls")[seed % 2]
        write_recording(tmp_path / "study" / label / f"{label}{seed}.wav", length_s=1.5, seed=seed)
    soundfile.write(tmp_path / "study" / "calls" / "dead.wav", np.zeros(6000), SAMPLE_RATE)
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "study"))
    assert result.returncode == 0, result.stderr
    assert len(clips()) == 6
    (name, *counts), *others = summary("its recording cannot be used: is silent from end to end")
    assert (sources()[name], counts, others) == ("calls/dead.wav", [1, 0], [])


def write_noises(folder: Path, lengths_s: Mapping[str, tuple[float, float]], count: int) -> None:
    """Write folders of clips of bare noise, whose lengths lie between two."""
    random = np.random.default_rng(7)
    for label, span_s in lengths_s.items():
        for number in range(count):
            samples = 0.02 * random.standard_normal(round(random.uniform(*span_s) * SAMPLE_RATE))
            (folder / label).mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / label / f"{label}{number:02d}.wav", samples, SAMPLE_RATE)


def test_windows_that_are_filled_are_counted_and_a_difference_between_the_classes_is_said(repository, tmp_path):
    write_noises(tmp_path / "alike", {"calls": (0.4, 0.8), "nocalls": (0.4, 0.8)}, count=12)
    write_noises(tmp_path / "other", {"calls": (0.4, 0.8), "nocalls": (1.0, 1.0)}, count=12)
    said = {
        name: run_tool(repository, "import_annotations", name, str(tmp_path / name)).stdout
        for name in ("alike", "other")
    }
    line = "windows longer than their sound, filled up with it: 12 of 12 calls, {} of 12 no-calls{}\n"
    differs = (
        "; the classes differ in this, so a model may learn it instead of the calls: "
        "lower featurize.clip_s, or cut calls and no-calls to the same length"
    )
    assert line.format(12, "") in said["alike"]
    assert line.format(0, differs) in said["other"]


@pytest.mark.prove
@pytest.mark.parametrize("clip_s", [1.0, 2.0])
def test_noise_that_was_cut_to_different_lengths_teaches_nothing(repository, tmp_path, clip_s):
    write_noises(tmp_path / "study", {"calls": (0.4, 0.8), "nocalls": (1.0, 1.0)}, count=40)
    overlay(Path("params.yaml"), {"featurize": {"clip_s": clip_s}})
    assert run_tool(repository, "import_annotations", "bay", str(tmp_path / "study")).returncode == 0
    changes = {"split": {"train": 44, "valid": 8, "pool": 0, "test": 28}, "train": {"epochs": 12}}
    overlay(Path("params.yaml"), changes)
    Path("labels").mkdir()
    write_json(Path("metrics/field.json"), {})
    for table in ("settled.csv", "answered.csv", "undecided.csv", "reviews.csv", "rounds.csv"):
        Path("labels", table).write_text((REPOSITORY / "labels" / table).read_text().partition("\n")[0] + "\n")
    assert run_tool(repository, "hold_out").returncode == 0
    Path("labels/expert.csv").write_text("clip_id,label,annotator,date,note\n")
    shutil.copytree(REPOSITORY / "models" / "pretrained" / "none", "models/pretrained/none")
    with joblib.parallel_config(backend="threading"):
        for stage in (featurize, split, train, score_pool, merge_labels, retrain, evaluate):
            stage.main()
    accuracy = json.loads(Path("metrics/evaluation.json").read_text())["before"]["intervals"]["accuracy"]
    assert accuracy["low"] < 0.5 < accuracy["high"]


def test_what_is_wrong_with_the_params_is_said_before_anything_is_copied(imported, repository):
    replace_in(repository / "params.yaml", "clip_s: 1.0", "clip_s: -1.0")
    assert imported("a.txt", "3.0\t3.5\tcall\n", status=1).startswith("params.yaml:")
    assert not Path("data").exists()


def test_a_recording_that_is_missing_may_be_in_a_folder_that_was_not_named(repository, tmp_path):
    (tmp_path / "a.txt").write_text("3.0\t3.5\tcall\n")
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "a.txt"))
    assert result.returncode == 1
    assert "name the folder that holds it with --recordings" in result.stderr
    assert not Path("data").exists()


def write_many(archive: Path, count: int) -> str:
    """Write recordings with two calls each and return the table of them."""
    rows = []
    for number in range(count):
        write_recording(archive / f"{number}.wav", (3.0, 12.0), seed=number)
        rows += [(begin, begin + 0.5, f"{number}.wav", "call") for begin in (3.0, 12.0)]
    return raven_table(rows)


def test_params_are_set_where_that_is_asked_for_and_only_there(imported, repository, tmp_path):
    table = write_many(tmp_path / "archive", 10)
    shutil.copy(REPOSITORY / "params.yaml", repository)
    before = yaml.safe_load(Path("params.yaml").read_text())
    counts = {"test": 4, "pool": 3, "valid": 3, "train": 27}
    advice = "data.dataset: bay, " + ", ".join(f"split.{part}: {count}" for part, count in counts.items())
    printed = imported("sea.txt", table)
    assert f"params.yaml: set {advice}; the same command with --use sets them\n" in printed
    assert "recorded at 4000 Hz, which holds nothing above 2000 Hz, while featurize.max_hz is 10000; " in printed
    assert "(10 in all): 0.wav, 1.wav, 2.wav, " in printed
    assert yaml.safe_load(Path("params.yaml").read_text()) == before

    assert imported("sea.txt", table, "--use").endswith(
        f"params.yaml: now has {advice}\n"
        "labels/held_out.csv: now holds out 3 valid, 3 pool, 4 test clips of bay; commit it\n"
    )
    assert yaml.safe_load(Path("params.yaml").read_text()) == {
        **before,
        "data": {"dataset": "bay"},
        "split": {**before["split"], **counts},
    }
    # With the name alone, too, as when another data set was in use meanwhile, for which people have answered.
    Path("labels/expert.csv").write_text("clip_id,label,annotator,date,note\nold_0000000,call,val,2026-11-22,\n")
    Path("labels/settled.csv").write_text("clip_id,label,round\nold_0003000,call,1\n")
    Path("labels/split.csv").write_text("clip_id,part,label\nold_0000000,pool,\nold_0003000,train,call\n")
    shutil.copy(REPOSITORY / "params.yaml", repository)
    held_out = Path("labels/held_out.csv").read_bytes()
    assert run_tool(repository, "import_annotations", "bay", "--use").stdout.endswith(f"now has {advice}\n")
    assert Path("labels/answered.csv").read_text() == "clip_id\nold_0000000\nold_0003000\n"
    assert Path("labels/held_out.csv").read_bytes() == held_out


def test_what_is_held_out_stays_when_more_is_imported_and_the_rest_is_trained_on(imported, tmp_path):
    imported("sea.txt", write_many(tmp_path / "archive", 10), "--use")
    before, held_out = yaml.safe_load(Path("params.yaml").read_text())["split"], read_held_out()
    for number in range(10, 14):
        write_recording(tmp_path / "archive" / f"{number}.wav", (3.0, 12.0), seed=number)
    more = raven_table([(3.0, 3.5, f"{number}.wav", "call") for number in range(10, 14)])
    printed = imported("more.txt", more, "--use")
    after = yaml.safe_load(Path("params.yaml").read_text())["split"]
    assert read_held_out() == held_out
    assert after == {**before, "train": before["train"] + 8}
    assert "held_out.csv" not in printed


@pytest.mark.parametrize("change", ["another call", "a call less", "a call later", "no call"])
def test_windows_that_are_held_out_stay_when_annotations_are_corrected(imported, tmp_path, change):
    """A call more or less moves the windows without a call in its recording, and how many are drawn from others."""
    write_many(tmp_path / "archive", 10)
    # The first has more calls than room for as many windows without one, so that others make up for it.
    rows = [(2.0 * number, 2.0 * number + 0.5, "0.wav", "call") for number in range(8)]
    rows += [(start_s, start_s + 0.5, f"{name}.wav", "call") for name in range(1, 10) for start_s in (3.0, 12.0)]
    imported("sea.txt", raven_table(rows), "--use")
    held_out = {clip.clip_id for clip in read_held_out()}
    before = {clip.clip_id: clip for clip in read_clips(Path("data/bay/clips.csv"))}
    for name in {before[clip_id].recording for clip_id in held_out}:
        corrected = {
            "another call": [*rows, (7.9, 8.0, name, "call")],
            "a call less": [row for row in rows if row[:3] != (3.0, 3.5, name)],
            "a call later": [(3.2, 3.6, *row[2:]) if row[:3] == (3.0, 3.5, name) else row for row in rows],
            "no call": [row for row in rows if row[2] != name] + [(0.5, 19.5, name, "noise")],
        }[change]
        imported("sea.txt", raven_table(corrected), "--label", "noise=other")
        after = {clip.clip_id: clip.label for clip in read_clips(Path("data/bay/clips.csv"))}
        assert held_out <= after.keys()
        others = {clip_id for clip_id in held_out if before[clip_id].recording != name}
        assert all(after[clip_id] == before[clip_id].label for clip_id in others)


def test_windows_with_answers_stay_when_their_recording_is_annotated(imported, repository, tmp_path):
    """A recording that joined without annotations has a window every second, annotated ones where the calls are."""
    imported("sea.txt", raven_table([(3.0, 3.5, "a.wav", "call")]))
    (tmp_path / "more").mkdir()
    shutil.copy(tmp_path / "archive" / "quiet.wav", tmp_path / "more")
    assert run_tool(repository, "add_recordings", str(tmp_path / "more")).returncode == 0
    (repository / "labels").mkdir()
    answer = "quiet_0002000,nocall,val,2026-11-22,\n"
    Path("labels/expert.csv").write_text(f"clip_id,label,annotator,date,note\n{answer}")
    table = raven_table([(3.0, 3.5, "a.wav", "call"), (15.0, 15.5, "quiet.wav", "call")])
    assert "data/bay/windows.csv: keeps 1 window with answers" in imported("sea.txt", table)
    quiet = {start_s: label for recording, start_s, label, _ in clips() if recording == "quiet.wav"}
    assert (quiet[2.0], quiet[14.75], len(quiet)) == ("", "call", 3)
    before = Path("data/bay/clips.csv").read_bytes()
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert Path("data/bay/clips.csv").read_bytes() == before


@pytest.mark.parametrize("given", [[], ["--label", "S01=call"]])
def test_clips_of_another_length_are_not_made_while_there_are_answers(imported, repository, tmp_path, given):
    imported("sea.txt", write_many(tmp_path / "archive", 10), "--use")
    before = Path("data/bay/clips.csv").read_bytes()
    clip_id = read_clips(Path("data/bay/clips.csv"))[0].clip_id
    Path("labels/expert.csv").write_text(f"clip_id,label,annotator,date,note\n{clip_id},call,val,2026-11-22,\n")
    replace_in(Path("params.yaml"), "clip_s: 1.0", "clip_s: 0.5")
    result = run_tool(repository, "import_annotations", "bay", *given)
    assert (result.returncode, result.stdout) == (1, "")
    assert (
        "featurize.clip_s is 0.5, which makes 1 label for windows of 1.0 s false (labels/expert.csv)" in result.stderr
    )
    assert Path("data/bay/clips.csv").read_bytes() == before
    Path("labels/expert.csv").unlink()
    assert run_tool(repository, "import_annotations", "bay", *given).returncode == 0


def test_windows_with_answers_that_a_correction_in_place_takes_away_are_named_and_can_be_kept(imported, repository):
    imported("sea.txt", raven_table([(3.0, 3.5, "a.wav", "call"), (15.0, 15.5, "a.wav", "?")]))
    (repository / "labels").mkdir()
    Path("labels/expert.csv").write_text("clip_id,label,annotator,date,note\na_0014750,call,val,2026-11-22,\n")
    before = Path("data/bay/clips.csv").read_bytes()
    table = Path("data/bay/annotations/sea.txt")
    table.write_text(table.read_text().replace("15.0\t", "15.2\t").replace("15.5\t", "15.7\t"))
    printed = run_tool(repository, "import_annotations", "bay").stdout
    assert (
        "\ndata/bay/clips.csv: no longer has 1 window with answers (a_0014750 first); to keep them, restore " in printed
    )
    assert "a_0014750" not in {clip.clip_id for clip in read_clips(Path("data/bay/clips.csv"))}
    Path("data/bay/clips.csv").write_bytes(before)
    kept = run_tool(repository, "import_annotations", "bay", str(table)).stdout
    assert "data/bay/windows.csv: keeps 1 window with answers" in kept
    assert "a_0014750" in {clip.clip_id for clip in read_clips(Path("data/bay/clips.csv"))}
    assert "no longer has" not in run_tool(repository, "import_annotations", "bay").stdout


@pytest.mark.parametrize("gone_first", [True, False])
def test_a_recording_with_answers_can_be_removed(imported, repository, tmp_path, gone_first):
    rows = [(3.0, 3.5, "a.wav", "call"), (5.0, 5.5, "b.wav", "?")]
    imported("sea.txt", raven_table(rows))
    (repository / "labels").mkdir()
    Path("labels/expert.csv").write_text("clip_id,label,annotator,date,note\ndeep--b_0004750,call,val,2026-11-22,\n")
    (tmp_path / "archive" / "deep" / "b.wav").unlink()
    if gone_first:
        Path("data/bay/recordings/deep/b.wav").unlink()
    imported("sea.txt", raven_table(rows[:1]))
    if not gone_first:
        assert "deep/b.wav" in {recording for recording, *_ in clips()}
        Path("data/bay/recordings/deep/b.wav").unlink()
        printed = run_tool(repository, "import_annotations", "bay").stdout
        assert "\ndata/bay/windows.csv: 1 window left out, because the recording is gone (deep/b.wav)\n" in printed
    assert {recording for recording, *_ in clips()} == {"a.wav"}


def test_a_recording_that_joins_the_data_set_in_use_does_not_take_the_answers_to_another_of_its_name(
    imported, repository, tmp_path
):
    overlay(repository / "params.yaml", {"data": {"dataset": "bay"}})
    cove = repository / "data" / "cove"
    write_recording(cove / "recordings" / "a.wav", (3.0,), seed=99)
    table = raven_table([(3.0, 3.5, "a.wav", "call")])
    imported("sea.txt", table)
    clip_id = read_clips(Path("data/bay/clips.csv"))[0].clip_id
    (cove / "clips.csv").write_text((repository / "data" / "bay" / "clips.csv").read_text())
    shutil.rmtree(repository / "data" / "bay")
    (repository / "labels").mkdir(exist_ok=True)
    Path("labels/expert.csv").write_text(f"clip_id,label,annotator,date,note\n{clip_id},call,val,2026-11-22,\n")
    printed = imported("sea.txt", table, status=1)
    assert "(a.wav first) have the ids of other windows in data/cove" in printed
    assert "name a folder further up as --recordings, so that the paths differ" in printed
    assert not (repository / "data" / "bay").exists()
    (tmp_path / "new").mkdir()
    (tmp_path / "archive").rename(tmp_path / "new" / "archive")
    told_apart = ("bay", str(tmp_path / "sea.txt"), "--recordings", str(tmp_path / "new"))
    result = run_tool(repository, "import_annotations", *told_apart)
    assert result.returncode == 0, result.stderr


def test_folders_of_clips_with_the_names_of_answered_ones_join_under_another_name(repository, tmp_path):
    """Names of clips depend on the names of folders and files, so both archives give the same ones."""
    study = tmp_path / "archive" / "study"
    for archive in (tmp_path / "archive", tmp_path / "other"):
        for seed, name in enumerate(("calls/1.wav", "calls/2.wav", "nocalls/1.wav", "nocalls/2.wav")):
            write_recording(archive / "study" / name, length_s=1.0, seed=seed + 9 * (archive.name == "other"))
    assert run_tool(repository, "import_annotations", "bay", str(study), "--use").returncode == 0
    clip_id = read_clips(Path("data/bay/clips.csv"))[0].clip_id
    Path("labels/expert.csv").write_text(f"clip_id,label,annotator,date,note\n{clip_id},call,val,2026-11-22,\n")
    other, renamed = tmp_path / "other" / "study", tmp_path / "other" / "other study"
    refused = run_tool(repository, "import_annotations", "cove", str(other), "--use")
    assert refused.returncode == 1
    assert "have the ids of other windows in data/bay" in refused.stderr
    assert "with the folder that holds them renamed, if these are folders of clips\n" in refused.stderr
    other.rename(renamed)
    taken = run_tool(repository, "import_annotations", "reef", str(renamed), "--use")
    assert taken.returncode == 0, taken.stderr


def test_git_keeps_the_line_endings_of_a_table_whose_bytes_dvc_has_hashed(imported, repository, tmp_path):
    table = raven_table([(3.0, 3.5, "a.wav", "call")]).replace("\n", "\r\n")
    imported("sea.txt", table)
    register = repository / "data" / "bay" / "recordings.csv"
    register.write_bytes(register.read_bytes().replace(b"\n", b"\r\n"))  # As a spreadsheet saves it.
    shutil.copy(REPOSITORY / ".gitattributes", repository)
    run_in(repository, "git", "init", "--quiet")
    git(repository, "config", "user.name", "Val")
    git(repository, "config", "user.email", "val@example.org")
    commit(repository, "Import")
    run_in(tmp_path, "git", "clone", "--quiet", str(repository), "clone")
    for name in ("annotations/sea.txt", "recordings.csv"):
        (here, there) = ((folder / "data" / "bay" / name).read_bytes() for folder in (repository, tmp_path / "clone"))
        assert b"\r\n" in here
        assert here == there


def test_a_sound_under_two_names_is_taken_once(imported, tmp_path):
    shutil.copy(tmp_path / "archive" / "a.wav", tmp_path / "archive" / "a (1).wav")
    rows = [(3.0, 3.5, "a.wav", "call"), (3.0, 3.5, "a (1).wav", "call"), (5.0, 5.5, "b.wav", "call")]
    printed = imported("sea.txt", raven_table(rows))
    archive = tmp_path / "archive"
    assert f"{archive}/a (1).wav: holds the same bytes as {archive}/a.wav; taken once\n" in printed
    assert {recording for recording, *_ in clips()} == {"a.wav", "deep/b.wav"}
    assert not Path("data/bay/recordings/a (1).wav").exists()
    # Of a recording that the data set has already, too.
    shutil.copy(archive / "deep" / "b.wav", archive / "c.wav")
    printed = imported("more.txt", raven_table([(5.0, 5.5, "c.wav", "call")]))
    assert f"{archive}/c.wav: holds the same bytes as data/bay/recordings/deep/b.wav; taken once\n" in printed
    assert {recording for recording, *_ in clips()} == {"a.wav", "deep/b.wav"}


def test_of_a_sound_under_two_names_that_is_annotated_otherwise_neither_is_taken(imported, tmp_path):
    shutil.copy(tmp_path / "archive" / "a.wav", tmp_path / "archive" / "a (1).wav")
    rows = [(3.0, 3.5, "a.wav", "call"), (12.0, 12.5, "a (1).wav", "call"), (5.0, 5.5, "b.wav", "call")]
    printed = imported("sea.txt", raven_table(rows))
    archive = tmp_path / "archive"
    assert (
        f"{archive}/a (1).wav: holds the same bytes as {archive}/a.wav, but its annotations differ, "
        "so both are left out; keep one, with the annotations of both\n"
    ) in printed
    assert {recording for recording, *_ in clips()} == {"deep/b.wav"}
    assert sorted(path.name for path in Path("data/bay/recordings").rglob("*.wav")) == ["b.wav"]


def test_of_folders_of_clips_a_clip_that_is_there_twice_is_taken_once_and_not_as_call_and_nocall(repository, tmp_path):
    for name, seed in (("calls/1.wav", 1), ("calls/2.wav", 2), ("nocalls/3.wav", 3)):
        write_recording(tmp_path / "clips" / name, length_s=1.0, seed=seed)
    shutil.copy(tmp_path / "clips" / "calls" / "1.wav", tmp_path / "clips" / "calls" / "1 copy.wav")
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "clips"))
    assert result.returncode == 0, result.stderr
    assert re.search(r"calls/1( copy)?\.wav: holds the same bytes as .*calls/1( copy)?\.wav", result.stdout)
    taken = {sources(table="clips.tsv")[recording] for recording, *_ in clips()}
    assert taken - {"calls/1.wav", "calls/1 copy.wav"} == {"calls/2.wav", "nocalls/3.wav"}
    assert len(taken) == 3
    shutil.copy(tmp_path / "clips" / "calls" / "2.wav", tmp_path / "clips" / "nocalls" / "4.wav")
    result = run_tool(repository, "import_annotations", "other", str(tmp_path / "clips"))
    assert result.returncode == 0, result.stderr
    assert re.search(r"(nocalls/4|calls/2)\.wav: holds the same bytes as .*(nocalls/4|calls/2)\.wav", result.stdout)
    assert "but its annotations differ" in result.stdout
    taken = {sources("other", "clips.tsv")[clip.recording] for clip in read_clips(Path("data/other/clips.csv"))}
    assert taken - {"calls/1.wav", "calls/1 copy.wav"} == {"nocalls/3.wav"}
    assert len(taken) == 2


def write_clips(folder: Path, calls: int, nocalls: int) -> str:
    """Write folders of clips, and return the one that holds both."""
    for number in range(calls + nocalls):
        name = f"{'calls' if number < calls else 'nocalls'}/{number}.wav"
        write_recording(
            folder / name, [0.2] if number < calls else [], length_s=1.0, seed=100 * (calls + nocalls) + number
        )
    return str(folder)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("ten/calls", "ten/calls: is one of two folders of clips; name the folder that holds both, {}/ten"),
        ("half", "half: holds calls and no folder nocalls; add one, with clips that hold no call"),
    ],
)
def test_a_folder_of_clips_that_lacks_the_other_one_is_refused(repository, tmp_path, given, fault):
    write_clips(tmp_path / "ten", 1, 1)
    write_clips(tmp_path / "half", 1, 0)
    result = run_tool(repository, "import_annotations", "bay", str(tmp_path / given))
    assert (result.returncode, result.stderr) == (1, f"{tmp_path}/{fault.format(tmp_path)}\n")


def test_recordings_beside_the_two_folders_of_clips_are_counted(repository, tmp_path):
    ten = write_clips(tmp_path / "ten", 2, 2)
    for seed, name in enumerate(("noise/1.wav", "noise/ship/2.wav", "unbekannt/3.wav", "4.wav")):
        write_recording(tmp_path / "ten" / name, length_s=1.0, seed=90 + seed)
    printed = run_tool(repository, "import_annotations", "bay", ten).stdout
    assert (
        f"{ten}: left out because in neither calls nor nocalls: 4 recordings (4.wav, noise, unbekannt); move sounds "
        "without a call into nocalls; python -m tools.add_recordings adds recordings without a label\n"
    ) in printed
    assert len(clips()) == 4


def test_a_folder_with_a_folder_for_each_class_is_refused_with_a_remedy(repository, tmp_path):
    classes = tmp_path / "classes"
    for seed, name in enumerate(("Orca (Ruf)/1.wav", "sea lion/2.wav", "noise/3.wav")):
        write_recording(classes / name, length_s=1.0, seed=seed)
    result = run_tool(repository, "import_annotations", "bay", str(classes))
    assert result.returncode == 1
    assert "move folders of clips, one for each class, into two folders calls and nocalls\n" in result.stderr
    for name, new in {"Orca (Ruf)": "calls", "sea lion": "nocalls", "noise": "nocalls"}.items():
        (classes / new).mkdir(exist_ok=True)
        (classes / name).rename(classes / new / name)
    result = run_tool(repository, "import_annotations", "bay", str(classes))
    assert Counter(label for _, _, label, _ in clips()) == {"call": 1, "nocall": 1}


def test_a_few_clips_are_all_trained_on_until_there_are_more(repository, tmp_path):
    printed = run_tool(repository, "import_annotations", "bay", write_clips(tmp_path / "ten", 5, 5), "--use").stdout
    assert printed.endswith(
        "params.yaml: now has data.dataset: bay, split.test: 0, split.pool: 0, split.valid: 0, split.train: 10\n"
        "labels/held_out.csv: holds nothing out of bay, and keeps the length of its windows (1.0 s); commit it\n"
        "All 10 labelled clips are trained on and nothing is measured, because there are fewer than 40. Give the same "
        "command again when more are annotated\n"
    )
    assert [clip.part for clip in read_held_out()] == ["train"]
    printed = run_tool(repository, "import_annotations", "bay", write_clips(tmp_path / "more", 25, 25), "--use").stdout
    assert "split.test: 6, split.pool: 5, split.valid: 4, split.train: 43\n" in printed
    assert len(read_held_out()) == 15


def test_one_recording_cannot_be_divided_and_is_trained_on_as_a_whole(imported, tmp_path):
    calls = np.arange(5.0, 300.0, 10.0)
    write_recording(tmp_path / "archive" / "long.wav", calls, length_s=305.0)
    printed = imported("long.txt", "".join(f"{begin}\t{begin + 0.5}\tcall\n" for begin in calls), "--use")
    assert "split.test: 0, split.pool: 0, split.valid: 0, split.train: 60\n" in printed
    assert "because 1 recording cannot be divided into train, valid and test with calls and no-calls in each" in printed


def test_calls_alone_are_not_put_to_use(imported, repository):
    before = (repository / "params.yaml").read_bytes()
    printed = imported("a.txt", "0.0\t20.0\tcall\n", "--use", status=1)
    assert printed.endswith(
        "data/bay/clips.csv: has 20 calls and 0 no-calls; annotate at least one of each, better four\n"
    )
    assert (repository / "params.yaml").read_bytes() == before


def test_a_data_set_that_was_not_imported_stays_as_it_is(imported):
    Path("data/bay").mkdir(parents=True)
    Path("data/bay/clips.csv").write_text("clip_id,recording,start_s,label,site\n")
    printed = imported("sea.txt", raven_table(TWO), "--label", "S*=call", status=1)
    assert printed == "data/bay/clips.csv: exists, but not from annotations; choose another name\n"
    assert list(Path("data/bay").iterdir()) == [Path("data/bay/clips.csv")]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["bay"], "data/bay: holds no annotations; name the files to import"),
        (["a/b", "x.txt"], "a/b: is not a valid name for a data set"),
        (["bay", "no.txt"], "no.txt: there is no such file"),
        (["bay", "--label", "S01=orca"], "--label S01=orca: write WORD=KIND"),
        (["bay", "params.yaml"], "params.yaml: is not in a known annotation format"),
        (["bay", "params.yaml", "--recordings", "nowhere"], "nowhere: there is no such folder"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_a_sentence(repository, arguments, fault):
    result = run_tool(repository, "import_annotations", *arguments)
    assert result.returncode == 1
    assert result.stderr.startswith(fault)
    assert "Traceback" not in result.stderr
    assert not Path("data").exists()


# The real archives.


def import_real(repository: Path, name: str, clip_s: float) -> Counter:
    overlay(repository / "params.yaml", {"featurize": {"clip_s": clip_s}})
    result = run_tool(
        repository,
        "import_annotations",
        "bay",
        f"{REAL}/{name}/annotations.tsv",
        "--recordings",
        f"{REAL}/{name}/recordings",
    )
    assert result.returncode == 0, result.stderr
    return Counter(label for _, _, label, _ in clips())


def share_of_windows(annotations: Path, kind: str, clip_s: float) -> dict[tuple[str, float], float]:
    """Return how much of each clip lies in annotations of a kind, by recording and start; pandas reads them."""
    table = pandas.read_csv(annotations, sep="\t")
    shares = {}
    for recording, start_s, _, _ in clips():
        of_kind = table[(table.filename == recording) & (table.label == kind)]
        ends = np.minimum(of_kind.start_s + of_kind.duration_s, start_s + clip_s)
        shares[recording, start_s] = np.maximum(0, ends - np.maximum(of_kind.start_s, start_s)).sum() / clip_s
    return shares


@real_recordings
@pytest.mark.parametrize(("name", "clip_s", "fewest"), [("right_whale_recordings", 2.0, 73), ("orca", 3.0, 100)])
def test_real_annotations_become_clips_with_a_call_and_others_without(repository, name, clip_s, fewest):
    labels = import_real(repository, name, clip_s)
    assert labels["call"] >= fewest
    assert labels["nocall"] >= fewest / 4
    annotations = REAL / name / "annotations.tsv"
    of_calls, of_nocalls = (share_of_windows(annotations, kind, clip_s) for kind in ("call", "nocall"))
    for recording, start_s, label, _ in clips():
        place = recording, start_s
        if label == "call":
            assert of_calls[place] > 0
        else:
            assert of_calls[place] == 0
            length_s = soundfile.info(f"data/bay/recordings/{recording}").duration
            assert of_nocalls[place] > 0.99 * min(1.0, length_s / clip_s)


@real_recordings
def test_the_documentation_shows_what_is_printed(repository):
    overlay(repository / "params.yaml", {"featurize": {"clip_s": 2.0, "max_hz": 1000.0}})
    archive = REAL / "right_whale_recordings"
    options = ("--recordings", f"{archive}/recordings")
    printed = run_tool(repository, "import_annotations", "rw", f"{archive}/annotations.tsv", *options).stdout
    page = (REPOSITORY / "docs" / "data.md").read_text(encoding="utf-8")
    (*shown, rate, _advice) = printed.splitlines()
    assert "".join(f"    {line}\n" for line in shown) in page
    assert re.fullmatch(r"140 annotations of 10 recordings in [\d.]+ s: \d+ annotations per second", rate)


@real_recordings
def test_every_real_annotation_is_accounted_for(repository):
    import_real(repository, "orca", 3.0)
    with Path("data/bay/import.csv").open(newline="") as file:
        counted = sum(
            int(row["annotations"]) for row in csv.DictReader(file) if row["outcome"] in ("taken", "left out")
        )
    assert counted == len(pandas.read_csv(REAL / "orca" / "annotations.tsv", sep="\t"))


# The whole of it.


def parts(folder: Path) -> dict[str, str]:
    with (folder / "labels" / "split.csv").open(newline="") as file:
        return {row["clip_id"]: row["part"] for row in csv.DictReader(file)}


def paste(folder: Path, commands: str) -> str:
    result = run_in(folder, "bash", "-euo", "pipefail", "-c", commands)
    assert result.returncode == 0, commands + result.stdout + result.stderr
    return result.stdout


@pytest.mark.prove
def test_a_folder_of_recordings_with_a_raven_table_becomes_a_trained_detector(tmp_path):
    sea, rows, calls = tmp_path / "sea", [], (2.0, 3.5, 12.0, 13.5)
    for number in range(9):
        name = f"rpi_bush_point_156233{number}000.wav"
        write_recording(sea / name, calls, seed=number)
        rows += [(begin, begin + 0.5, name, "S01") for begin in calls]
    (sea / "sea.Table.1.selections.txt").write_text(raven_table(rows))
    folder = clone(tmp_path / "clone")
    overlay(folder / "params.yaml", TINY)

    commands = block("README.md", "python -m tools.import_annotations bay ~/sea", {"~/sea": sea})
    assert len(commands.splitlines()) == 3
    ran = stages_run(paste(folder, commands))
    assert ran[0] == "data/bay/dvc.yaml:import"
    assert sorted(ran[1:]) == sorted(yaml.safe_load((folder / "dvc.yaml").read_text())["stages"])
    assert (folder / "models" / "retrained" / "model.json").exists()
    tables = [pandas.read_csv(path, sep="\t") for path in sorted((folder / "detections").glob("*.selections.txt"))]
    assert len(tables) == 9
    assert all({"Selection", "Begin Time (s)", "End Time (s)", "Score"} <= set(table.columns) for table in tables)

    paste(folder, block("docs/data.md", "dvc add data/bay/recordings"))

    # The stage declares the modules that it imports and no others.
    stage = yaml.safe_load((folder / "data" / "bay" / "dvc.yaml").read_text())["stages"]["import"]
    assert code_mismatches("tools.import_annotations", declared_code(stage["deps"])) == []

    # Git has all but the recordings, which DVC has.
    assert git(folder, "status", "--porcelain") == ""
    in_git = {Path(name).name for name in git(folder, "ls-files", "data/bay").split()}
    assert in_git == {
        ".gitignore",
        "clips.csv",
        "dvc.lock",
        "dvc.yaml",
        "import.csv",
        "params.yaml",
        "recordings.csv",
        "recordings.dvc",
        "sea.Table.1.selections.txt",
        "windows.csv",
    }
    # The import is a stage like any other.
    assert stages_run(repro(folder)) == []

    before = parts(folder)
    write_recording(tmp_path / "new" / "5066.190705140000.wav", seed=99)
    printed = paste(folder, block("docs/data.md", "python -m tools.add_recordings", {"~/new": tmp_path / "new"}))
    assert "20 clips of 1 recording joined the pool" in printed
    after = parts(folder)
    assert {clip_id: after[clip_id] for clip_id in before} == before
    assert [after[clip_id] for clip_id in set(after) - set(before)] == ["pool"] * 20

    replace_in(folder / "data" / "bay" / "params.yaml", "gap_s: 2.0", "gap_s: 1.5")
    assert "data/bay/dvc.yaml:import" in run_in(folder, "dvc", "status").stdout
