import contextlib
import csv
import json

import numpy as np
import pytest

from stages.evaluate import confusion_rows, main, precision_recall_rows, roc_rows

IS_CALL = np.array([True, True, False, False])
P_CALL = np.array([0.9, 0.3, 0.6, 0.1])


def test_the_roc_curve_goes_from_nothing_to_everything():
    rows = roc_rows(IS_CALL, P_CALL)
    assert (rows[0], rows[-1]) == ((0, 0), (1, 1))
    assert (0, 0.5) in rows
    assert rows == sorted(rows)


def test_the_precision_recall_curve_has_the_recall_first():
    rows = precision_recall_rows(IS_CALL, P_CALL)
    assert {(0.5, 1.0), (0.5, 0.5), (1.0, 0.666667)} <= set(rows)


def test_the_confusion_plot_has_truth_and_prediction_of_each_clip():
    assert confusion_rows(IS_CALL, P_CALL) == [
        ("calls", "calls"),
        ("calls", "nocalls"),
        ("nocalls", "calls"),
        ("nocalls", "nocalls"),
    ]


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
        assert headers["confusion", model] == ["truth", "prediction"]


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
