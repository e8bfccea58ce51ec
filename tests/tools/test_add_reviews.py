"""Verdicts come back: from the page and from tables, about runs whose scores the tests choose."""

import csv
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import read_clips
from stages.lib.tables.expert import COLUMNS
from stages.lib.tables.held_out import read_held_out
from stages.lib.tables.reviews import read_reviews, write_reviews
from tests.stages.conftest import write_data_set
from tests.support.edit import replaced
from tests.support.run_folder import CLIP_S, FEATURES, HOP_S, LENGTH_S, SAMPLE_RATE, SITE, make_run, write_recordings
from tests.support.tool import run_tool
from tools.lib.detection.detections import window_starts
from tools.lib.detection.run_record import read_run, write_run
from tools.lib.detection.searched import Searched, detections_of
from tools.lib.draws.candidates import BINS
from tools.lib.draws.draws import read_covered, read_draws
from tools.lib.draws.runs_table import COLUMNS as RUN_COLUMNS
from tools.lib.draws.runs_table import read_runs
from tools.lib.field.weights import weights_now
from tools.lib.formats.detection_files import write_raven

RAVEN = "detections/{}.Table.1.selections.txt"
TABLES = ("labels/expert.csv", "labels/reviews.csv", "labels/runs.csv", "data/tiny/clips.csv")
TODAY = date.today().isoformat()
# The windows that score high, by the second at which each begins.
PEAKS = {2.0: 0.95, 6.0: 0.8, 10.0: 0.75, 15.0: 0.6}


def peaks(where: dict[float, float] = PEAKS) -> np.ndarray:
    """Return scores that are low but for some windows and, a little, their neighbours."""
    starts_s = window_starts(LENGTH_S, CLIP_S, HOP_S)
    scores = 0.05 + 0.0001 * np.arange(len(starts_s))
    for start_s, score in where.items():
        scores[np.abs(starts_s - start_s) < 2 * HOP_S] = score - 0.01
        scores[np.isclose(starts_s, start_s)] = score
    return np.round(scores, 6)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A data set, and a run with four detections in each of two recordings that it does not have."""
    write_data_set(tmp_path, recording_count=12)
    write_table(tmp_path / "labels" / "expert.csv", COLUMNS, [])
    write_table(tmp_path / "labels" / "runs.csv", RUN_COLUMNS, [])
    recordings = write_recordings(tmp_path / "sea")
    make_run(tmp_path / "detections", recordings, dict.fromkeys(recordings, peaks()))
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the tool may write."""
    files = [folder / name for name in TABLES] + sorted((folder / "data" / "tiny" / "recordings").rglob("*.*"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def add(folder: Path, *arguments: str) -> str:
    result = run_tool(folder, "add_reviews", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def refused(folder: Path, *arguments: str) -> list[str]:
    """Return what the tool says when it refuses, and nothing is written."""
    before = contents(folder)
    result = run_tool(folder, "add_reviews", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert contents(folder) == before
    return result.stderr.splitlines()


def draw(folder: Path, count: int = 12, *arguments: str) -> list:
    result = run_tool(folder, "review", "--count", str(count), *arguments)
    assert result.returncode == 0, result.stderr
    return read_draws(folder / "detections")


def write_page(
    folder: Path, answers: dict[str, str], name: str = "review-val.csv", by: str = "val", day: str = TODAY
) -> str:
    """Write the CSV of the page; return its name."""
    write_table(folder / name, COLUMNS, [(window, label, by, day, "") for window, label in answers.items()])
    return name


def fill_in(folder: Path, stem: str = "one", **verdicts: str) -> str:
    """Fill in rows of the table for Raven, `row1` being the first; return its name."""
    path = folder / RAVEN.format(stem)
    with path.open(newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    for row, verdict in verdicts.items():
        rows[int(row.removeprefix("row")) - 1][header.index("Verdict")] = verdict
    write_rows(path, [header, *rows])
    return RAVEN.format(stem)


def write_rows(path: Path, rows: list[list[str]]) -> None:
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


def append_raven(folder: Path, start_s: float, end_s: float, verdict: str) -> str:
    """Add a row to a table, as a person does who has found a call: it has no score."""
    path = folder / RAVEN.format("one")
    cells = {"Begin Time (s)": str(start_s), "End Time (s)": str(end_s), "Begin Path": "one.wav", "Verdict": verdict}
    header = path.read_text().splitlines()[0].split("\t")
    path.write_text(path.read_text() + "\t".join(cells.get(name, "") for name in header) + "\n")
    return RAVEN.format("one")


def expert(folder: Path) -> list[tuple[str, str, str]]:
    """Return clip, label and annotator of each answer."""
    with (folder / "labels" / "expert.csv").open(newline="") as file:
        return [(row["clip_id"], row["label"], row["annotator"]) for row in csv.DictReader(file)]


# --- The page ---


def test_answers_of_the_page_become_clips_answers_and_weights(folder):
    windows = draw(folder)
    answers = {one.clip_id: ("nocall", "call", "unsure")[number % 3] for number, one in enumerate(windows)}
    said = add(folder, write_page(folder, answers), "--run", "detections")
    assert f"labels/expert.csv: {len(windows)} answers added (call 4, nocall 4, unsure 4)" in said
    assert "labels/reviews.csv: 12 reviewed windows drawn at random" in said
    clips = {clip.clip_id: clip for clip in read_clips(folder / "data/tiny/clips.csv")}
    recordings = {path.name for path in (folder / "data" / "tiny" / "recordings").iterdir()}
    assert {"one.wav", "two.flac"} <= recordings
    for one in windows:
        clip_id = one.clip_id.partition("--")[2]
        clip = clips[clip_id]
        assert (clip.recording, clip.start_s, clip.label, clip.site) == (one.recording, one.start_s, "", SITE)
        assert (clip_id, answers[one.clip_id], "val") in expert(folder)
    reviews = read_reviews(folder / "labels" / "reviews.csv")
    assert {(one.recording, one.start_s, one.weight, one.bin) for one in reviews} == {
        (one.recording, one.start_s, one.weight, one.bin) for one in windows
    }
    runs = read_runs(folder / "labels" / "runs.csv")
    assert [row.bin for row in runs] == list(BINS)
    assert {(row.recordings, row.site) for row in runs} == {(2, SITE)}
    assert runs[0].hours == pytest.approx(2 * LENGTH_S / 3600, abs=1e-6)
    # The weights of all bins add up to all windows that there are.
    covered = read_covered(folder / "detections")
    assert weights_now(reviews, runs).sum() == pytest.approx(sum(sum(one.candidates) for one in covered))


def test_a_page_that_a_spreadsheet_has_saved_is_read_and_may_repeat_rows(folder):
    windows = [one.clip_id for one in draw(folder)]
    path = folder / write_page(folder, dict.fromkeys(windows, "call"))
    header, *rows = path.read_text().replace(",", ";").splitlines()
    path.write_text("\ufeff" + "".join(f"{row};;\r\n" for row in [header, *rows, *rows]), newline="")
    said = add(folder, path.name, "--run", "detections")
    assert f"labels/expert.csv: {len(windows)} answers added (call {len(windows)})" in said


def test_two_answers_of_a_person_for_a_window_are_refused_with_both_lines(folder):
    first, *_ = [one.clip_id for one in draw(folder)]
    path = folder / write_page(folder, {first: "call"})
    path.write_text(path.read_text() + f"{first},nocall,Val,{TODAY},\n")
    assert refused(folder, path.name, "--run", "detections") == [
        f"{path.name}:3: 'val' already answered for '{first}' on line 2; keep one of the two rows"
    ]


def test_a_file_that_is_given_again_changes_nothing(folder):
    windows = draw(folder)
    page = write_page(folder, dict.fromkeys([one.clip_id for one in windows], "nocall"))
    add(folder, page)
    table = fill_in(folder, row1="nocall", row3="nocall faint")
    add(folder, table, "--annotator", "val")
    before = contents(folder)
    said = add(folder, page)
    assert "labels/expert.csv: 0 answers added, 12 unchanged" in said
    add(folder, table, page, "--annotator", "Val", "--date", "2026-01-02")
    assert contents(folder) == before


def test_a_row_that_is_a_call_after_all_takes_back_what_was_said_of_its_other_windows(folder):
    recordings = {name: folder / "sea" / name for name in ("one.wav", "two.flac")}
    make_run(folder / "detections", recordings, dict.fromkeys(recordings, peaks({2.0: 0.95, 2.25: 0.85, 2.5: 0.9})))
    name = fill_in(folder, row1="nocall")
    add(folder, name, "--annotator", "val", "--date", "2026-01-02")
    add(folder, name, "--annotator", "scott", "--date", "2026-01-02")
    windows = {"one_0002000", "one_0002500"}
    assert {(clip_id, label) for clip_id, label, _ in expert(folder)} == {(clip_id, "nocall") for clip_id in windows}
    before = contents(folder)
    add(folder, fill_in(folder, row1="call"), "--annotator", "Val")
    found = {(clip_id, by): label for clip_id, label, by in expert(folder)}
    assert found.pop(("one_0002000", "val")) == "call"
    assert {label for (_, by), label in found.items() if by == "val"} == {"unsure"}
    assert {label for (_, by), label in found.items() if by == "scott"} == {"nocall"}
    assert (folder / "data/tiny/clips.csv").read_bytes() == before["data/tiny/clips.csv"]
    after = contents(folder)
    add(folder, name, "--annotator", "val")
    assert contents(folder) == after


def test_a_part_of_the_answers_can_come_later_and_stands_for_all_meanwhile(folder):
    windows = draw(folder)
    add(folder, write_page(folder, {one.clip_id: "nocall" for one in windows[:5]}))
    total = sum(
        row.candidates for row in read_runs(folder / "labels/runs.csv") if row.bin in {one.bin for one in windows[:5]}
    )
    tables = read_reviews(folder / "labels/reviews.csv"), read_runs(folder / "labels/runs.csv")
    assert weights_now(*tables).sum() == pytest.approx(total)
    add(folder, write_page(folder, {one.clip_id: "nocall" for one in windows}))
    assert len(read_reviews(folder / "labels/reviews.csv")) == 12


def test_a_changed_mind_replaces_ones_own_answer_and_nobody_elses(folder):
    (one, *_) = draw(folder)
    add(folder, write_page(folder, {one.clip_id: "call"}, day="2026-01-02"))
    add(folder, write_page(folder, {one.clip_id: "call"}, by="scott", day="2026-01-02"))
    said = add(folder, write_page(folder, {one.clip_id: "nocall"}, day="2026-01-03"))
    assert "0 answers added, 1 changed" in said
    assert {(label, by) for _, label, by in expert(folder)} == {("nocall", "val"), ("call", "scott")}
    said = add(folder, write_page(folder, {one.clip_id: "call"}, day="2026-01-02"))
    assert "1 older than the present answer, so not taken" in said
    assert {(label, by) for _, label, by in expert(folder)} == {("nocall", "val"), ("call", "scott")}


def test_two_people_may_disagree_and_one_may_not_say_two_things_on_one_day(folder):
    one, other, *_ = draw(folder)
    val = write_page(folder, {one.clip_id: "call"})
    scott = write_page(folder, {one.clip_id: "nocall"}, "scott.csv", "scott")
    again = write_page(folder, {other.clip_id: "call", one.clip_id: "unsure"}, "again.csv", "Val")
    (line,) = refused(folder, val, scott, again)
    assert line == (
        f"again.csv:3: val says unsure for the window of {one.recording} at {one.start_s:g} s, but call on "
        "the same day in review-val.csv:2; keep one"
    )
    add(folder, val, scott)
    assert len(expert(folder)) == 2


def test_a_row_of_the_page_without_a_label_says_nothing(folder):
    one, other, *_ = draw(folder)
    add(folder, write_page(folder, {one.clip_id: "", other.clip_id: "unsure"}))
    assert [label for _, label, _ in expert(folder)] == ["unsure"]


def test_the_most_uncertain_have_no_weight(folder):
    windows = draw(folder, 7, "--uncertain", "2")
    add(folder, write_page(folder, dict.fromkeys([one.clip_id for one in windows], "nocall")))
    reviews = read_reviews(folder / "labels" / "reviews.csv")
    assert (len(reviews), sum(one.drawn for one in reviews)) == (9, 7)


def test_windows_chosen_by_score_do_not_count_as_drawn_because_a_later_draw_has_them(folder):
    """Their old answers would stand for the unheard windows of the later draw, and they score higher than those."""
    first = draw(folder, 7, "--surest", "5")
    page = write_page(folder, dict.fromkeys([one.clip_id for one in first], "call"), day="2026-01-02")
    add(folder, page)
    before = contents(folder)
    again = draw(folder, 10000)[len(first) :]
    assert {one.clip_id for one in again} > {one.clip_id for one in first if not one.drawn}
    add(folder, page)
    assert contents(folder) == before
    # Answered on the page of the later draw, they count.
    add(folder, write_page(folder, dict.fromkeys([one.clip_id for one in again], "call"), "again.csv"))
    assert all(one.drawn for one in read_reviews(folder / "labels" / "reviews.csv"))


# --- Tables ---


def test_a_row_is_about_its_windows_and_keeps_the_weight_of_a_drawn_one(folder):
    windows = {(one.recording, one.start_s): one for one in draw(folder, 10000)}
    add(folder, fill_in(folder, row1="nocall", row2="Call: S01 faint", row3="unsure"), "--annotator", "val")
    starts = {"one_0002000": "nocall", "one_0006000": "call", "one_0010000": "unsure"}
    found = {clip_id: label for clip_id, label, _ in expert(folder)}
    assert starts.items() <= found.items()
    # Windows of the row's flanks are no calls either; nothing is inferred about those beside the best one of a call.
    assert set(found.values()) == {"nocall", "call", "unsure"}
    assert list(found.values()).count("call") == list(found.values()).count("unsure") == 1
    reviews = {one.clip_id: one for one in read_reviews(folder / "labels" / "reviews.csv")}
    assert reviews["one_0006000"].weight == windows["one.wav", 6.0].weight
    assert "S01 faint" in (folder / "labels" / "expert.csv").read_text()


@pytest.mark.parametrize("form", ["raven", "audacity", "csv"])
def test_rows_of_every_format_say_the_same(folder, form):
    if form == "raven":
        name = append_raven(folder, 12.1, 12.5, "call")
        fill_in(folder, row1="nocall", row2="call")
    elif form == "audacity":
        name = "detections/one.txt"
        lines = (folder / name).read_text().splitlines()
        assert len(lines) == 4
        lines[0], lines[1] = f"{lines[0]} nocall", f"{lines[1]} call"
        (folder / name).write_text("\n".join([*lines, "12.1\t12.5\tcall", ""]))
    else:
        name = "detections/one.csv"
        lines = (folder / name).read_text().splitlines()
        assert len(lines) == 5
        lines[1], lines[2] = f"{lines[1]}nocall", f"{lines[2]}call"
        (folder / name).write_text("\n".join([*lines, "one.wav,12.1,12.5,,,call", ""]))
    said = add(folder, name, "--annotator", "val")
    assert "2 not filled in" in said
    found = {clip_id: label for clip_id, label, _ in expert(folder)}
    assert {"one_0002000": "nocall", "one_0006000": "call", "one_0012050": "call"}.items() <= found.items()
    assert sum(label == "call" for label in found.values()) == 2


def test_added_and_moved_rows_get_windows_of_their_own_without_a_weight(folder):
    draw(folder, 10000)
    append_raven(folder, 17.2, 17.6, "call")
    path = folder / RAVEN.format("one")
    with path.open(newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    moved = {"Begin Time (s)": "4.1", "End Time (s)": "4.3", "Verdict": "call"}
    for name, cell in moved.items():
        rows[0][header.index(name)] = cell
    write_rows(path, [header, *rows])
    add(folder, RAVEN.format("one"), "--annotator", "val")
    assert expert(folder) == [("one_0003950", "call", "val"), ("one_0017150", "call", "val")]
    assert [one.drawn for one in read_reviews(folder / "labels" / "reviews.csv")] == [False, False]
    assert read_runs(folder / "labels" / "runs.csv") == []


def test_nothing_is_inferred_from_deleted_rows_unless_asked_for(folder):
    path = folder / RAVEN.format("one")
    header, first, second, *_ = path.read_text().splitlines(keepends=True)
    path.write_text(header + first + second)
    name = fill_in(folder, row1="call")
    add(folder, name, "--annotator", "val")
    assert expert(folder) == [("one_0002000", "call", "val")]
    add(folder, name, "--annotator", "val", "--deleted", "nocall")
    found = {clip_id: label for clip_id, label, _ in expert(folder)}
    assert {"one_0010000": "nocall", "one_0015000": "nocall", "one_0002000": "call"}.items() <= found.items()
    # The second row is there and not filled in.
    assert not {clip_id for clip_id in found if "one_0005" <= clip_id < "one_0007"}


def test_a_table_without_rows_says_that_all_were_deleted(folder):
    path = folder / RAVEN.format("two")
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert "0 answers added" in add(folder, RAVEN.format("two"), "--annotator", "val")
    add(folder, RAVEN.format("two"), "--annotator", "val", "--deleted", "nocall")
    assert {"two_0002000", "two_0006000", "two_0010000", "two_0015000"} <= {row[0] for row in expert(folder)}


def test_a_long_call_and_a_long_silence_get_several_windows(folder):
    append_raven(folder, 12.0, 13.0, "call")
    append_raven(folder, 17.0, 18.5, "nocall")
    add(folder, RAVEN.format("one"), "--annotator", "val")
    assert [row[:2] for row in expert(folder)] == [
        ("one_0012000", "call"),
        ("one_0012500", "call"),
        ("one_0017000", "nocall"),
        ("one_0017500", "nocall"),
        ("one_0018000", "nocall"),
    ]


def write_day(folder: Path) -> Path:
    """Write one table of all recordings of the run, as `detect --per day` does; return it."""
    run = read_run(folder / "detections")
    found = [Searched(one, detections_of(folder / "detections", run, one)) for one in run.recordings]
    path = folder / RAVEN.format("far--2026-11-28")
    write_raven(path, found, FEATURES)
    of_day = tuple(one.model_copy(update={"table": path.name}) for one in run.recordings)
    write_run(folder / "detections", run.model_copy(update={"recordings": of_day}))
    return path


def test_a_table_of_a_day_is_about_several_recordings(folder):
    path = write_day(folder)
    add(folder, fill_in(folder, "far--2026-11-28", row1="nocall", row6="call"), "--annotator", "val")
    found = {clip_id: label for clip_id, label, _ in expert(folder)}
    assert {"one_0002000": "nocall", "two_0006000": "call"}.items() <= found.items()
    header, first, *_ = path.read_text().splitlines(keepends=True)
    path.write_text(header + first)
    add(folder, str(path.relative_to(folder)), "--annotator", "val", "--deleted", "nocall")
    found = {clip_id: label for clip_id, label, _ in expert(folder)}
    assert {"one_0006000": "nocall", "two_0002000": "nocall", "two_0015000": "nocall"}.items() <= found.items()


def keep_rows(path: Path, wanted: str) -> None:
    """Delete all rows of a table but those with some text."""
    header, *rows = path.read_text().splitlines(keepends=True)
    path.write_text(header + "".join(row for row in rows if wanted in row))


ALL_PEAKS = {"0002000", "0006000", "0010000", "0015000"}


def peaks_answered(folder: Path, stem: str) -> dict[str, str]:
    """Return the labels of the highest windows of a recording, by the last part of their ids."""
    ids = {f"{stem}_{peak}": peak for peak in ALL_PEAKS}
    return {ids[clip_id]: label for clip_id, label, _ in expert(folder) if clip_id in ids}


@pytest.mark.parametrize("name", ["far--2026-11-28", "FAR--2026-11-28.selections", "far--2026-11-28_labels"])
def test_a_recording_of_a_day_whose_rows_were_all_deleted_has_no_call(folder, name):
    path = write_day(folder)
    keep_rows(path, "two.flac")
    path.rename(path.with_name(f"{name}.txt"))
    table = f"detections/{name}.txt"
    assert "4 not filled in" in add(folder, table, "--annotator", "val")
    add(folder, table, "--annotator", "val", "--deleted", "nocall")
    assert peaks_answered(folder, "one") == dict.fromkeys(ALL_PEAKS, "nocall")
    assert peaks_answered(folder, "two") == {}
    keep_rows(folder / table, "no such row")
    add(folder, table, "--annotator", "val", "--deleted", "nocall")
    assert peaks_answered(folder, "two") == dict.fromkeys(ALL_PEAKS, "nocall")


@pytest.mark.parametrize("content", ["", "\n", "2.1\t2.4\t0.95 nocall\n"])
def test_labels_of_audacity_that_were_deleted_are_no_calls(folder, content):
    (folder / "detections" / "one.txt").write_text(content)
    add(folder, "detections/one.txt", "--annotator", "val", "--deleted", "nocall")
    assert peaks_answered(folder, "one") == dict.fromkeys(ALL_PEAKS, "nocall")


def test_a_table_with_the_suffix_of_its_recording_belongs_to_that_one(folder):
    """Two recordings may differ in the suffix alone; their tables have it in their names."""
    recordings = write_recordings(folder / "lake", ("bay/one.wav", "bay/one.flac"))
    make_run(folder / "detections", recordings, dict.fromkeys(recordings, peaks()))
    run = read_run(folder / "detections")
    tables = {one.name: f"{one.name.replace('/', '--')}.txt" for one in run.recordings}
    changed = [one.model_copy(update={"table": tables[one.name], "file_stem": "one"}) for one in run.recordings]
    write_run(folder / "detections", run.model_copy(update={"form": "audacity", "recordings": tuple(changed)}))
    (folder / "detections" / "bay--one.flac.txt").write_text("2.1\t2.4\t0.95 nocall\n12.1\t12.6\tcall\n")
    add(folder, "detections/bay--one.flac.txt", "--annotator", "val", "--deleted", "nocall")
    assert {one.recording for one in read_reviews(folder / "labels/reviews.csv")} == {"bay/one.flac"}
    assert peaks_answered(folder, "bay--one") == dict.fromkeys(ALL_PEAKS, "nocall")


def test_a_detection_across_two_recordings_that_was_deleted_is_no_call_in_both(folder):
    ends = peaks({2.0: 0.95, LENGTH_S - CLIP_S: 0.9}), peaks({0.0: 0.85, 6.0: 0.8})
    recordings = {name: folder / "sea" / name for name in ("one.wav", "two.flac")}
    make_run(folder / "detections", recordings, dict(zip(recordings, ends, strict=True)))
    path = write_day(folder)
    rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join(row for row in rows if "0.90" not in row and "0.85" not in row))
    add(folder, str(path.relative_to(folder)), "--annotator", "val", "--deleted", "nocall")
    assert [row[:2] for row in expert(folder)] == [("one_0019500", "nocall"), ("two_0000000", "nocall")]


def test_a_table_of_another_name_does_not_say_which_recordings_it_was_about(folder):
    write_day(folder).rename(folder / "detections" / "mine.txt")
    (line,) = refused(folder, "detections/mine.txt", "--annotator", "val", "--deleted", "nocall")
    assert line == (
        "detections/mine.txt: is not named like a table of the run, so it is unknown which rows were deleted; give it "
        "the name back that python -m tools.detect has written, or leave out --deleted"
    )
    assert "8 not filled in" in add(folder, "detections/mine.txt", "--annotator", "val")


def test_in_a_table_of_a_day_every_row_says_where_it_is_in_its_recording(folder):
    table = fill_in(folder, write_day(folder).name.partition(".Table")[0], row1="nocall")
    path = folder / table
    header, first, *rest = path.read_text().splitlines()
    cells = first.split("\t")
    cells[header.split("\t").index("File Offset (s)")] = ""
    path.write_text("\n".join([header, "\t".join(cells), *rest, ""]))
    (line,) = refused(folder, table, "--annotator", "val")
    assert line.startswith(f"{table}:2: has no File Offset (s), which a table of several files needs")


def test_rows_of_one_recording_that_are_left_of_a_day_still_need_their_place_in_it(folder):
    path = write_day(folder)
    keep_rows(path, "two.flac")
    table = fill_in(folder, "far--2026-11-28", row1="nocall")
    path.write_text("".join(line.rpartition("\t")[0] + "\n" for line in path.read_text().splitlines()))
    (line,) = refused(folder, table, "--annotator", "val")
    assert line.startswith(f"{table}:2: is about 'two.flac', the table is not named after it, and there is no File Off")


def test_a_row_that_was_drawn_into_the_next_recording_is_refused_before_its_deleted_rows_are_no_calls(folder):
    path = write_day(folder)
    keep_rows(path, "one.wav")
    with path.open(newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    rows[3][header.index("End Time (s)")] = "21.5"
    write_rows(path, [header, *rows])
    table = str(path.relative_to(folder))
    (line,) = refused(folder, table, "--annotator", "val", "--deleted", "nocall")
    assert line.startswith(f"{table}:5: 15.0625 to 21.5 s is beyond the end of one.wav, which is 20.000 s long")
    assert "4 not filled in" in add(folder, table, "--annotator", "val")


# --- The data set ---


def test_minutes_around_a_verdict_join_as_flac_and_nothing_changes_when_they_are_there(folder):
    add(folder, append_raven(folder, 17.2, 17.6, "call"), "--annotator", "val", "--minutes", "0.1")
    name = "one_12s_6s.flac"
    path = folder / "data" / "tiny" / "recordings" / name
    assert expert(folder) == [("one_12s_6s_0005150", "call", "val")]
    samples, rate = soundfile.read(path, dtype="int16")
    source, _ = soundfile.read(folder / "sea" / "one.wav", dtype="int16")
    assert rate == SAMPLE_RATE
    np.testing.assert_array_equal(samples, source[12 * SAMPLE_RATE :][: int((6 + CLIP_S) * SAMPLE_RATE)])
    (review,) = read_reviews(folder / "labels" / "reviews.csv")
    assert (review.recording, review.start_s, review.clip_id) == ("one.wav", 17.15, "one_12s_6s_0005150")
    before = contents(folder)
    add(folder, RAVEN.format("one"), "--annotator", "val", "--minutes", "0.1")
    add(folder, RAVEN.format("one"), "--annotator", "val")
    assert contents(folder) == before


def test_another_recording_of_the_same_name_is_told_apart(folder):
    """Two folders of one run may both hold a `one.wav`."""
    add(folder, append_raven(folder, 17.2, 17.6, "call"), "--annotator", "val", "--minutes", "0.1")
    other = write_recordings(folder / "lake", ("zero.wav", "one.wav"))["one.wav"]
    make_run(folder / "detections", {"one.wav": other}, {"one.wav": peaks()})
    table = append_raven(folder, 17.2, 17.6, "nocall")
    (line,) = refused(folder, fill_in(folder, row5="call"), "--annotator", "val", "--minutes", "0.1")
    assert line.startswith(f"{table}:6: ")
    assert "is another recording with the name of this part" in line


@pytest.mark.parametrize("minutes", [[], ["--minutes", "0.1"]])
def test_recordings_of_two_runs_that_would_share_a_name_are_refused(folder, minutes):
    """In one command neither is in the data set yet."""
    recordings = write_recordings(folder / "lake", ("zero.wav", "one.wav"))
    make_run(folder / "later", {"one.wav": recordings["one.wav"]}, {"one.wav": peaks()}, model="e" * 64)
    ours, theirs = fill_in(folder, row1="nocall"), RAVEN.format("one").replace("detections", "later")
    (folder / theirs).write_text((folder / ours).read_text())
    (line,) = refused(folder, ours, theirs, "--annotator", "val", *minutes)
    assert line.startswith(f"{folder}/lake/one.wav: {folder}/sea/one.wav would have the same name in the data set; ")


def test_an_excerpt_of_the_same_sound_in_two_runs_joins_once(folder):
    """The recordings of the runs differ in their bytes, but the excerpt is the same, as it is in two commands."""
    (folder / "lake").mkdir()
    other = folder / "lake" / "one.wav"
    soundfile.write(other, *soundfile.read(folder / "sea" / "one.wav", dtype="int16"), format="WAVEX")
    assert other.read_bytes() != (folder / "sea" / "one.wav").read_bytes()
    make_run(folder / "later", {"one.wav": other}, {"one.wav": peaks()}, model="e" * 64)
    ours, theirs = fill_in(folder, row1="nocall"), RAVEN.format("one").replace("detections", "later")
    (folder / theirs).write_text((folder / ours).read_text())
    assert "1 window joined the pool" in add(folder, ours, theirs, "--annotator", "val", "--minutes", "0.1")


def test_recordings_of_two_runs_whose_clips_would_share_ids_are_refused(folder):
    recordings = write_recordings(folder / "lake", ("zero.wav", "one.flac"))
    make_run(folder / "later", {"one.flac": recordings["one.flac"]}, {"one.flac": peaks()}, model="e" * 64)
    ours, theirs = fill_in(folder, row1="nocall"), RAVEN.format("one").replace("detections", "later")
    (folder / theirs).write_text((folder / ours).read_text().replace("one.wav", "one.flac"))
    lines = refused(folder, ours, theirs, "--annotator", "val")
    assert lines[0] == (
        f"{folder}/sea/one.wav: clips of one.wav and one.flac would have the same ids; rename one of the recordings"
    )


@pytest.mark.parametrize(("minutes", "name"), [([], "one.wav"), (["--minutes", "0.1"], "one_12s_6s.flac")])
def test_the_answers_to_a_clip_of_another_data_set_are_not_replaced(folder, minutes, name):
    """Its recording has the same name, and holds another sound."""
    cove = folder / "data" / "cove"
    sound = write_recordings(cove / "recordings", ("zero.wav", "one.wav"))["one.wav"]
    sound.rename(sound.parent / name)
    stem, start = name.partition(".")[0], 17.2 if not minutes else 5.2
    clip_id = f"{stem}_{round(start * 1000):07d}"
    (cove / "clips.csv").write_text(f"clip_id,recording,start_s,label,site\n{clip_id},{name},{start},,\n")
    write_table(folder / "labels" / "expert.csv", COLUMNS, [(clip_id, "call", "val", "2026-11-20", "")])
    append_raven(folder, 17.2, 17.2 + CLIP_S, "nocall")
    (line,) = refused(folder, fill_in(folder), "--annotator", "val", *minutes)
    assert line == (
        f"data/tiny/clips.csv: answered or queued clips of 1 recording ({name} first) have the ids of other windows "
        "in data/cove, so answers about one would count for the other; rename the recordings, and search them again"
    )


def test_a_recording_that_the_data_set_has_under_another_name_does_not_join_twice(folder):
    pool = next(clip for clip in read_held_out(folder / "labels" / "held_out.csv") if clip.part == "pool")
    name = f"{pool.clip_id.rpartition('_')[0]}.wav"
    source, copy = folder / "data/tiny/recordings" / name, folder / "sea/copy.wav"
    copy.write_bytes(source.read_bytes())
    make_run(folder / "detections", {"copy.wav": copy}, {"copy.wav": peaks({0.25: 0.9})})
    before = sorted(source.parent.iterdir())
    add(folder, fill_in(folder, "copy", row1="nocall"), "--annotator", "val")
    assert sorted(source.parent.iterdir()) == before
    assert {clip_id.rpartition("_")[0] for clip_id, *_ in expert(folder)} == {source.stem}
    (review, *_) = read_reviews(folder / "labels" / "reviews.csv")
    assert review.recording == "copy.wav"


@pytest.mark.parametrize("minutes", [[], ["--minutes", "0.1"]])
def test_a_recording_that_was_searched_under_two_names_joins_once(folder, minutes):
    copy = folder / "sea" / "one (1).wav"
    copy.write_bytes((folder / "sea" / "one.wav").read_bytes())
    recordings = {path.name: path for path in (copy, folder / "sea" / "one.wav")}
    make_run(folder / "detections", recordings, dict.fromkeys(recordings, peaks()))
    tables = [fill_in(folder, "one (1)", row1="nocall"), fill_in(folder, "one", row1="nocall", row2="call")]
    for table in tables:
        add(folder, table, "--annotator", "val", *minutes)
    names = {path.name for path in (folder / "data/tiny/recordings").iterdir() if path.name.startswith("one")}
    assert names == ({"one.wav"} if not minutes else {"one_0s_6s.flac", "one_6s_6s.flac"})
    assert len(expert(folder)) == len({clip_id for clip_id, *_ in expert(folder)}) > 1
    before = contents(folder)
    add(folder, *reversed(tables), "--annotator", "val", *minutes)
    assert contents(folder) == before
    line, *_ = refused(folder, fill_in(folder, "one (1)", row1="call"), tables[1], "--annotator", "val", *minutes)
    assert line.endswith(f", but call on the same day in {tables[0]}:2; keep one")


def searched(folder: Path, *names: str, site_of: dict[str, str] | None = None) -> None:
    """Make a run over copies of one.wav with these names, at sites of their own."""
    content = (folder / "sea" / "one.wav").read_bytes()
    for name in names:
        (folder / "sea" / name).write_bytes(content)
    recordings = {name: folder / "sea" / name for name in names}
    make_run(folder / "detections", recordings, dict.fromkeys(names, peaks()))
    run = read_run(folder / "detections")
    at_sites = [one.model_copy(update={"site": (site_of or {}).get(one.name, one.site)}) for one in run.recordings]
    write_run(folder / "detections", run.model_copy(update={"recordings": tuple(at_sites)}))


def test_copies_of_a_recording_at_two_sites_join_at_one(folder):
    searched(folder, "one.wav", "one (1).wav", site_of={"one.wav": "south", "one (1).wav": "north"})
    add(folder, fill_in(folder, "one (1)", row1="nocall"), fill_in(folder, "one", row1="nocall"), "--annotator", "val")
    joined = [clip for clip in read_clips(folder / "data/tiny/clips.csv") if clip.recording.startswith("one")]
    assert {(clip.recording, clip.site) for clip in joined} == {("one.wav", "south")}


def test_a_copy_that_is_searched_later_joins_the_part_that_is_there(folder):
    minutes = ("--annotator", "val", "--minutes", "0.1")
    searched(folder, "one (1).wav")
    add(folder, fill_in(folder, "one (1)", row1="nocall"), *minutes)
    searched(folder, "one (1).wav", "one.wav")
    add(folder, fill_in(folder, "one", row1="nocall"), *minutes)
    names = {path.name for path in (folder / "data/tiny/recordings").iterdir() if path.name.startswith("one")}
    assert names == {"one (1)_0s_6s.flac"}


def test_a_copy_of_a_held_out_recording_does_not_join_under_its_name(folder):
    """Its file and its clips are gone from the data set, but its windows are held out for good."""
    test = next(clip for clip in read_held_out(folder / "labels" / "held_out.csv") if clip.part == "test")
    name = f"{test.clip_id.rpartition('_')[0]}.wav"
    source = folder / "data/tiny/recordings" / name
    copies = {name: folder / "sea" / name, f"{source.stem} (1).wav": folder / "sea" / f"{source.stem} (1).wav"}
    for copy in copies.values():
        copy.write_bytes(source.read_bytes())
    source.unlink()
    table = folder / "data/tiny/clips.csv"
    table.write_text("".join(line for line in table.read_text().splitlines(keepends=True) if name not in line))
    make_run(folder / "detections", copies, dict.fromkeys(copies, peaks({0.25: 0.9})))
    (line,) = refused(folder, fill_in(folder, f"{source.stem} (1)", row1="nocall"), "--annotator", "val")
    assert f"tiny holds out {name}, so no model may learn from it" in line


def test_beside_annotations_the_import_makes_the_same_clips_again(folder):
    source = write_recordings(folder / "archive", ("x.wav", "y.wav", "a.wav"))["a.wav"].with_suffix(".txt")
    source.write_text("5.0\t5.4\tcall\n")
    importing = ("import_annotations", "bay", "archive/a.txt", "--recordings", "archive")
    assert run_tool(folder, *importing).returncode == 0
    params = folder / "params.yaml"
    params.write_text(replaced(params.read_text(), "dataset: tiny", "dataset: bay"))
    add(folder, fill_in(folder, row1="nocall", row2="call"), "--annotator", "val")
    clips = (folder / "data/bay/clips.csv").read_bytes()
    assert {"one_0002000", "one_0006000"} <= {clip.clip_id for clip in read_clips(folder / "data/bay/clips.csv")}
    stage = (folder / "data/bay/dvc.yaml").read_text()
    assert "data/bay/windows.csv" in stage
    (folder / "data/bay/clips.csv").unlink()
    assert run_tool(folder, *importing[:2]).returncode == 0
    assert (folder / "data/bay/clips.csv").read_bytes() == clips
    # A new import keeps them, too.
    source.write_text("5.0\t5.4\tcall\n7.0\t7.4\tcall\n")
    assert run_tool(folder, *importing).returncode == 0
    assert {"one_0002000", "one_0006000"} <= {clip.clip_id for clip in read_clips(folder / "data/bay/clips.csv")}


# --- Faults ---


def test_recordings_that_are_held_out_are_refused_by_name(folder):
    held = next(clip for clip in read_held_out(folder / "labels" / "held_out.csv") if clip.part == "test")
    name = f"{held.clip_id.rpartition('_')[0]}.wav"
    copy = folder / "sea" / "copy.wav"
    copy.write_bytes((folder / "data/tiny/recordings" / name).read_bytes())
    make_run(folder / "detections", {"copy.wav": copy}, {"copy.wav": peaks({0.25: 0.9})})
    table = fill_in(folder, "copy", row1="nocall")
    expected = (
        f"{table}:2: tiny holds out {name}, so no model may learn from it; remove its verdicts, or restore its "
        "deleted rows"
    )
    assert refused(folder, table, "--annotator", "val") == [expected]
    assert refused(folder, table, "--annotator", "val", "--minutes", "1") == [expected]


def test_a_site_that_is_held_out_is_refused_by_name(folder):
    params = folder / "params.yaml"
    params.write_text(replaced(params.read_text(), "group_by: recording", "group_by: site"))
    held_out = (folder / "labels" / "held_out.csv").read_text().replace(",recording,", ",site,")
    (folder / "labels" / "held_out.csv").write_text(held_out)
    clips = (folder / "data/tiny/clips.csv").read_text()
    (folder / "data/tiny/clips.csv").write_text(clips.replace(",bay", ",Far"))
    table = fill_in(folder, row1="nocall")
    (line,) = refused(folder, table, "--annotator", "val")
    assert line.startswith(f"{table}:2: tiny holds out the site {SITE}, so no model may learn from it")


@pytest.mark.parametrize(
    ("verdict", "fault"),
    [
        ("nocal", "unknown verdict 'nocal'; did you mean 'nocall'?"),
        ("ship", "unknown verdict 'ship'; known are call, nocall, unsure"),
        ("0.9", "unknown verdict '0.9'"),
    ],
)
def test_words_that_are_not_ours_are_refused_with_their_lines(folder, verdict, fault):
    table = fill_in(folder, row2=verdict, row3="call")
    (line,) = refused(folder, table, "--annotator", "val")
    assert line.startswith(f"{table}:3: {fault}")


def test_times_beyond_the_end_are_refused_all_at_once(folder):
    append_raven(folder, 19.9, 21.0, "call")
    table = append_raven(folder, 25.0, 26.0, "nocall")
    lines = refused(folder, table, "--annotator", "val")
    assert [line.partition(" ")[0] for line in lines] == [f"{table}:6:", f"{table}:7:"]
    assert all("is beyond the end of one.wav, which is 20.000 s long" in line for line in lines)


def test_a_silence_shorter_than_a_window_is_refused(folder):
    table = append_raven(folder, 12.0, 12.2, "nocall")
    (line,) = refused(folder, table, "--annotator", "val")
    assert line.startswith(f"{table}:6: nocall for 0.2 s, but a window lasts 0.5 s")


def test_a_row_where_the_recording_holds_no_sound_is_refused(folder):
    scores = peaks()
    scores[90:120] = np.nan
    recordings = {name: folder / "sea" / name for name in ("one.wav", "two.flac")}
    make_run(folder / "detections", recordings, dict.fromkeys(recordings, scores))
    table = append_raven(folder, 13.0, 13.3, "call")
    (line,) = refused(folder, table, "--annotator", "val")
    assert line == f"{table}:6: 13 to 13.3 s of one.wav hold no sound"


def test_a_recording_that_is_gone_or_has_changed_is_refused(folder):
    tables = [fill_in(folder, stem, row1="nocall") for stem in ("one", "two")]
    (folder / "sea" / "one.wav").unlink()
    write_recordings(folder / "sea", ("two.flac",))
    gone, changed = refused(folder, *tables, "--annotator", "val")
    assert gone.startswith(f"{tables[0]}:2: one.wav is no longer at ")
    assert changed.startswith(f"{tables[1]}:2: ")
    assert "has changed since it was searched" in changed


def test_a_table_of_another_run_is_refused(folder):
    recordings = {name: folder / "sea" / name for name in ("one.wav", "two.flac")}
    make_run(folder / "later", recordings, dict.fromkeys(recordings, peaks({3.0: 0.9})), model="e" * 64)
    table = fill_in(folder, row1="nocall")
    (line,) = refused(folder, table, "--annotator", "val", "--run", "later")
    run = read_run(folder / "later").run
    assert line.startswith(f"{table}:2: one.wav has no window with a score of 0.950000 in the run {run}; ")


def test_answers_of_another_run_are_refused(folder):
    windows = draw(folder)
    recordings = {name: folder / "sea" / name for name in ("one.wav", "two.flac")}
    make_run(folder / "later", recordings, model="e" * 64)
    page = write_page(folder, {windows[0].clip_id: "call"})
    (line,) = refused(folder, page, "--run", "later")
    runs = [read_run(folder / name).run for name in ("detections", "later")]
    assert (
        line == f"{page}:2: is about the run {runs[0]}, but later holds the run {runs[1]}; name its folder with --run"
    )
    unknown = write_page(folder, {f"{runs[0]}--one_0000999": "call"}, "unknown.csv")
    assert refused(folder, unknown)[0].startswith(f"unknown.csv:2: {runs[0]}--one_0000999 was not drawn")


def test_answers_about_the_queue_are_refused(folder):
    queue = write_page(folder, {"sea00_0000000": "call"}, "expert-val.csv")
    (line,) = refused(folder, queue)
    assert line.startswith("expert-val.csv:2: 'sea00_0000000' is not a window of a run; ")
    assert "python -m tools.add_labels" in line


def test_a_name_that_two_recordings_share_and_one_that_clashes_are_refused(folder):
    path = folder / "data" / "tiny" / "recordings" / "one.wav"
    soundfile.write(path, np.ones(8000) * 0.1, SAMPLE_RATE)
    table = fill_in(folder, row1="nocall")
    (line,) = refused(folder, table, "--annotator", "val")
    assert line.startswith(f"{table}:2: ")
    assert "is another recording with this path" in line
    path.unlink()
    clips = folder / "data/tiny/clips.csv"
    clips.write_text(clips.read_text() + "one_0000000,one.ogg,0,,bay\n")
    (line,) = refused(folder, table, "--annotator", "val")
    assert line == f"{table}:2: clips of one.wav and one.ogg would have the same ids; rename one of the recordings"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], f"{RAVEN.format('one')}: does not say who filled it in; add --annotator NAME"),
        (["--annotator", ""], "--annotator: annotator is empty"),
        (["--annotator", "val", "--date", "22.11.2026"], "--date: date '22.11.2026' is not a date"),
        (["--annotator", "val", "--minutes", "0"], "--minutes: 0 should be more than 0"),
        (["--annotator", "val", "--run", "nowhere"], "--run: nowhere is no folder"),
        (["--annotator", "val", "--run", "data"], "data/run.json: there is no such file; name a folder that"),
    ],
)
def test_wrong_options_are_refused(folder, arguments, fault):
    fill_in(folder, row1="nocall")
    assert refused(folder, RAVEN.format("one"), *arguments)[0].startswith(fault)


def test_a_table_with_decimal_commas_is_read_as_a_spreadsheet_saves_it(folder):
    for form in ("one.Table.1.selections.txt", "one.csv"):
        path = folder / "detections" / form
        text = path.read_text().replace("\t" if "Table" in form else ",", ";")
        text = re.sub(r"(?<=;\d)\.(?=\d+;)|(?<=;\d\d)\.(?=\d+;)", ",", text)
        assert "0,95" in text
        path.write_bytes(b"\xef\xbb\xbf" + re.sub(r";\n", ";nocall\r\n", text).encode())
        add(folder, f"detections/{form}", "--annotator", form)
    found = {(clip_id, by) for clip_id, label, by in expert(folder) if label == "nocall"}
    assert {(f"one_{peak}", by) for peak in ALL_PEAKS for by in ("one.csv", "one.Table.1.selections.txt")} <= found


def test_a_recording_of_another_name_than_its_table_is_named(folder):
    path = folder / RAVEN.format("one")
    path.write_text(path.read_text().replace("one.wav", "other.wav"))
    (line,) = refused(folder, fill_in(folder, row1="nocall"), "--annotator", "val")
    assert line.startswith(f"{RAVEN.format('one')}:2: is about 'other.wav', the table is not named after it, and there")


def test_a_list_of_what_could_be_drawn_that_is_damaged_or_gone_is_refused(folder):
    page = write_page(folder, {draw(folder)[0].clip_id: "call"})
    path = folder / "detections" / "review_candidates.csv"
    header, first, second = path.read_text().splitlines()
    path.write_text(f"{header}\n{first.replace(',far,', ',far,x')}\n{second},\n".replace(",1,", ",1.5,"))
    lines = refused(folder, page)
    assert re.match(r".*/review_candidates\.csv:2: 'x0\.00\d+' is no number of hours; restore it from a copy", lines[0])
    path.unlink()
    (line,) = refused(folder, page)
    assert "/review_candidates.csv: there is no such file" in line


def test_scores_that_are_cut_off_are_refused(folder):
    table, scores = fill_in(folder, row1="nocall"), folder / "detections" / "scores" / "one.csv"
    scores.write_text("\n".join(scores.read_text().splitlines()[:9]) + "\n")
    (line,) = refused(folder, table, "--annotator", "val")
    assert line.startswith(f"{scores}: has scores of 8 windows, not 157; restore it from a copy")
    result = run_tool(folder, "review", "--count", "5")
    assert (result.returncode, result.stdout) == (1, "")
    assert "scores/one.csv: has scores of 8 windows" in result.stderr


def test_the_answers_of_a_review_are_sent_on_by_add_labels(folder):
    page = write_page(folder, {one.clip_id: "call" for one in draw(folder)})
    (folder / "labels" / "split.csv").write_text("clip_id,part,label\n")
    result = run_tool(folder, "add_labels", page)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"{page}:2: is about a window of a detector run, not about a clip; hand in the whole file with python -m "
        "tools.add_reviews\n"
    )


def test_files_that_are_none_of_ours_are_refused(folder):
    (folder / "notes.md").write_text("a page\nof notes\n")
    (folder / "sea.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    (folder / "sea.zip").write_bytes(b"PK\x03\x04")
    without = folder / "detections" / "three.Table.1.selections.txt"
    without.write_text("Selection\tBegin Time (s)\tEnd Time (s)\n1\t1\t2\n")
    (folder / "elsewhere").mkdir()
    lines = refused(
        folder, "notes.md", "sea.zip", "gone.csv", "sea", str(without.relative_to(folder)), "--annotator", "val"
    )
    assert [line.partition(" ")[0] for line in lines] == [
        "notes.md:",
        "sea.zip:",
        "gone.csv:",
        "sea:",
        "detections/three.Table.1.selections.txt:1:",
    ]
    assert "there is no column Verdict" in lines[-1]


def test_a_file_that_is_not_there_is_refused_with_what_to_name(folder):
    assert refused(folder, "nowhere.csv", "data") == [
        "nowhere.csv: there is no such file; name the CSV of review.html, or a table of tools.detect for Raven, "
        "Audacity or as CSV, with verdicts filled in",
        "data: is a folder; name the files in it",
    ]


def test_a_file_whose_run_is_unknown_is_refused(folder):
    (folder / "detections").rename(folder / "elsewhere")
    table = folder / RAVEN.format("one").replace("detections/", "")
    table.write_bytes((folder / RAVEN.format("one").replace("detections", "elsewhere")).read_bytes())
    (line,) = refused(folder, table.name, "--annotator", "val")
    assert line == f"{table.name}: it is unknown which run it belongs to; add --run FOLDER"


def test_faulty_tables_of_ours_stop_everything(folder):
    table = fill_in(folder, row1="nocall")
    reviews = read_reviews(folder / "labels" / "reviews.csv")
    assert reviews == []
    (folder / "labels" / "reviews.csv").write_text("run,clip_id\n")
    assert refused(folder, table, "--annotator", "val")[0].startswith("labels/reviews.csv:1: missing column batch")
    write_reviews(folder / "labels" / "reviews.csv", [])
