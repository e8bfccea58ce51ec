"""evaluate: measure both models on the frozen test clips, and what the labels were worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.cards.field_results import read_field
from stages.lib.cards.model_card import MODEL_CARD, Evaluated, model_card
from stages.lib.feature_store import Features, open_features, recordings_of
from stages.lib.intervals.bootstrap import drawing_units, interval_remark
from stages.lib.measures.comparison import compare, spread_of_change, training_remark
from stages.lib.measures.measures import COMPARED, OUTCOME_COLUMNS, measure, training_spread
from stages.lib.measures.plot_rows import outcome_rows, precision_recall_rows, reliability_rows, roc_rows
from stages.lib.measures.reliability import expected_calibration_error
from stages.lib.measures.report import NOT_MEASURED, full_report
from stages.lib.model.calibration import calibration_remark, probability
from stages.lib.model.model_folder import BASELINE, RETRAINED, load_model, model_digest
from stages.lib.model.scoring import log_odds_by_network
from stages.lib.runtime.atomic_write import write_json, write_text
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run_stage
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import CALL, read_clips
from stages.lib.tables.merged import read_merged
from stages.lib.tables.split import read_split

MODELS = {"before": BASELINE, "after": RETRAINED}
METRICS = Path("metrics/evaluation.json")
REPORT = Path("metrics/report.txt")
PLOTS = Path("metrics/plots")


class Scores(NamedTuple):
    """What a model makes of the test clips.

    Attributes
    ----------
    by_network : ndarray of float, shape (clips, networks)
        Log-odds, as each network gives them.
    temperature : float
    calibrated_by : tuple of int
        The calls and the no-calls that the temperature was fitted on.
    by_chance : bool
        Whether another training seed would give another model. To a probe alone it makes no difference.
    """

    by_network: np.ndarray
    temperature: float
    calibrated_by: tuple[int, int]
    by_chance: bool = True

    @property
    def log_odds(self) -> np.ndarray:
        """The mean of the networks, of shape (clips,)."""
        return self.by_network.mean(axis=1)

    @property
    def p_call(self) -> np.ndarray:
        """What the temperature makes of them, in [0, 1]."""
        return probability(self.log_odds, self.temperature)

    @property
    def as_trained(self) -> np.ndarray:
        """The same without the temperature."""
        return probability(self.log_odds, 1.0)


def score_test(folder: Path, features: Features, clip_ids: list[str]) -> Scores:
    """Score the test clips with the model of a folder."""
    model = load_model(folder, features)
    by_network = log_odds_by_network(model, features, clip_ids)
    return Scores(by_network, model.temperature, model.calibrated_by, model.network is not None)


def evaluation(is_call: np.ndarray, scores: dict[str, Scores], recordings: Sequence[str]) -> dict:
    """Return the measures `before` and `after`, and their `change`; without test clips, only the calibrations.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    scores : dict
        Of `before` and `after`.
    recordings : sequence of str, one for each clip
    """
    if not len(is_call):
        return {model: {"calibration": calibration_measures(is_call, of_model)} for model, of_model in scores.items()}
    unit_of = drawing_units(recordings)
    spreads = {
        model: training_spread(is_call, of_model.by_network) if of_model.by_chance else dict.fromkeys(COMPARED, 0.0)
        for model, of_model in scores.items()
    }
    return {
        **{
            model: {
                **measure(is_call, of_model.log_odds, unit_of),
                "training_spread": spreads[model],
                "calibration": calibration_measures(is_call, of_model),
            }
            for model, of_model in scores.items()
        },
        "change": {
            **compare(is_call, scores["before"].log_odds, scores["after"].log_odds, recordings),
            "training_spread": {
                name: spread_of_change(*(spreads[model][name] for model in MODELS)) for name in COMPARED
            },
        },
    }


def calibration_measures(is_call: np.ndarray, scores: Scores) -> dict:
    """Return the temperature, what it was fitted on, and the expected calibration error with and without it."""
    calls, nocalls = scores.calibrated_by
    calibration = {"temperature": scores.temperature, "calls": calls, "nocalls": nocalls}
    if not len(is_call):
        return calibration
    return calibration | {
        "error": round(expected_calibration_error(is_call, scores.p_call), 6),
        "error_as_trained": round(expected_calibration_error(is_call, scores.as_trained), 6),
    }


def remarks_on(scores: dict[str, Scores], recordings: Sequence[str], change: Mapping | None) -> list[str]:
    """Say what limits the figures, or that there are none because `change` is None."""
    names = {"before": "Baseline", "after": "Retrained model"}
    remarks = {names[model]: calibration_remark(*of_model.calibrated_by) for model, of_model in scores.items()}
    said = [f"{name}: {remark[0].lower()}{remark[1:]}" for name, remark in remarks.items() if remark]
    if change is None:
        return [NOT_MEASURED, *said]
    return [*said, interval_remark(len(set(recordings))), training_remark(change["training_spread"]["accuracy"])]


def write_plots(
    model: str, clip_ids: Sequence[str], recordings: Sequence[str], is_call: np.ndarray, scores: Scores
) -> None:
    """Write what `dvc plots` draws of a model, which is `before` or `after`."""
    scored = {"as trained": scores.as_trained, "calibrated": scores.p_call}
    tables = {
        "roc": (("false_positive_rate", "true_positive_rate"), roc_rows(is_call, scores.log_odds)),
        "precision_recall": (("recall", "precision"), precision_recall_rows(is_call, scores.log_odds)),
        "confusion": (OUTCOME_COLUMNS, outcome_rows(clip_ids, recordings, is_call, scores.log_odds)),
        "reliability": (("scores", "p_call", "share_of_calls", "clips"), reliability_rows(is_call, scored)),
    }
    for name, (columns, rows) in tables.items():
        write_table(PLOTS / f"{name}_{model}.csv", columns, rows)


def main() -> None:
    """Evaluate both models."""
    data = read_params("data", DataParams)
    field = read_field()
    site_of = {clip.clip_id: clip.site for clip in read_clips(data.folder / "clips.csv")}
    test = [clip for clip in read_split() if clip.part == "test"]
    is_call = np.array([clip.label == CALL for clip in test], bool)
    features = open_features()
    clip_ids = [clip.clip_id for clip in test]
    scores = {model: score_test(folder, features, clip_ids) for model, folder in MODELS.items()}
    recordings = recordings_of(features, clip_ids)
    results = evaluation(is_call, scores, recordings)
    change = results.get("change")
    before_called, after_called = (of_model.log_odds > 0 for of_model in scores.values())
    remarks = remarks_on(scores, recordings, change)
    report = full_report(is_call, before_called, after_called, change, remarks)
    card = model_card(
        Evaluated(
            data=data,
            featurize=features.description["params"],
            networks=scores["after"].by_network.shape[1],
            pretrained=features.description.get("pretrained"),
            results=results,
            remarks=remarks,
            labels=read_merged(),
            site_of=site_of,
            test=clip_ids,
            is_call=is_call,
            right=after_called == is_call,
            field=field,
            digest=model_digest(RETRAINED),
        )
    )

    write_json(METRICS, results)
    write_text(REPORT, report)
    write_text(MODEL_CARD, card)
    for model, of_model in scores.items():
        write_plots(model, clip_ids, recordings, is_call, of_model)
    print(report)


if __name__ == "__main__":
    run_stage(main)
