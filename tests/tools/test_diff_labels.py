import json
import sys
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from experiments.clone import commit, git
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.held_out import COLUMNS as HELD_OUT_COLUMNS
from stages.lib.tables.held_out import HELD_OUT
from stages.lib.tables.reviews import COLUMNS as REVIEW_COLUMNS
from stages.lib.tables.reviews import REVIEWS
from stages.lib.tables.settled import COLUMNS as SETTLED_COLUMNS
from stages.lib.tables.settled import SETTLED
from tests.support.edit import replaced
from tests.support.label_repository import HEADER, make_label_repository, without_outputs
from tests.support.tool import run_tool
from tools.diff_labels import main
from tools.lib.draws.runs_table import COLUMNS as RUN_COLUMNS
from tools.lib.draws.runs_table import RUNS
from tools.lib.review.accuracy_change import CONFUSION, EVALUATION, labels_were_used
from tools.lib.review.contact_sheet import MOST_CLIPS
from tools.lib.revisions import full_name
from tools.lib.rounds.rounds_table import ROUNDS, Round

TABLE = Path("labels/expert.csv")
TRUTH = "c" * 50 + "n" * 50
# Right on 80 clips; then on six more, and on one less.
BEFORE = "c" * 40 + "n" * 10 + "n" * 40 + "c" * 10
AFTER = "c" * 46 + "n" * 4 + "n" * 39 + "c" * 11
SPREAD = 0.003
VERDICT = "The change in accuracy, +0.0100, is no larger than chance."


def measure(predictions: str, truth: str = TRUTH, first_clip: int = 0, clips_a_recording: int = 1) -> None:
    """Write what `dvc repro` leaves behind when the labels are as they are now."""
    names = {"c": "calls", "n": "nocalls"}
    CONFUSION.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        f"clip{number:03d},sea{number // clips_a_recording:03d},{names[so]},{names[said]}\n"
        for number, (so, said) in enumerate(zip(truth, predictions, strict=True), start=first_clip)
    ]
    CONFUSION.write_text("clip_id,recording,truth,prediction\n" + "".join(rows))
    Path("metrics/report.txt").write_text(f"Before: the baseline\n\n{VERDICT}\n")
    EVALUATION.write_text(json.dumps({"after": {"training_spread": {"accuracy": SPREAD}}}))
    digest = md5(TABLE.read_bytes()).hexdigest()
    Path("dvc.lock").write_text(f"stages:\n  merge_labels:\n    deps:\n    - path: {TABLE}\n      md5: {digest}\n")


def answer(*rows: str) -> None:
    TABLE.write_text(HEADER + "".join(f"{row}\n" for row in rows))


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """A repository of a commit with two answers by val, measured."""
    monkeypatch.chdir(make_label_repository(tmp_path / "repository"))
    measure(BEFORE)
    commit(Path(), "Measure")
    return Path()


@pytest.fixture
def review(monkeypatch, capsys):
    """A function that runs the tool here and returns its lines."""

    def run_here(*arguments: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["diff_labels", *arguments])
        main()
        return capsys.readouterr().out.splitlines()

    return run_here


def section(lines: list[str], title: str) -> list[str]:
    """Return the lines of a section that are not blank."""
    start = next(number for number, line in enumerate(lines) if line.startswith(f"## {title}"))
    rest = lines[start + 1 :]
    end = next((number for number, line in enumerate(rest) if line.startswith("## ")), len(rest))
    return [line for line in rest[:end] if line]


def test_without_a_change_it_says_so(repository, review):
    lines = review("HEAD")
    assert lines[0] == ("labels: no change; accuracy 0.800 -> 0.800, 95 % interval of the change +0.000 to +0.000")
    assert section(lines, "Changes") == ["No answer was added, changed or removed."]


def test_the_first_line_says_it_all(repository, review):
    answer(
        "bay_0000000,unsure,ann,2026-11-21,",
        "bay_0003000,call,ann,2026-11-21,",
        "bay_0003000,unsure,val,2026-11-21,ferry",
        "deep_0004000,call,ann,2026-11-21,",
        "deep_0004000,nocall,zoe,2026-11-21,",
    )
    measure(AFTER)
    first = review("HEAD")[0]
    labels, accuracy = first.split("; ")
    assert labels == "labels: +4 (2 call, 1 nocall, 1 unsure), 1 changed, 1 removed, 2 disputed"
    assert accuracy.startswith("accuracy 0.800 -> 0.850, 95 % interval of the change +0.0")


def test_what_changed_is_counted_by_annotator_and_class(repository, review):
    answer(
        "bay_0003000,call,val,2026-11-21,I was wrong",
        "deep_0004000,call,ann,2026-11-21,",
        "deep_0008000,nocall,ann,2026-11-21,",
        "bay_0010500,nocall,ann,2026-11-21,",
    )
    assert section(review("HEAD"), "Changes since `HEAD`") == [
        "| annotator | answers | call | nocall | unsure |",
        "| --- | --- | --- | --- | --- |",
        "| `ann` | added | 1 | 2 | 0 |",
        "| `val` | changed | 1 | 0 | 0 |",
        "| `val` | removed | 1 | 0 | 0 |",
        "| clip | annotator | before | now | note |",
        "| --- | --- | --- | --- | --- |",
        "| `bay_0003000` | `val` | `nocall` | `call` | `I was wrong` |",
        "| `deep_0000000` | `val` | `call` | removed |  |",
    ]


def test_a_date_or_note_alone_is_no_change_of_a_label(repository, review):
    answer("bay_0003000,nocall,val,2026-11-21,ferry", "deep_0000000,call,val,2026-11-20,faint")
    lines = review("HEAD")
    assert lines[0].startswith("labels: no change; ")
    assert "| `val` | date or note only | 1 | 1 | 0 |" in lines


# What makes a row of one of the tables another one.
OTHER_ROWS = (("reef", "bay"), ("0003000", "0010500"), ("0.02-0.10", "0.10-0.30"), ("1,d", "2,d"))


@pytest.mark.parametrize(
    ("path", "rows", "edit"),
    [
        (HELD_OUT, [HELD_OUT_COLUMNS, ("reef", "bay_0003000", "test", "0.2", "1", "site", "3.0")], ("test,", "valid,")),
        (RUNS, [RUN_COLUMNS, ("r", "b", "m", "3", "1", "bay", "0.02-0.10", "2", "1.5", "40")], (",1.5,", ",15,")),
        (SETTLED, [SETTLED_COLUMNS, ("bay_0003000", "nocall", "1")], (",1", ",2")),
        (ROUNDS, [Round._fields, ("1", *"d" * (len(Round._fields) - 1))], (",d,d", ",e,e")),
        (REVIEWS, [REVIEW_COLUMNS, ("r", "b", "bay_0003000", "bay.wav", "3", "", "0.05", "x", "4")], ("0.05", "0.09")),
    ],
)
def test_rows_that_are_for_good_are_missed(repository, review, path, rows, edit):
    columns, row = map(",".join, rows)
    path.write_text(f"{columns}\n{row}\n")
    commit(Path(), "A table that only grows")
    more = replaced(row, *next(pair for pair in OTHER_ROWS if pair[0] in row))
    path.write_text(f"{columns}\r\n{more}\r\n{row}\r\n")
    assert not any(line.startswith("**") for line in review("HEAD"))
    for worse in (f"{columns}\n{replaced(row, *edit)}\n", f"{columns}\n"):
        path.write_text(worse)
        (remark,) = (line for line in review("HEAD") if line.startswith("**"))
        assert remark.startswith(f"**{path} differs from the revision in rows that are for good**, so ")
    path.write_text("<<<<<<< HEAD\n")
    assert f"{path} cannot be read here or at the revision, so its rows are not compared." in review("HEAD")


def test_a_clip_that_joins_those_held_out_is_named(repository, review):
    rows = [HELD_OUT_COLUMNS, ("reef", "bay_0003000", "test", "0.2", "1", "site", "3.0")]
    columns, row = map(",".join, rows)
    HELD_OUT.write_text(f"{columns}\n{row}\n")
    commit(Path(), "Held out")
    HELD_OUT.write_text(f"{columns}\n{row}\n{replaced(row, '0003000', '0010500')}\n")
    (remark,) = (line for line in review("HEAD") if line.startswith("**"))
    assert remark.startswith(f"**{HELD_OUT} differs from the revision in rows that are for good**, so figures before")


def test_a_clip_that_experts_have_come_to_disagree_about_need_not_stay_settled(repository, review):
    SETTLED.write_text("clip_id,label,round\nbay_0003000,nocall,1\n")
    commit(Path(), "Settled")
    SETTLED.write_text("clip_id,label,round\n")
    answer("bay_0003000,nocall,val,2026-11-20,", "bay_0003000,call,ann,2026-11-21,")
    assert not any(line.startswith("**") for line in review("HEAD"))


def test_order_and_line_endings_are_no_change(repository, review):
    rows = TABLE.read_text().splitlines()
    TABLE.write_text("\r\n".join([rows[0], *reversed(rows[1:])]), newline="")
    assert review("HEAD")[0].startswith("labels: no change; ")


def test_contradictions_of_model_data_set_and_experts_are_shown(repository, review):
    old = TABLE.read_text().splitlines()[1:]
    answer(
        *old,
        "bay_0000000,nocall,ann,2026-11-21,",  # the data set says call
        "bay_0003000,call,ann,2026-11-21,loud",  # the model, the data set and val say nocall
        "bay_0010500,call,ann,2026-11-21,",  # nobody else says anything, and the model agrees
        "deep_0000000,call,ann,2026-11-21,",  # the model has decided for nocall
        "deep_0004000,unsure,ann,2026-11-21,",  # contradicts nobody
    )
    assert section(review("HEAD"), "Contradictions") == [
        "4 clips with a new or changed answer of `call` or `nocall`. Against the model: 2 of 3 with a score (1 where "
        "it had decided). Against the data set: 2 of 3 with a label. Against another expert: 1 of 2 with several "
        "answers.",
        "| clip | answers | model's p_call | data set | notes |",
        "| --- | --- | --- | --- | --- |",
        "| `deep_0000000` | `val` `call`, `ann` `call` | **0.100 `nocall`** | `call` |  |",
        "| `bay_0003000` | **`val` `nocall`, `ann` `call`** | **0.410 `uncertain`** | **`nocall`** | `loud` |",
        "| `bay_0000000` | `ann` `nocall` |  | **`call`** |  |",
    ]


def test_disputed_clips_are_listed_old_ones_too(repository, review):
    answer("bay_0003000,nocall,val,2026-11-20,ferry", "bay_0003000,call,ann,2026-11-20,")
    commit(Path(), "Disagree")
    assert "| `bay_0003000` | `val` `nocall`, `ann` `call` | 0.410 `uncertain` |" in section(review("HEAD"), "Disputed")


def test_the_accuracy_is_compared_clip_by_clip(repository, review):
    measure(AFTER)
    *rows, verdict, remark, baseline = section(review("HEAD"), "Gain from the labels")
    assert rows == [
        "| retrained model | at the revision | now | change |",
        "| --- | --- | --- | --- |",
        "| accuracy | 0.800 (80 of 100) | 0.850 (85 of 100) | +0.050 |",
        "| sensitivity | 0.800 (40 of 50) | 0.920 (46 of 50) | +0.120 |",
        "| specificity | 0.800 (40 of 50) | 0.780 (39 of 50) | -0.020 |",
    ]
    # Seven clips differ, of which six were won: the exact test gives 2 (1 + 7) / 2 ** 7.
    assert verdict.startswith("The change in accuracy, +0.0500 (95 % interval +0.0")
    assert verdict.endswith("permutation test p = 0.12), is no larger than chance.")
    assert remark.startswith("The intervals draw whole recordings (100)")
    # Both models vary by as much, so their difference by 2 ** 0.5 times that.
    assert remark.endswith("by about 0.0042 (one standard deviation).")
    assert baseline == f"From the baseline to the retrained model, metrics/report.txt says: `{VERDICT}`"


def test_a_change_larger_than_chance_is_called_so(repository, review):
    measure(TRUTH)
    assert section(review("HEAD"), "Gain from the labels")[5].endswith("is larger than chance.")


@pytest.mark.parametrize(("truth", "first_clip", "common"), [(TRUTH, 40, 60), (TRUTH[:-1], 0, 99), (TRUTH, 500, 0)])
def test_other_test_clips_are_not_compared_even_where_their_truths_read_alike(
    repository, review, truth, first_clip, common
):
    measure(truth, truth, first_clip)
    lines = review("HEAD")
    assert lines[0] == "labels: no change; accuracy 0.800 -> 1.000, on other test clips"
    said = section(lines, "Gain")
    assert said[0] == (
        f"The test clips differ: 100 at the revision, {len(truth)} now, {common} in both. So the two accuracies cannot "
        "be compared clip by clip, and no interval or test is given."
    )
    assert not any("test p" in line or "interval of the change" in line for line in [lines[0], *said])


def test_the_same_clips_in_another_order_are_compared_clip_by_clip(repository, review):
    measure(AFTER)
    in_order = review("HEAD")
    header, *rows = CONFUSION.read_text().splitlines(keepends=True)
    CONFUSION.write_text(header + "".join(reversed(rows)))
    assert review("HEAD") == in_order


def test_test_clips_of_which_labels_were_corrected_are_not_compared(repository, review):
    measure(BEFORE, "n" * 2 + TRUTH[2:])
    lines = review("HEAD")
    assert lines[0] == "labels: no change; accuracy 0.800 -> 0.780, on test clips with other labels"
    assert section(lines, "Gain")[0].startswith("2 test clips had another label at the revision. So the two")


def test_a_revision_that_does_not_name_its_test_clips_is_not_compared(repository, review):
    CONFUSION.write_text("truth,prediction\n" + "calls,calls\n" * 100)
    commit(Path(), "As an older version of the program wrote it")
    measure(AFTER)
    lines = review("HEAD")
    assert lines[0] == "labels: no change; accuracy 0.850, none at the revision"
    assert "does not name its clips there, so nothing is compared" in section(lines, "Gain")[0]


def test_few_recordings_are_not_drawn_and_it_says_so(repository, review):
    measure(AFTER, clips_a_recording=10)
    remark = section(review("HEAD"), "Gain")[-2]
    assert remark.startswith("The intervals treat clips of one recording as independent")
    assert "(10 of at least 20)" in remark


def test_labels_that_are_newer_than_the_accuracy_are_not_given_one(repository, review):
    answer("bay_0003000,call,val,2026-11-20,ferry")
    lines = review("HEAD")
    assert lines[0] == "labels: 1 changed, 1 removed; accuracy not measured yet; run dvc repro"
    assert section(lines, "Gain") == [
        "Not measured yet: labels/expert.csv has changed since the last dvc repro. Run `dvc repro`."
    ]


def test_labels_that_had_the_line_endings_of_windows_are_no_older(repository, review):
    """Git stores others, so another clone has others than the pipeline read."""
    stored = TABLE.read_bytes()
    TABLE.write_bytes(stored.replace(b"\n", b"\r\n"))
    measure(AFTER)
    TABLE.write_bytes(stored)
    commit(Path(), "Measure labels from Windows")
    lines = review("HEAD")
    assert lines[0].startswith("labels: no change; accuracy 0.850 -> 0.850")
    assert "older labels" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("path", "reason"),
    [("dvc.lock", f"{TABLE} has changed since the last dvc repro"), (str(CONFUSION), f"{CONFUSION} cannot be read")],
)
def test_without_outputs_there_is_no_accuracy(repository, review, path, reason):
    Path(path).unlink()
    lines = review("HEAD")
    assert lines[0] == "labels: no change; accuracy not measured yet; run dvc repro"
    assert section(lines, "Gain")[0] == f"Not measured yet: {reason}. Run `dvc repro`."


def test_without_test_clips_no_run_is_asked_for(repository, review):
    measure("", "")
    lines = review("HEAD")
    assert lines[0] == "labels: no change; no accuracy, because there are no test clips"
    assert section(lines, "Gain") == ["Nothing is measured without test clips."]


def test_the_digest_of_the_labels_is_the_one_that_dvc_notes(finished):
    assert labels_were_used(finished)


def test_a_revision_before_the_first_measurement_has_no_accuracy(repository, review):
    assert review("HEAD~1")[0] == "labels: no change; accuracy 0.800, none at the revision"


def test_a_revision_whose_labels_were_newer_is_named(repository, review):
    answer("bay_0003000,call,val,2026-11-20,ferry")
    commit(Path(), "Answer")
    measure(AFTER)
    assert section(review("HEAD"), "Gain")[-2] == (
        "The accuracy at the revision is from older labels: labels/expert.csv is newer there."
    )


def test_a_revision_without_labels_counts_all_as_added(repository, review):
    TABLE.rename("expert.csv")
    commit(Path(), "Take away")
    Path("expert.csv").rename(TABLE)
    lines = review("HEAD")
    assert lines[0].startswith("labels: +2 (1 call, 1 nocall); ")
    assert lines[2] == "labels/expert.csv is not in the revision, so every answer counts as added."


def test_faulty_rows_of_the_revision_are_left_out_and_counted(repository, review):
    right = TABLE.read_text()
    TABLE.write_text(right + "bay_0010500,<b>,val,2026-11-20,\nx,y\n")
    commit(Path(), "Break")
    TABLE.write_text(right)
    lines = review("HEAD")
    assert lines[0].startswith("labels: no change; ")
    assert lines[2] == "2 faulty rows or lines of labels/expert.csv at the revision are left out."


def test_faulty_rows_of_now_are_refused(repository, review):
    answer("bay_0003000,orca,val,2026-11-20,", "test_0000000,call,val,2026-11-20,")
    with pytest.raises(InputFaults) as caught:
        review("HEAD")
    assert [line.split(" ")[0] for line in caught.value.lines] == ["labels/expert.csv:2:", "labels/expert.csv:3:"]


def test_a_clone_without_dvcs_outputs_is_reviewed_as_far_as_possible(repository, review):
    without_outputs(repository)
    answer("bay_0003000,call,ann,2026-11-21,")
    lines = review("HEAD", "--sheet", "sheet.png")
    assert lines[0].startswith("labels: +1 (1 call), 2 removed; ")
    assert "labels/pool_scores.csv is missing, so nothing is compared with it; run `dvc pull`." in lines
    assert section(lines, "Contradictions") == [
        "1 clip with a new or changed answer of `call` or `nocall`. Against the model: 0 of 0 with a score (0 where "
        "it had decided). Against the data set: 0 of 0 with a label. Against another expert: 0 of 0 with several "
        "answers."
    ]
    assert section(lines, "Spectrograms")[0].startswith("No sheet was drawn. Recording missing or unreadable:")
    assert not Path("sheet.png").exists()


def test_a_sheet_has_an_end_and_says_so(repository, review):
    without_outputs(repository)
    answer(*(f"clip_{number:07d},call,val,2026-11-21," for number in range(MOST_CLIPS + 7)))
    assert " 9 more clips left out. " in section(review("HEAD", "--sheet", "sheet.png"), "Spectrograms")[0]


def test_answers_that_a_branch_does_not_have_yet_are_not_taken_for_removed_in_silence(repository, review):
    git(repository, "checkout", "--quiet", "-b", "answers")
    left = git(repository, "rev-parse", "HEAD").strip()
    answer(*TABLE.read_text().splitlines()[1:], "bay_0010500,call,ann,2026-11-21,")
    commit(repository, "Answer")
    git(repository, "checkout", "--quiet", "main")
    Path("params.yaml").touch()
    commit(repository, "Anything")
    assert review("answers~1")[2].startswith("## Changes")
    lines = review("answers")
    assert lines[0].startswith("labels: 1 removed; ")
    assert lines[2] == (
        "This branch lacks 1 commit of `answers` that changed labels/expert.csv, so its answers appear as removed. "
        f"Merge `answers`, or compare with {left[:7]}, where the two part."
    )


@pytest.mark.parametrize("base", ["nowhere", "--help-me", "HEAD~99", "", "HEAD:labels", "a b"])
def test_a_revision_that_git_does_not_know_is_a_sentence(repository, review, base):
    with pytest.raises(InputFaults, match="is not a commit known to git"):
        review("--", base)


def test_a_shallow_clone_can_fetch_the_history_that_it_lacks(repository, tmp_path, monkeypatch):
    before = git(repository, "rev-parse", "HEAD~1").strip()
    git(repository, "clone", "--quiet", "--depth", "1", f"file://{tmp_path / 'repository'}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    with pytest.raises(InputFaults, match="first run git fetch --unshallow, because"):
        full_name("HEAD~1")
    git(Path(), "fetch", "--quiet", "--unshallow")
    assert full_name("HEAD~1") == before


def test_outside_of_git_it_says_so(tmp_path, monkeypatch, review):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputFaults, match="not a git repository"):
        review("HEAD")


def test_a_lock_that_is_not_utf8_does_not_count(repository, review):
    Path("dvc.lock").write_bytes(b"\xff")
    assert review("HEAD")[0].endswith("accuracy not measured yet; run dvc repro")


def test_notes_cannot_break_the_page(repository, review):
    answer('bay_0003000,call,val,2026-11-21,"<img src=x> | `tick` @everyone\n| a | b |"')
    lines = section(review("HEAD"), "Changes")
    assert lines[-2].endswith(
        "| <code>&#60;img src&#61;x&#62; &#124; &#96;tick&#96; &#64;everyone &#124; a &#124; b &#124;</code> |"
    )


def test_it_runs_as_the_documentation_says_and_draws_a_sheet(repository):
    random = np.random.default_rng(0)
    for name in ("bay.flac", "2019/deep.flac"):
        path = Path("data/reef/recordings") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, random.normal(scale=0.1, size=22050 * 12), 22050)
    old = TABLE.read_text().splitlines()[1:]
    answer(*old[:1], "deep_0004000,call,$x_1$ 沙羅,2026-11-21,", "deep_0008000,call,val,2026-11-21,")
    Path("data/reef/clips.csv").write_text(
        Path("data/reef/clips.csv").read_text() + "gone_0000000,gone.flac,0,,\ntext_0000000,text.flac,0,,\n"
    )
    with Path("labels/split.csv").open("a") as file:
        file.write("gone_0000000,pool,\ntext_0000000,pool,\n")
    Path("data/reef/recordings/text.flac").write_text("no sound")
    with TABLE.open("a") as file:
        file.write("gone_0000000,call,val,2026-11-21,\ntext_0000000,call,val,2026-11-21,\n")
    done = run_tool(repository, "diff_labels", "HEAD", "--sheet", "sheets/sheet.png")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "labels: +4 (4 call), 1 removed; accuracy not measured yet; run dvc repro"
    assert lines[-1] == (
        "`sheets/sheet.png`: 3 clips. Recording missing or unreadable: `gone_0000000`, `text_0000000`; run `dvc pull`."
    )
    with Image.open("sheets/sheet.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 260))
    unknown = run_tool(repository, "diff_labels", "nowhere")
    assert (unknown.returncode, unknown.stdout, unknown.stderr.count("\n")) == (1, "", 1)


def test_a_sheet_of_another_format_is_refused(repository, review):
    with pytest.raises(InputFaults, match="ends in .png"):
        review("HEAD", "--sheet", "sheet.pdf")


def test_a_name_in_other_capitals_is_no_change(repository, review):
    TABLE.write_text(TABLE.read_text().replace(",val,", ",VAL,"))
    assert review("HEAD")[0].startswith("labels: no change")


def test_an_answer_about_a_clip_of_another_data_set_can_be_reviewed(repository, review):
    Path("data/old").mkdir()
    Path("data/old/clips.csv").write_text("clip_id,recording\nold_0000000,old.wav\n")
    TABLE.write_text(TABLE.read_text() + "old_0000000,call,val,2026-11-20,\n")
    lines = review("HEAD", "--sheet", "sheet.png")
    assert lines[0].startswith("labels: +1 (1 call)")
    assert section(lines, "Spectrograms") == ["No sheet was drawn. 1 clip left out, because not in this data set."]
