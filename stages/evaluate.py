"""evaluate: measure both models on the frozen test clips, and what the labels were worth."""

from pathlib import Path

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from stages.lib.clips import CALL
from stages.lib.comparison import compare
from stages.lib.determinism import pin
from stages.lib.feature_store import open_features
from stages.lib.measures import CLASSES, THRESHOLD, measure
from stages.lib.model_folder import BASELINE, RETRAINED, load_model, score_clips
from stages.lib.report import full_report
from stages.lib.running import run_stage
from stages.lib.split_table import read_split
from stages.lib.table import write_table
from stages.lib.whole import write_json, write_text

MODELS = {"before": BASELINE, "after": RETRAINED}
METRICS = Path("metrics/evaluation.json")
REPORT = Path("metrics/report.txt")
PLOTS = Path("metrics/plots")


def evaluation(is_call: np.ndarray, scores: dict[str, np.ndarray]) -> dict:
    """Return the measures `before` and `after`, and their `change`.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    scores : dict
        `before` and `after`: `p_call`, ndarray of float, shape (clips,).
    """
    return {
        **{model: measure(is_call, p_call) for model, p_call in scores.items()},
        "change": compare(is_call, scores["before"], scores["after"]),
    }


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
    scores = {model: score_clips(load_model(folder, features), features, clip_ids) for model, folder in MODELS.items()}
    results = evaluation(is_call, scores)
    called = [p_call > THRESHOLD for p_call in scores.values()]
    report = full_report(is_call, *called, results["change"])

    write_json(METRICS, results)
    write_text(REPORT, report)
    for model, p_call in scores.items():
        write_table(
            PLOTS / f"roc_{model}.csv", ("false_positive_rate", "true_positive_rate"), roc_rows(is_call, p_call)
        )
        write_table(
            PLOTS / f"precision_recall_{model}.csv", ("recall", "precision"), precision_recall_rows(is_call, p_call)
        )
        write_table(PLOTS / f"confusion_{model}.csv", ("truth", "prediction"), confusion_rows(is_call, p_call))
    print(report)


if __name__ == "__main__":
    run_stage(main)
