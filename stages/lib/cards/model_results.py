"""The tables of the model card: sources of labels, results, and the share of calls among detections."""

from collections.abc import Mapping, Sequence
from typing import Any

from stages.lib.cards.card import label_counts
from stages.lib.cards.markdown import table
from stages.lib.tables.merged import BY_EXPERT, DATASET, MODEL, MergedClip

PROPORTIONS = ("accuracy", "sensitivity", "specificity")
SOURCES = {DATASET: "the data set", BY_EXPERT: "experts", MODEL: "the baseline model, where it was confident"}
ONE_IN = (2, 10, 100, 1000)  # How rare calls are: one clip in this many.


def sources_table(learned: Sequence[MergedClip]) -> str:
    """Return a table of the labels by source."""
    rows = [
        (name, label_counts(clip.label for clip in learned if clip.source == source))
        for source, name in SOURCES.items()
    ]
    return "\n".join(table(("labels from", "clips"), rows))


def results_table(results: Mapping[str, Any]) -> str:
    """Return a table of the results of both models."""
    models = [results["before"], results["after"]]
    rows = [(name, *(interval(model, name) for model in models)) for name in PROPORTIONS]
    rows += [
        ("area under the ROC curve", *(f"{model['roc_auc']:.3f}" for model in models)),
        ("average precision", *(f"{model['average_precision']:.3f}" for model in models)),
        ("calibration error", *(f"{model['calibration']['error']:.3f}" for model in models)),
    ]
    return "\n".join(table(("", "baseline", "this model"), rows))


def interval(measures: Mapping[str, Any], name: str) -> str:
    """Format a proportion with its interval."""
    ends = measures["intervals"][name]
    return f"{measures[name]:.3f} ({ends['low']:.3f} to {ends['high']:.3f})"


def rarity_table(after: Mapping[str, Any]) -> str:
    """Return a table of the share of calls among the clips above the threshold, by how rare calls are."""
    ends = [tuple(after["intervals"][name][end] for name in PROPORTIONS[1:]) for end in ("low", "high")]
    rates = [(after["sensitivity"], after["specificity"]), *ends]
    rows = [(f"1 clip in {clips:,}", *(f"{precision(1 / clips, *of_end):.1%}" for of_end in rates)) for clips in ONE_IN]
    header = ("a call in", "as measured", "at the low ends of the intervals", "at the high ends")
    return "\n".join(table(header, rows))


def precision(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return the share of calls among the clips above the threshold, given the share of calls among all clips."""
    found, false_alarms = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    return found / (found + false_alarms) if found + false_alarms else 0.0
