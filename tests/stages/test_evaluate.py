import contextlib
import csv
import json

import numpy as np
import pytest

from stages.evaluate import Scores, evaluation, main, remarks_on
from stages.lib.measures.plot_rows import roc_rows
from stages.lib.tables.split import read_split

IS_CALL = np.array([True, True, False, False])
LOG_ODDS = np.array([2.0, -1.0, 0.5, -2.0])


def test_nothing_is_measured_from_scores_that_rounding_has_made_equal():
    """The log-odds order the clips without a fault, but 0.05 as a temperature makes each p_call 0 or 1."""
    log_odds = np.array([3.0, 2.0, 1.0, 0.9, -3.0])
    is_call = np.array([True, True, True, False, False])
    scores = Scores(log_odds[:, None], 0.05, (12, 12))
    assert len(set(scores.p_call[:4])) == 1
    results = evaluation(is_call, {"before": scores, "after": scores}, ["a", "b", "c", "d", "e"])
    assert (results["before"]["roc_auc"], results["before"]["average_precision"]) == (1, 1)
    assert (0, 1) in roc_rows(is_call, log_odds)


def test_what_limits_the_figures_is_said():
    enough, few = (Scores(LOG_ODDS[:, None], 1.0, counts) for counts in ((100, 100), (12, 12)))
    change = {"training_spread": {"accuracy": None}}
    by_recording, by_clip = (
        remarks_on({"before": enough, "after": enough}, list(names), change) for names in (range(30), "ab")
    )
    of_training = "The intervals cover only the choice of test clips. Other training seeds would also move the change"
    assert [line.split(",")[0] for line in by_recording + by_clip] == [
        "The intervals draw whole recordings (30)",
        f"{of_training} in accuracy; how far is unknown",
        "The intervals treat clips of one recording as independent",
        f"{of_training} in accuracy; how far is unknown",
    ]
    first, second, _, _ = remarks_on({"before": few, "after": few}, ["sea"], {"training_spread": {"accuracy": 0.01}})
    assert remarks_on({"before": few, "after": few}, [], None)[0].startswith("Nothing is measured")
    assert first.startswith("Baseline: the scores are calibrated by too few clips")
    assert second.startswith("Retrained model: the scores")


def test_the_training_spread_counts_the_batches_that_the_networks_share():
    """Two networks: one is right about everything, the other about two clips of four."""
    by_network = np.stack([np.where(IS_CALL, 2.0, -2.0), LOG_ODDS], axis=1)
    scores = Scores(by_network, 1.0, (12, 12))
    results = evaluation(IS_CALL, {"before": scores, "after": scores}, ["a", "b", "c", "d"])
    # The accuracies are 1 and 0.5: a variance of 0.125, half of it for the mean of two, and once more for the batches.
    assert results["before"]["training_spread"]["accuracy"] == pytest.approx(np.sqrt(0.125 / 2 + 0.125), abs=1e-6)
    assert results["change"]["training_spread"]["accuracy"] == pytest.approx(np.sqrt(2 * 0.1875), abs=1e-6)
    alone = Scores(by_network[:, :1], 1.0, (12, 12))
    results = evaluation(IS_CALL, {"before": scores, "after": alone}, ["a", "b", "c", "d"])
    assert set(results["after"]["training_spread"].values()) == {None}
    assert set(results["change"]["training_spread"].values()) == {None}


def test_main_measures_both_models_on_all_test_clips(pipeline):
    results = json.loads((pipeline / "metrics" / "evaluation.json").read_text())
    assert list(results) == ["before", "after", "change"]
    assert [sum(results[model]["confusion"].values()) for model in ("before", "after")] == [8, 8]


def test_the_change_of_each_measure_is_after_less_before(pipeline):
    results = json.loads((pipeline / "metrics" / "evaluation.json").read_text())
    for name in ("accuracy", "sensitivity", "specificity", "roc_auc", "average_precision"):
        assert results["change"][name] == pytest.approx(results["after"][name] - results["before"][name], abs=2e-6)
        interval = results["change"]["intervals"][name]
        assert interval["low"] <= results["change"][name] <= interval["high"]


def test_main_writes_the_report_with_the_numbers_of_the_metrics(pipeline):
    results = json.loads((pipeline / "metrics" / "evaluation.json").read_text())
    report = (pipeline / "metrics" / "report.txt").read_text()
    rates = [
        line.split()[1] for line in report.splitlines() if line.startswith(("acc:", "sensitivity:", "specificity:"))
    ]
    assert rates == [
        f"{results[model][name]:.4f}"
        for model in ("before", "after")
        for name in ("accuracy", "sensitivity", "specificity")
    ]


def test_main_writes_the_plots_with_the_columns_that_dvc_reads(pipeline):
    headers = {}
    for name in ("roc", "precision_recall", "confusion"):
        for model in ("before", "after"):
            with (pipeline / "metrics" / "plots" / f"{name}_{model}.csv").open(newline="") as table:
                headers[name, model] = next(csv.reader(table))
    for model in ("before", "after"):
        assert headers["roc", model] == ["false_positive_rate", "true_positive_rate"]
        assert headers["precision_recall", model] == ["recall", "precision"]
        assert headers["confusion", model] == ["clip_id", "recording", "truth", "prediction"]


def test_main_names_the_recordings_of_the_test_clips(pipeline):
    with (pipeline / "data" / "tiny" / "clips.csv").open(newline="") as table:
        stem_of = {row["clip_id"]: row["recording"].removesuffix(".wav") for row in csv.DictReader(table)}
    with (pipeline / "metrics" / "plots" / "confusion_after.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    test = [clip.clip_id for clip in read_split(pipeline / "labels" / "split.csv") if clip.part == "test"]
    assert [row["clip_id"] for row in rows] == test
    assert [row["recording"] for row in rows] == [stem_of[clip_id] for clip_id in test]


def test_main_says_what_limits_the_figures_before_the_verdict(pipeline):
    *_, first, _, second, _, third, _, fourth, _, verdict = (
        (pipeline / "metrics" / "report.txt").read_text().splitlines()
    )
    assert [line.split(":")[0] for line in (first, second)] == ["Baseline", "Retrained model"]
    assert third.startswith("The intervals treat clips of one recording as independent")
    spread = json.loads((pipeline / "metrics" / "evaluation.json").read_text())["change"]["training_spread"]
    assert fourth.endswith(f"by about {spread['accuracy']:.4f} (one standard deviation).")
    assert verdict.endswith("than chance.")


def test_main_measures_how_far_the_scores_are_from_what_they_promise(pipeline):
    results = json.loads((pipeline / "metrics" / "evaluation.json").read_text())
    for name, folder in (("before", "baseline"), ("after", "retrained")):
        calibration = results[name]["calibration"]
        model = json.loads((pipeline / "models" / folder / "model.json").read_text())
        assert calibration["temperature"] == model["temperature"]
        with (pipeline / "metrics" / "plots" / f"reliability_{name}.csv").open(newline="") as table:
            rows = list(csv.DictReader(table))
        for scores, key in (("calibrated", "error"), ("as trained", "error_as_trained")):
            off = sum(
                abs(float(row["p_call"]) - float(row["share_of_calls"])) * int(row["clips"])
                for row in rows
                if row["scores"] == scores
            )
            assert calibration[key] == pytest.approx(off / 8, abs=2e-6)


def test_main_gives_the_same_bytes_again(pipeline):
    outputs = [pipeline / "metrics" / "evaluation.json", *sorted((pipeline / "metrics" / "plots").iterdir())]
    before = [output.read_bytes() for output in outputs]
    with contextlib.chdir(pipeline):
        main()
    assert [output.read_bytes() for output in outputs] == before
