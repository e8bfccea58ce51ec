"""The pipeline on a handful of labels, with a probe: it learns what can be learnt and says what cannot be measured."""

import contextlib
import csv
import json
from pathlib import Path

import joblib
import pytest

from experiments.clone import overlay
from stages import evaluate, featurize, merge_labels, retrain, score_pool, split, train
from stages.lib.query.strategies import STRATEGIES
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS, read_clips
from tests.stages.conftest import write_data_set
from tests.support.tiny_pretrained import put_in_place
from tools.lib.rounds.rounds_table import describe_round
from tools.lib.rounds.stopping_advice import advice
from tools.lib.split.hold_out import hold_out

CLIPS = Path("data/tiny/clips.csv")


def few_labels(folder: Path, calls: int, nocalls: int, **sizes: int) -> None:
    """Write a data set of eleven recordings of which only some clips have their label, one call and no-call each."""
    put_in_place(folder)
    write_data_set(folder, recording_count=11)
    features = {"views": ["embedding"], "pretrained": "tiny"}
    overlay(folder / "params.yaml", {"featurize": features, "split": {"valid": 0, "pool": 0, **sizes}})
    left = {"call": calls, "nocall": nocalls}
    rows = []
    for clip in sorted(read_clips(folder / CLIPS), key=lambda clip: clip.start_s):
        left[clip.label] -= 1
        label = clip.label if left[clip.label] >= 0 else ""
        rows.append((clip.clip_id, clip.recording, clip.start_s, label, clip.site))
    write_table(folder / CLIPS, COLUMNS, rows)


def run_all(folder: Path) -> None:
    with contextlib.chdir(folder), joblib.parallel_config(backend="threading"):
        hold_out()
        featurize.main()
        split.main()
        train.main()
        score_pool.main()
        Path("labels/expert.csv").write_text("clip_id,label,annotator,date,note\n")
        merge_labels.main()
        retrain.main()
        evaluate.main()


@pytest.fixture(scope="module")
def unmeasured(tmp_path_factory):
    """A folder in which all stages have run on four calls and four no-calls, with nothing to measure by."""
    folder = tmp_path_factory.mktemp("unmeasured")
    few_labels(folder, calls=4, nocalls=4, train=8, test=0)
    run_all(folder)
    return folder


def test_four_calls_and_four_no_calls_train_a_model_that_finds_the_other_calls(unmeasured):
    truth = {f"sea{number:02d}_{ms:07d}": ms % 1000 == 500 for number in range(11) for ms in (0, 500, 1000, 1500)}
    with (unmeasured / "labels" / "pool_scores.csv").open(newline="") as table:
        scores = {row["clip_id"]: float(row["p_call"]) for row in csv.DictReader(table)}
    assert len(scores) == 36
    assert all((score > 0.5) == truth[clip_id] for clip_id, score in scores.items())


def test_what_cannot_be_measured_is_said_in_the_report_and_in_the_card(unmeasured, capsys):
    report = (unmeasured / "metrics" / "report.txt").read_text()
    assert "Nothing is measured: there are no test clips" in report
    assert "python -m tools.hold_out" in report
    assert "(calls: 4, no-calls: 4)" in report
    card = (unmeasured / "metrics" / "model_card.md").read_text()
    assert "Nothing is measured: there are no test clips" in card
    assert "nan" not in card
    with contextlib.chdir(unmeasured):
        evaluate.main()
    assert "Nothing is measured: there are no test clips" in capsys.readouterr().out


def test_the_metrics_hold_what_is_known_and_the_plots_no_row(unmeasured):
    metrics = json.loads((unmeasured / "metrics" / "evaluation.json").read_text())
    calibration = metrics["before"]["calibration"]
    assert set(metrics) == {"before", "after"}
    assert (calibration["calls"], calibration["nocalls"], calibration["temperature"] > 0) == (4, 4, True)
    for path in (unmeasured / "metrics" / "plots").glob("*_after.csv"):
        assert len(path.read_text().splitlines()) == 1, path


def test_a_round_can_be_closed_without_figures(unmeasured):
    with contextlib.chdir(unmeasured):
        closed = describe_round(1, [], ["val"], None, "abc")
    assert (closed.accuracy_before, closed.accuracy_after, closed.change_low) == ("", "", "")
    assert "no test clips" in advice(closed, None, 1)


def test_test_clips_can_be_drawn_later(unmeasured, tmp_path):
    few_labels(tmp_path, calls=4, nocalls=4, train=8, test=0)
    run_all(tmp_path)
    overlay(tmp_path / "params.yaml", {"split": {"train": 4, "test": 4}})
    with contextlib.chdir(tmp_path), joblib.parallel_config(backend="threading"):
        with pytest.raises(InputFaults, match=r"no clips of tiny yet; run python -m tools.hold_out"):
            split.main()
        hold_out()
        for stage in (split, train, score_pool, merge_labels, retrain, evaluate):
            stage.main()
        assert "The change in accuracy" in Path("metrics/report.txt").read_text()


@pytest.mark.parametrize(
    ("sizes", "labels"),
    [
        ({"train": 4, "test": 4}, (4, 4)),
        ({"train": 2, "test": 2, "valid": 2}, (4, 4)),
        ({"train": 2, "test": 0}, (1, 1)),
        ({"train": 3, "test": 0}, (1, 2)),
        ({"train": 8, "test": 0}, (22, 22)),  # No clip is left for the pool.
    ],
)
def test_few_clips_in_any_part_go_through(tmp_path, sizes, labels):
    few_labels(tmp_path, *labels, **sizes)
    run_all(tmp_path)
    assert (tmp_path / "metrics" / "report.txt").read_text()


@pytest.mark.parametrize(("labels", "missing"), [((4, 0), "nocall"), ((0, 4), "call"), ((0, 0), "call")])
def test_labels_of_one_class_are_refused_in_a_line(tmp_path, labels, missing):
    few_labels(tmp_path, *labels, train=sum(labels), test=0)
    with pytest.raises(InputFaults) as refusal:
        run_all(tmp_path)
    assert any(f"train: not one {missing} clip" in line for line in refusal.value.lines)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("labels", [(22, 22), (4, 4)])
def test_any_strategy_ranks_any_pool(tmp_path, strategy, labels):
    few_labels(tmp_path, *labels, train=8, test=0)
    overlay(tmp_path / "params.yaml", {"score_pool": {"strategy": strategy, "budget": 10}})
    run_all(tmp_path)
    assert (tmp_path / "labels" / "queue.csv").exists()


def test_similar_asks_about_calls_first_and_their_answers_are_learnt_from(tmp_path):
    few_labels(tmp_path, calls=4, nocalls=4, train=8, test=0)
    changes = {"score_pool": {"strategy": "similar", "budget": 12, "audit": 0}}
    overlay(tmp_path / "params.yaml", {**changes, "merge_labels": {"model_labels": {"use": False}}})
    run_all(tmp_path)
    with contextlib.chdir(tmp_path):
        with Path("labels/queue.csv").open(newline="") as table:
            queue = [row["clip_id"] for row in csv.DictReader(table)]
        labelled = {clip.clip_id for clip in read_clips(CLIPS) if clip.label}
        is_call = [clip_id.endswith("500") for clip_id in queue]
        assert (len(queue), set(queue) & labelled, all(is_call)) == (12, set(), True)
        answers = "".join(f"{clip_id},call,val,2026-11-22,\n" for clip_id in queue)
        Path("labels/expert.csv").write_text(f"clip_id,label,annotator,date,note\n{answers}")
        merge_labels.main()
        retrain.main()
        with Path("labels/merged.csv").open(newline="") as table:
            assert len(list(csv.DictReader(table))) == 20
