"""The windows that are drawn from a run, and the files that a draw leaves in its folder."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from stages.lib.runtime.table import write_table
from stages.lib.tables.expert import COLUMNS
from stages.lib.tables.held_out import read_held_out
from stages.lib.tables.reviews import read_reviews
from tests.stages.conftest import write_data_set
from tests.support.run_folder import CLIP_S, LENGTH_S, make_run, random_scores, write_recordings
from tests.support.tool import run_tool
from tools.lib.detection.run_record import read_run, write_run
from tools.lib.draws.candidates import BINS
from tools.lib.draws.draws import read_covered, read_draws
from tools.lib.draws.runs_table import COLUMNS as RUN_COLUMNS


@pytest.fixture
def folder(tmp_path) -> Path:
    """A data set, and a run over two recordings that it does not have."""
    write_data_set(tmp_path, recording_count=12)
    make_run(tmp_path / "detections", write_recordings(tmp_path / "sea"))
    return tmp_path


def review(folder: Path, *arguments: str) -> str:
    result = run_tool(folder, "review", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def refused(folder: Path, *arguments: str) -> list[str]:
    before = sorted(folder.rglob("*"))
    result = run_tool(folder, "review", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert sorted(folder.rglob("*")) == before
    return result.stderr.splitlines()


def page_of(path: Path) -> dict:
    return json.loads(re.search(r'id="page">(.*?)</script>', path.read_text())[1])


def test_windows_of_all_scores_and_recordings_are_drawn_and_their_weights_add_up(folder):
    said = review(folder, "--count", "14", "--surest", "2", "--uncertain", "3")
    windows = read_reviews(folder / "detections" / "review.csv")
    drawn = [one for one in windows if one.drawn]
    assert (len(windows), len(drawn)) == (19, 14)
    assert set(Counter(one.bin for one in drawn).values()) == {2}
    assert {one.recording for one in drawn} == {"one.wav", "two.flac"}
    covered = read_covered(folder / "detections")
    assert [(one.recording, one.site, one.hours) for one in covered] == [
        (name, "far", pytest.approx(LENGTH_S / 3600)) for name in ("one.wav", "two.flac")
    ]
    for position, name in enumerate(BINS):
        candidates = sum(one.candidates[position] for one in covered)
        assert sum(one.weight for one in drawn if one.bin == name) == pytest.approx(candidates)
    assert [(one.p_call, one.bin, one.weight) for one in windows if not one.drawn] == [(None, "", None)] * 5
    assert "14 windows drawn at random by score (2 of 0.00-0.02," in said
    assert "and 5 more, chosen by score, in 2 recordings" in said


def test_the_page_shows_them_in_no_order_and_hides_the_scores(folder):
    review(folder, "--count", "14")
    page = page_of(folder / "detections" / "review.html")
    windows = {one.clip_id: one for one in read_reviews(folder / "detections" / "review.csv")}
    assert page["table"] is None
    shown = [windows[clip["clip_id"]] for clip in page["clips"]]
    assert len(shown) == len(windows)
    assert [clip["score"] for clip in page["clips"]] == [one.p_call for one in shown]
    by_score = sorted(shown, key=lambda one: one.p_call)
    assert shown not in (by_score, by_score[::-1])


def test_the_same_run_gives_the_same_draw(folder, tmp_path_factory):
    review(folder, "--count", "9")
    other = tmp_path_factory.mktemp("other")
    write_data_set(other, recording_count=12)
    make_run(other / "detections", write_recordings(folder / "sea"))
    review(other, "--count", "9")
    for name in ("review.csv", "review_candidates.csv", "review.html"):
        assert (other / "detections" / name).read_bytes() == (folder / "detections" / name).read_bytes()


def test_a_second_draw_keeps_the_first_and_draws_others_until_none_are_left(folder):
    review(folder, "--count", "10")
    first = {path: path.read_bytes() for path in (folder / "detections").glob("review*")}
    review(folder, "--count", "10")
    assert {path: path.read_bytes() for path in first} == first
    assert len(read_draws(folder / "detections")) == 20
    assert len({one.clip_id for one in read_draws(folder / "detections")}) == 20
    review(folder, "--count", "10000")
    windows = read_draws(folder / "detections")
    assert len({one.clip_id for one in windows}) == len(windows)
    assert len(windows) == sum(sum(one.candidates) for one in read_covered(folder / "detections"))
    (line,) = refused(folder, "detections", str(folder / "detections"))
    assert "detections: all windows have been drawn" in line


def test_windows_chosen_by_score_can_still_be_drawn_at_random_but_are_not_chosen_again(folder):
    review(folder, "--count", "7", "--surest", "4", "--uncertain", "3")
    first = read_draws(folder / "detections")
    review(folder, "--count", "7", "--surest", "4", "--uncertain", "3")
    chosen = [one.clip_id for one in read_draws(folder / "detections") if not one.drawn]
    assert len(chosen) == len(set(chosen)) == 14
    review(folder, "--count", "10000")
    drawn = [one.clip_id for one in read_draws(folder / "detections") if one.drawn]
    assert {one.clip_id for one in first} <= set(drawn)
    assert len(drawn) == len(set(drawn)) == sum(sum(one.candidates) for one in read_covered(folder / "detections"))


def test_pages_with_the_same_first_window_keep_their_answers_apart(folder):
    review(folder, "--count", "1", "--surest", "10000")
    review(folder, "--count", "10000")
    first, second = (page_of(folder / "detections" / name) for name in ("review.html", "review-2.html"))
    assert first["clips"][0]["clip_id"] == second["clips"][0]["clip_id"]
    assert first["digest"] != second["digest"]


def test_where_recordings_have_joined_the_windows_are_drawn_from_these(folder):
    review(folder, "--count", "10")
    (old,) = {one.batch for one in read_covered(folder / "detections")}
    make_run(folder / "detections", write_recordings(folder / "sea", ("one.wav", "two.flac", "three.wav")))
    review(folder, "--count", "10")
    later = read_reviews(folder / "detections" / "review-2.csv")
    assert {one.recording for one in later} == {"three.wav"}
    (new,) = {one.batch for one in later}
    covered = read_covered(folder / "detections")
    assert new != old
    assert [(one.recording, one.batch) for one in covered] == [("one.wav", old), ("two.flac", old), ("three.wav", new)]


def test_a_recording_that_has_changed_since_a_draw_is_not_drawn_from_again(folder):
    """What is known of its hours and windows is what there was when it was drawn from."""
    review(folder, "--count", "6")
    before = read_covered(folder / "detections")
    run = read_run(folder / "detections")
    recordings = {one.name: Path(one.path) for one in run.recordings}
    make_run(folder / "detections", recordings, {"one.wav": random_scores(9), "two.flac": random_scores(1)})
    said = review(folder, "--count", "400")
    assert said.startswith(
        f"{folder}/sea/one.wav: has changed since windows of it were drawn, so no more are drawn; to "
        "review it, search it again with another --output\n"
    )
    assert {one.recording for one in read_reviews(folder / "detections" / "review-2.csv")} == {"two.flac"}
    assert read_covered(folder / "detections") == before


def test_of_a_recording_under_two_names_windows_are_drawn_once(folder):
    copy = folder / "sea" / "a.wav"
    recordings = {one.name: Path(one.path) for one in read_run(folder / "detections").recordings}
    review(folder, "--count", "6")
    copy.write_bytes((folder / "sea" / "one.wav").read_bytes())
    make_run(folder / "detections", {**recordings, "a.wav": copy})
    said = review(folder, "--count", "400")
    assert said.startswith(f"{copy}: holds the same bytes as {folder}/sea/one.wav; no window of it is drawn\n")
    assert {one.recording for one in read_reviews(folder / "detections" / "review-2.csv")} == {"one.wav", "two.flac"}


def test_a_recording_counts_once_although_two_folders_hold_searches_of_it(folder):
    """As after --false-alarms, which wants another --output. Its hours would count twice, and so would its windows."""
    paths = write_recordings(folder / "sea", ("one.wav", "two.flac", "three.wav"))
    make_run(folder / "quiet", {f"sea/{name}": path for name, path in paths.items()}, threshold=0.9)
    review(folder, "--count", "20")
    windows = read_draws(folder / "detections")
    page = folder / "detections" / "saved.csv"
    write_table(page, COLUMNS, [(one.clip_id, "nocall", "val", "2026-11-22", "") for one in windows])
    write_table(folder / "labels" / "expert.csv", COLUMNS, [])
    write_table(folder / "labels" / "runs.csv", RUN_COLUMNS, [])
    assert run_tool(folder, "add_reviews", str(page)).returncode == 0
    said = review(folder, "quiet", "--count", "20")
    assert {one.recording for one in read_covered(folder / "quiet")} == {"sea/three.wav"}
    assert said.count("windows of it were drawn in another folder of this run; no window of it is drawn") == 2
    # A search of the same recordings alone, as on another computer, gives the same draw.
    make_run(folder / "again", {name: paths[name] for name in ("one.wav", "two.flac")})
    review(folder, "again", "--count", "20")
    assert read_draws(folder / "again") == windows


def test_what_the_data_set_holds_out_is_not_drawn(folder):
    held = next(clip for clip in read_held_out(folder / "labels" / "held_out.csv") if clip.part == "test")
    name = f"{held.clip_id.rpartition('_')[0]}.wav"
    run = read_run(folder / "detections")
    one, two = run.recordings
    source = folder / "data" / "tiny" / "recordings" / name
    copy = folder / "sea" / "copy.wav"
    copy.write_bytes(source.read_bytes())
    make_run(folder / "detections", {"copy.wav": copy, "two.flac": Path(two.path)})
    said = review(folder, "--count", "10000")
    assert f"copy.wav: tiny holds out {name}, so no model may learn from it; no window of it is drawn" in said
    assert {one.recording for one in read_draws(folder / "detections")} == {"two.flac"}


def test_a_recording_that_is_gone_is_left_out_and_one_that_has_changed_is_refused(folder):
    (folder / "sea" / "one.wav").unlink()
    assert "one.wav: is no longer there; no window of it is drawn" in review(folder, "--count", "5")
    write_recordings(folder / "sea", ("two.flac",))
    (line,) = refused(folder, "--count", "5")
    assert line.startswith("detections/run.json: ")
    assert "two.flac has changed since it was searched" in line


def test_a_run_with_other_windows_than_the_clips_is_refused(folder):
    run = read_run(folder / "detections")
    write_run(folder / "detections", run.model_copy(update={"clip_s": 1.0}))
    (line,) = refused(folder)
    assert line.startswith(f"detections/run.json: its windows are 1 s long, but a clip of tiny is {CLIP_S:g} s")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--count", "0"], "--count 0: should be 1 or more"),
        (["--surest", "-1"], "--surest -1: should be 0 or more"),
        (["--uncertain", "-1"], "--uncertain -1: should be 0 or more"),
        (["nowhere"], "nowhere/run.json: there is no such file"),
        (["params.yaml"], "params.yaml/run.json: there is no such file; name a folder that"),
    ],
)
def test_wrong_options_are_refused(folder, arguments, fault):
    assert refused(folder, *arguments)[0].startswith(fault)


def test_a_data_set_that_could_not_keep_the_windows_is_refused_before_anybody_listens(folder):
    (folder / "data" / "tiny" / "dvc.yaml").write_text("stages: {}\n")
    (line,) = refused(folder)
    assert line.startswith("data/tiny/clips.csv: data/tiny/dvc.yaml would overwrite it")
