"""The experiment on the chance of training, with the small pipeline."""

import csv

import pytest

from experiments.training_spread import Retrained, Trained, parse_arguments, results_table, run_dataset


def test_the_table_tells_seeds_and_answers_apart():
    first = Retrained(0.80, 0.01)
    changed = [Retrained(0.81, 0.01), Retrained(0.80, 0.01), Retrained(0.77, 0.01)]
    seeded = [Retrained(0.80, 0.01), Retrained(0.84, 0.02)]
    lines = results_table("sea", Trained(32, first, changed, seeded)).splitlines()
    assert lines[4:] == [
        "| accuracy, mean over 2 training seeds | 0.8200 |",
        "| standard deviation over these seeds | 0.0283 |",
        "| standard deviation stated in the metrics, mean | 0.0150 |",
        "| change by one answer of 32, mean of 3 | 0.0133 |",
        "| change by one answer, maximum | 0.0300 |",
    ]


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        ("--seeds", "1: is too small; give 2"),
        ("--seeds", "x: is not a whole number; give 2"),
        ("--changes", "0: is too small"),
    ],
)
def test_too_few_trainings_for_the_table_are_refused_before_the_work(option, fault, monkeypatch, capsys):
    """One seed has no standard deviation."""
    monkeypatch.setattr("sys.argv", ["training_spread", option, fault[0]])
    with pytest.raises(SystemExit):
        parse_arguments()
    assert f"argument {option}: {fault}" in capsys.readouterr().err


@pytest.mark.prove
def test_each_run_changes_one_answer_or_the_seed(copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    outcome = run_dataset(folder, "synthetic", seed_count=1, change_count=1)
    assert (len(outcome.changed), len(outcome.seeded)) == (1, 1)
    with (folder / "labels" / "expert.csv").open(newline="") as answers:
        labels = [row["label"] for row in csv.DictReader(answers)]
    # The answers are as they were before one of them was changed.
    assert len(labels) == outcome.answers
    assert set(labels) <= {"call", "nocall"}
    assert "seed: 0" in (folder / "params.yaml").read_text().split("\ntrain:")[1]
