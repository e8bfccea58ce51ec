"""The command that draws what is held out, and what it refuses."""

import re
import shutil
from pathlib import Path

import pytest
import soundfile

from experiments.clone import commit, git
from stages import split
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.answer_rules import read_answers
from stages.lib.tables.held_out import HELD_OUT, read_held_out
from stages.lib.tables.settled import SETTLED, SettledClip, write_settled
from stages.lib.tables.split import read_split
from tests.stages.conftest import write_data_set
from tests.support.edit import replace_in
from tests.support.tool import run_tool
from tools.lib.annotations.put_to_use import use
from tools.lib.split.hold_out import hold_out

EXPERT = Path("labels/expert.csv")
HEADER = "clip_id,label,annotator,date,note\n"
SIZES = "train: {}\n  valid: {}\n  pool: {}\n  test: {}"
FAULT = "params.yaml:7: featurize.clip_s is 0.25, which makes {} for windows of 0.5 s false ({}); set it back"


@pytest.fixture
def put_to_use(tmp_path, monkeypatch) -> Path:
    """Twelve recordings of four clips, of which the parts have been drawn."""
    write_data_set(tmp_path, recording_count=12)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shorter(put_to_use) -> Path:
    """The same, made from annotations, and now with shorter windows."""
    (put_to_use / "data" / "tiny" / "annotations").mkdir()
    replace_in(Path("params.yaml"), "clip_s: 0.5", "clip_s: 0.25")
    return put_to_use


def faults_of_another_length() -> list[str]:
    before = HELD_OUT.read_bytes()
    with pytest.raises(InputFaults) as refusal:
        hold_out(again=True)
    assert HELD_OUT.read_bytes() == before
    return [line.partition(", or make a new data set with labels for 0.25 s")[0] for line in refusal.value.lines]


def test_the_labels_of_a_table_written_by_hand_hold_for_one_length(shorter):
    (shorter / "data" / "tiny" / "annotations").rmdir()
    assert faults_of_another_length() == [FAULT.format("48 labels", "data/tiny/clips.csv")]


def test_answers_hold_for_one_length(shorter):
    EXPERT.write_text(HEADER + "sea00_0000250,call,val,2026-11-22,\nother_0000000,call,val,2026-11-22,\n")
    write_settled(SETTLED, [SettledClip("sea01_0000000", "call", 1)])
    assert faults_of_another_length() == [
        FAULT.format("1 label", "labels/expert.csv"),
        FAULT.format("1 label", "labels/settled.csv"),
    ]


def test_a_data_set_that_holds_nothing_out_keeps_its_length_as_well(tmp_path, monkeypatch):
    write_data_set(tmp_path, recording_count=11)
    monkeypatch.chdir(tmp_path)
    replace_in(Path("params.yaml"), "train: 24\n  valid: 8\n  pool: 8\n  test: 8", nothing := SIZES.format(44, 0, 0, 0))
    assert hold_out() == [
        "labels/held_out.csv: holds nothing out of tiny, and keeps the length of its windows (0.5 s); commit it"
    ]
    split.main()
    replace_in(Path("params.yaml"), "clip_s: 0.5", "clip_s: 0.25")
    with pytest.raises(InputFaults, match=r"the labels of tiny are for windows of 0\.5 s"):
        split.main()
    with pytest.raises(InputFaults, match=r"makes 44 labels for windows of 0\.5 s false"):
        hold_out()
    replace_in(Path("params.yaml"), "clip_s: 0.25", "clip_s: 0.5")
    replace_in(Path("params.yaml"), nothing, SIZES.format(20, 8, 8, 8))
    with pytest.raises(InputFaults, match="has no clips of tiny yet; run python -m tools.hold_out"):
        split.main()
    assert hold_out() == ["labels/held_out.csv: now holds out 8 valid, 8 pool, 8 test clips of tiny; commit it"]
    split.main()


def test_where_no_label_becomes_false_another_length_is_taken(shorter):
    EXPERT.write_text(HEADER + "other_0000000,call,val,2026-11-22,\n")
    hold_out(again=True)
    assert {clip.clip_s for clip in read_held_out()} == {"0.25"}


@pytest.mark.parametrize("command", [["label_page"], ["queue_tracks", "tracks"], ["add_recordings", "more"]])
def test_no_command_shows_or_cuts_windows_of_another_length(put_to_use, command):
    Path("labels/queue.csv").write_text(HEADER + "sea00_0000000,,,,\n")
    (put_to_use / "more").mkdir()
    replace_in(Path("params.yaml"), "clip_s: 0.5", "clip_s: 0.25")
    result = run_tool(put_to_use, *command)
    assert result.returncode == 1
    assert result.stderr.startswith(
        "params.yaml:7: featurize.clip_s is 0.25, but the labels of tiny are for windows of 0.5 s (labels/held_out.csv)"
    )


def test_answers_about_clips_that_become_test_clips_are_kept(put_to_use):
    split.main()
    answered = [clip for clip in read_split() if clip.part != "test"]
    EXPERT.write_text(HEADER + "".join(f"{clip.clip_id},{clip.label},val,2026-11-22,\n" for clip in answered))
    replace_in(Path("params.yaml"), "seed: 1", "seed: 5")
    said = hold_out(again=True)
    assert "labels/answered.csv: 40 clips noted; commit it with the answers" in said
    split.main()
    part_of = {clip.clip_id: clip.part for clip in read_split()}
    assert "test" in {part_of[clip.clip_id] for clip in answered}
    answers, faults = read_answers(EXPERT, part_of)
    assert (len(answers), faults) == (40, [])


def test_a_data_set_does_not_take_the_answers_to_other_windows(put_to_use):
    EXPERT.write_text(HEADER)
    shutil.copytree("data/tiny", "data/bay")
    replace_in(Path("params.yaml"), "dataset: tiny", "dataset: bay")
    recording = Path("data/bay/recordings/sea03.wav")
    samples, rate = soundfile.read(recording, dtype="int16")
    soundfile.write(recording, samples // 2, rate)
    hold_out()  # Nobody has answered anything yet.
    EXPERT.write_text(HEADER + "sea03_0000000,call,val,2026-11-22,\n")
    refused = [
        "data/bay/clips.csv: answered or queued clips of 1 recording (sea03.wav first) have the ids of other windows "
        "in data/tiny, so answers about one would count for the other; move the recordings of one data set to a folder "
        "below its recordings/"
    ]
    for attempt in (lambda: hold_out(again=True), lambda: use(Path("data/bay/clips.csv"))):
        with pytest.raises(InputFaults) as refusal:
            attempt()
        assert refusal.value.lines == refused
    soundfile.write(recording, samples, rate, format="FLAC")
    hold_out(again=True)  # The same sound in another file.
    shutil.copytree("data/tiny", "data/cove")
    replace_in(Path("params.yaml"), "dataset: bay", "dataset: cove")
    replace_in(Path("params.yaml"), "clip_s: 0.5", "clip_s: 0.25")
    with pytest.raises(InputFaults, match=r"clips of 1 recording \(sea03\.wav first\) have the ids of other windows"):
        hold_out()


def test_a_data_set_does_not_take_the_answers_that_are_still_to_come(put_to_use):
    """The page with the queue of another data set was sent out, and comes back after the switch."""
    shutil.copytree("data/tiny", "data/bay")
    recording = Path("data/bay/recordings/sea03.wav")
    samples, rate = soundfile.read(recording, dtype="int16")
    soundfile.write(recording, samples // 2, rate)
    replace_in(Path("params.yaml"), "dataset: tiny", "dataset: bay")
    Path("labels/queue.csv").write_text(HEADER + "sea03_0000000,,,,\n")
    with pytest.raises(InputFaults, match=r"clips of 1 recording \(sea03\.wav first\) have the ids of other windows"):
        hold_out()
    Path("labels/queue.csv").write_text(HEADER + "sea02_0000000,,,,\n")
    hold_out()


def test_the_command_says_what_it_has_drawn_and_does_so_once(put_to_use):
    HELD_OUT.unlink()
    result = run_tool(put_to_use, "hold_out")
    assert (result.returncode, result.stdout) == (
        0,
        "labels/held_out.csv: now holds out 8 valid, 8 pool, 8 test clips of tiny; commit it\n",
    )
    result = run_tool(put_to_use, "hold_out")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("labels/held_out.csv: already holds out 24 clips of tiny; --again draws others")


@pytest.mark.parametrize("commit_with_rows", ["HEAD", "MERGE_HEAD", "HEAD^1", "HEAD~2"])
def test_what_was_held_out_and_got_lost_is_not_drawn_again(put_to_use, commit_with_rows):
    """After a merge that dropped the rows, dvc repro asks for this command, and recordings may have joined since."""
    git(put_to_use, "init", "--quiet", "--initial-branch", "main")
    for name in ("user.name", "user.email"):
        git(put_to_use, "config", name, "val@example.org")
    rows = HELD_OUT.read_text()
    HELD_OUT.write_text(rows.partition("\n")[0] + "\n")
    commit(put_to_use, "Another data set")
    git(put_to_use, "switch", "--quiet", "--create", "tiny")
    HELD_OUT.write_text(rows)
    commit(put_to_use, "Hold out")
    if commit_with_rows == "MERGE_HEAD":
        git(put_to_use, "switch", "--quiet", "main")
        git(put_to_use, "merge", "--quiet", "--no-ff", "--no-commit", "tiny")
    if commit_with_rows == "HEAD^1":
        git(put_to_use, "merge", "--quiet", "--strategy=ours", "--allow-unrelated-histories", "--no-ff", other_root())
    HELD_OUT.write_text(rows.partition("\n")[0] + "\n")
    if commit_with_rows == "HEAD^1":
        git(put_to_use, "commit", "--quiet", "--all", "--amend", "--message", "Merge")
    if commit_with_rows == "HEAD~2":
        commit(put_to_use, "Lose the rows")
        Path("labels/note.txt").touch()
        commit(put_to_use, "Go on")
    for attempt in (hold_out, lambda: use(Path("data/tiny/clips.csv"))):
        with pytest.raises(InputFaults) as refusal:
            attempt()
        (line,) = refusal.value.lines
        said = re.fullmatch(
            r"labels/held_out\.csv: has lost the clips that are held out of tiny; copy their rows from git show "
            r"([0-9a-f]+):\./labels/held_out\.csv; or set data\.dataset: tiny in params\.yaml and draw others with "
            r"python -m tools\.hold_out --again \(earlier figures are then not comparable\)",
            line,
        )
        assert said
        assert git(put_to_use, "show", f"{said[1]}:labels/held_out.csv") == rows
    hold_out(again=True)
    # Nor is a draw that holds nothing out on purpose.
    replace_in(Path("params.yaml"), "train: 24\n  valid: 8\n  pool: 8\n  test: 8", SIZES.format(48, 0, 0, 0))
    hold_out(again=True)
    commit(put_to_use, "Hold nothing out")
    hold_out()


def other_root() -> str:
    """Return a commit without a parent, to merge."""
    tree = git(Path(), "write-tree").strip()
    return git(Path(), "commit-tree", tree, "-m", "Another branch").strip()


def test_a_data_set_without_clips_is_refused_with_a_remedy(put_to_use):
    Path("data/tiny/clips.csv").unlink()
    Path("data/tiny/dvc.yaml").touch()
    result = run_tool(put_to_use, "hold_out", "--again")
    assert (result.returncode, result.stderr) == (
        1,
        "data/tiny/clips.csv: there is no such file; run dvc repro data/tiny/dvc.yaml\n",
    )


def test_the_command_says_where_names_tell_the_label(put_to_use):
    table = Path("data/tiny/clips.csv")
    rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
    for number, row in enumerate(rows):
        recording = f"{'upcall' if row[3] == 'call' else 'noise'}_{number:02d}.wav"
        row[:2] = [f"{recording.removesuffix('.wav')}_{row[0].rpartition('_')[2]}", recording]
    table.write_text("".join(",".join(row) + "\n" for row in [["clip_id,recording,start_s,label,site"], *rows]))
    assert any("have names that tell the label (noise, upcall)" in line for line in hold_out(again=True))
