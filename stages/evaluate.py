"""evaluate: measure both models on the frozen test clips, and what the labels were worth."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from stages.lib.calibration import expected_calibration_error, probability, reliability
from stages.lib.clips import CALL
from stages.lib.comparison import compare
from stages.lib.determinism import pin
from stages.lib.feature_store import Features, open_features
from stages.lib.measures import CLASSES, THRESHOLD, measure
from stages.lib.model_folder import BASELINE, RETRAINED, load_model, log_odds_of
from stages.lib.report import full_report
from stages.lib.running import run_stage
from stages.lib.split_table import read_split
from stages.lib.table import write_table
from stages.lib.whole import write_json, write_text

MODELS = {"before": BASELINE, "after": RETRAINED}
METRICS = Path("metrics/evaluation.json")
REPORT = Path("metrics/report.txt")
PLOTS = Path("metrics/plots")


class Scores(NamedTuple):
    """What a model makes of the test clips.

    Attributes
    ----------
    p_call : ndarray of float, shape (clips,), in [0, 1]
        As the temperature gives it.
    as_trained : ndarray of float, shape (clips,), in [0, 1]
        Without the temperature.
    temperature : float
    """

    p_call: np.ndarray
    as_trained: np.ndarray
    temperature: float


def score_test(folder: Path, features: Features, clip_ids: list[str]) -> Scores:
    """Score the test clips with the model of a folder."""
    model = load_model(folder, features)
    log_odds = log_odds_of(model, features, clip_ids)
    return Scores(probability(log_odds, model.temperature), probability(log_odds, 1.0), model.temperature)


def evaluation(is_call: np.ndarray, scores: dict[str, Scores]) -> dict:
    """Return the measures `before` and `after`, and their `change`.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    scores : dict
        Of `before` and `after`.
    """
    return {
        **{
            model: {**measure(is_call, of_model.p_call), "calibration": calibration_measures(is_call, of_model)}
            for model, of_model in scores.items()
        },
        "change": compare(is_call, scores["before"].p_call, scores["after"].p_call),
    }


def calibration_measures(is_call: np.ndarray, scores: Scores) -> dict:
    """Return the temperature, and the expected calibration error with and without it."""
    return {
        "temperature": scores.temperature,
        "error": round(expected_calibration_error(is_call, scores.p_call), 6),
        "error_as_trained": round(expected_calibration_error(is_call, scores.as_trained), 6),
    }


def reliability_rows(is_call: np.ndarray, scores: Scores) -> list[tuple]:
    """Return the reliability diagram: which scores, their mean in a bin, the share of calls there, the clips there."""
    return [
        (name, round(promised, 6), round(there, 6), clips)
        for name, p_call in (("as trained", scores.as_trained), ("calibrated", scores.p_call))
        for promised, there, clips in reliability(is_call, p_call)
    ]


def roc_rows(is_call: np.ndarray, p_call: np.ndarray) -> list[tuple]:
    """Return the ROC curve: false positive rate, true positive rate."""
    false_positive_rate, true_positive_rate, _ = roc_curve(is_call, p_call)
    return list(zip(false_positive_rate.round(6), true_positive_rate.round(6), strict=True))


def precision_recall_rows(is_call: np.ndarray, p_call: np.ndarray) -> list[tuple]:
    """Return the precision-recall curve: recall, precision."""
    precision, recall, _ = precision_recall_curve(is_call, p_call)
    return list(zip(recall.round(6), precision.round(6), strict=True))


def confusion_rows(is_call: np.ndarray, p_call: np.ndarray) -> list[tuple]:
    """Return a row a clip: the class it is of, the class the model says."""
    calls, nocalls = CLASSES
    return [
        (calls if truth else nocalls, calls if called else nocalls)
        for truth, called in zip(is_call, p_call > THRESHOLD, strict=True)
    ]


def main() -> None:
    """Evaluate both models."""
    test = [clip for clip in read_split() if clip.part == "test"]
    is_call = np.array([clip.label == CALL for clip in test])
    features = open_features()
    pin(seed=0)
    clip_ids = [clip.clip_id for clip in test]
    scores = {model: score_test(folder, features, clip_ids) for model, folder in MODELS.items()}
    results = evaluation(is_call, scores)
    report = full_report(is_call, *(of_model.p_call > THRESHOLD for of_model in scores.values()), results["change"])

    write_json(METRICS, results)
    write_text(REPORT, report)
    for model, of_model in scores.items():
        p_call = of_model.p_call
        write_table(
            PLOTS / f"roc_{model}.csv", ("false_positive_rate", "true_positive_rate"), roc_rows(is_call, p_call)
        )
        write_table(
            PLOTS / f"precision_recall_{model}.csv", ("recall", "precision"), precision_recall_rows(is_call, p_call)
        )
        write_table(PLOTS / f"confusion_{model}.csv", ("truth", "prediction"), confusion_rows(is_call, p_call))
        write_table(
            PLOTS / f"reliability_{model}.csv",
            ("scores", "p_call", "share_of_calls", "clips"),
            reliability_rows(is_call, of_model),
        )
    print(report)


if __name__ == "__main__":
    run_stage(main)
