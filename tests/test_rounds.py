"""Three rounds of labelling from end to end, with the real DVC and Git. The tests tell one story in order."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import soundfile

from experiments.clone import commit, git, hold_out_again, overlay, repro, run_in
from stages.lib.runtime.table import read_table, write_table
from stages.lib.tables.clips import COLUMNS, read_clips
from stages.lib.tables.expert import COLUMNS as EXPERT_COLUMNS
from stages.lib.tables.settled import SETTLED, read_settled
from stages.lib.tables.split import SPLIT, read_split
from stages.lib.tables.undecided import UNDECIDED, read_undecided
from tests.support.tool import run_tool
from tools.answer_queue import answer_queue
from tools.lib.rounds.rounds_table import ROUNDS, Round, read_rounds

pytestmark = pytest.mark.prove

TABLE = Path("data/own/clips.csv")


def queue(folder: Path) -> list[str]:
    return [row.cells["clip_id"] for row in read_table(folder / "labels" / "queue.csv", EXPERT_COLUMNS)]


def parts(folder: Path) -> dict[str, str]:
    return {clip.clip_id: clip.part for clip in read_split(folder / SPLIT)}


def pipeline(folder: Path, message: str) -> None:
    """Run the pipeline and commit what it writes."""
    repro(folder)
    commit(folder, message)


def answer_and_close(folder: Path, annotator: str, unsure: Sequence[str] = ()) -> str:
    """Answer the whole queue, run the pipeline, and close the round; return what that prints."""
    truth = {clip.clip_id: clip.label or "call" for clip in read_clips(folder / TABLE)}
    truth |= dict.fromkeys(unsure, "unsure")
    assert answer_queue(folder, truth, annotator) == len(queue(folder)) > 0
    pipeline(folder, f"Answers by {annotator}")
    result = run_tool(folder, "next_round")
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(scope="module")
def own(tmp_path_factory, copy_of_finished) -> Path:
    """A clone with a data set of its own, to which recordings can be added."""
    folder = copy_of_finished(tmp_path_factory.mktemp("rounds") / "clone")
    synthetic = folder / "data" / "synthetic"
    shutil.copytree(synthetic / "recordings", folder / "data" / "own" / "recordings")
    shutil.copyfile(synthetic / "clips.csv", folder / TABLE)
    # With a band of one point even this hardly trained model is confident, so that there is something to audit.
    pool = {"low": 0.5, "high": 0.5, "strategy": "margin"}
    overlay(folder / "params.yaml", {"data": {"dataset": "own"}, "score_pool": pool})
    hold_out_again(folder)
    pipeline(folder, "A data set of our own")
    return folder


@pytest.fixture(scope="module")
def first(own) -> tuple[dict[str, str], list[str], str]:
    """The first round: parts before it, what could be told of the queue, and what closing it printed."""
    before, (hopeless, *asked) = parts(own), queue(own)
    printed = answer_and_close(own, "val", unsure=[hopeless])
    assert [clip.clip_id for clip in read_undecided(own / UNDECIDED)] == [hopeless]
    return before, asked, printed


def test_closing_a_round_settles_the_queue_and_empties_it(own, first):
    _, asked, printed = first
    settled = read_settled(own / SETTLED)
    assert {clip.clip_id for clip in settled} == set(asked)
    assert {clip.round for clip in settled} == {1}
    assert queue(own) == []
    assert printed.startswith("Round 1 is closed: ")
    assert "1 undecided clip will not be asked about again (labels/undecided.csv)." in printed
    assert "no previous round to compare with" in printed
    assert "Advice: " in printed


def test_the_row_of_the_round_names_the_commit_whose_metrics_it_holds(own, first):
    (closed,) = read_rounds(own / ROUNDS)
    assert closed.commit == git(own, "rev-parse", "HEAD").strip()
    assert int(closed.calls) + int(closed.nocalls) == len(first[1])
    assert (closed.round, closed.annotators, closed.measured_by) == ("1", "val", "audit")
    assert float(closed.accuracy_after_low) <= float(closed.accuracy_after) <= float(closed.accuracy_after_high)


def test_a_round_that_is_not_committed_cannot_be_closed_again(own, first):
    before = (own / ROUNDS).read_bytes()
    result = run_tool(own, "next_round")
    assert result.returncode == 1
    assert "labels/rounds.csv: has uncommitted changes" in result.stderr
    assert "run dvc repro" in result.stderr
    assert (own / ROUNDS).read_bytes() == before


@pytest.fixture(scope="module")
def second_baseline(own, first) -> dict[str, str]:
    """The parts with which the second round begins."""
    commit(own, "Close round 1")
    pipeline(own, "Begin round 2")
    return parts(own)


def test_the_next_baseline_learns_from_what_was_settled(own, first, second_baseline):
    before, asked, _ = first
    assert second_baseline == before | dict.fromkeys(asked, "train")
    assert not {*asked, *(clip.clip_id for clip in read_undecided(own / UNDECIDED))} & set(queue(own))


def test_a_round_without_an_answer_cannot_be_closed(own, second_baseline):
    result = run_tool(own, "next_round")
    assert result.returncode == 1
    assert result.stderr == ("labels/expert.csv: settles no new clip; answer the clips of labels/queue.csv first\n")


@pytest.fixture(scope="module")
def second(own, second_baseline) -> str:
    return answer_and_close(own, "scott")


def test_the_second_round_is_compared_with_the_first(own, second):
    rounds = read_rounds(own / ROUNDS)
    assert [closed.annotators for closed in rounds] == ["val", "scott"]
    assert -1 <= float(rounds[1].agreement) <= 1
    assert "Cohen's kappa between the model's decisions in this and the previous round" in second


@pytest.fixture(scope="module")
def third_baseline(own, second, second_baseline) -> dict[str, str]:
    """The parts with which the third round begins, after a new recording has joined."""
    recordings = own / "data" / "own" / "recordings"
    new = "newcomer.flac"
    samples, sample_rate = soundfile.read(min(recordings.iterdir()))
    soundfile.write(recordings / new, samples[::-1], sample_rate)
    rows = [tuple(row.cells[name] for name in COLUMNS) for row in read_table(own / TABLE, COLUMNS)]
    write_table(own / TABLE, COLUMNS, [*rows, ("newcomer_0000000", new, 0.0, "", "pier")])
    commit(own, "Close round 2, and add a recording")
    pipeline(own, "Begin round 3")
    return parts(own)


def test_a_new_recording_joins_the_pool_and_moves_nothing(own, second_baseline, third_baseline):
    settled = {clip.clip_id for clip in read_settled(own / SETTLED)}
    assert third_baseline == second_baseline | dict.fromkeys(settled, "train") | {"newcomer_0000000": "pool"}


def test_three_rounds_leave_three_rows_and_the_test_clips_as_they_were(own, first, third_baseline):
    answer_and_close(own, "val")
    repro(own, "split")
    rounds = read_rounds(own / ROUNDS)
    assert [closed.round for closed in rounds] == ["1", "2", "3"]
    assert len({closed.commit for closed in rounds}) == 3
    before = Counter(first[0].values())
    now = Counter(parts(own).values())
    settled = len(read_settled(own / SETTLED))
    assert now == before + Counter(train=settled, pool=1) - Counter(pool=settled)
    assert {clip for clip, part in parts(own).items() if part == "test"} == {
        clip for clip, part in first[0].items() if part == "test"
    }


def test_dvc_plots_the_rounds(own, third_baseline):
    result = run_in(own, "dvc", "plots", "show")
    assert result.returncode == 0, result.stderr
    page = (own / "dvc_plots" / "index.html").read_text()
    assert "Accuracy on the test clips, round by round" in page
    assert read_rounds(own / ROUNDS)[0].commit in page


def test_the_columns_of_the_table_are_those_that_the_plots_draw(own):
    templates = "".join(path.read_text() for path in (own / ".dvc" / "plots").glob("*rounds.json"))
    drawn = {name for name in Round._fields if f"datum.{name}" in templates}
    assert drawn == {
        *(f"accuracy_{model}{end}" for model in ("before", "after") for end in ("", "_low", "_high")),
        "uncertain_share",
        "model_label_error",
    }
