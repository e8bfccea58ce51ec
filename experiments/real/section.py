"""The results of the pipeline on real recordings as Markdown."""

import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from experiments.label_efficiency.summary import estimate
from experiments.spread import mean_and_deviation
from stages.lib.cards.markdown import table
from stages.lib.intervals.bootstrap import p_text

BASELINE = "baseline"
MEASURES = ("accuracy", "sensitivity", "specificity", "roc_auc")


def results_table(dataset: str, results: Mapping[str, Sequence[dict]]) -> str:
    """Return the results of a data set as Markdown, with the kinds of models side by side."""
    tables = [seed_table(results), mean_table(results), change_table(results)]
    kinds = list(results)
    majority = "\n".join([majority_line(results[kinds[0]]), "", *(gain_line(kind, results[kind]) for kind in kinds)])
    return "\n\n".join([f"### {dataset}", *map("\n".join, tables), majority]) + "\n"


def seed_table(results: Mapping[str, Sequence[dict]]) -> list[str]:
    """Return accuracy and AUC for each seed and model."""
    head = [f"{kind}: {measure}" for kind in results for measure in ("accuracy (95 % interval)", "AUC")]
    rows = []
    for of_seed in zip(*results.values(), strict=True):
        for name in models(of_seed[0]):
            cells = []
            for result in of_seed:
                measures = models(result)[name]
                low, high = (measures["intervals"]["accuracy"][end] for end in ("low", "high"))
                cells += [f"{measures['accuracy']:.3f} ({low:.3f} to {high:.3f})", f"{measures['roc_auc']:.3f}"]
            rows.append([str(of_seed[0]["seed"]), name, *cells])
    return table(["split seed", "model", *head], rows)


def mean_table(results: Mapping[str, Sequence[dict]]) -> list[str]:
    """Return the means over the seeds with standard deviations; counts are sums over the seeds."""
    rows = []
    for kind, of_kind in results.items():
        pools = [result["unanswered"]["pool"] for result in of_kind]
        errors = [result["unanswered"]["labels"]["model_error"]["all"] for result in of_kind]
        uncertain = f"{sum(pool['uncertain'] for pool in pools)} of {sum(pool['pool'] for pool in pools)}"
        wrong = f"{sum(error['wrong'] for error in errors)} of {sum(error['checked'] for error in errors)}"
        for name in models(of_kind[0]):
            columns = [[models(result)[name][measure] for result in of_kind] for measure in MEASURES]
            counts = (uncertain, wrong) if name == BASELINE else ("", "")
            rows.append([kind, name, *(mean_and_deviation(column, 3) for column in columns), *counts])
    head = ["accuracy", "sensitivity", "specificity", "AUC", "uncertain clips", "wrong model labels"]
    return table(["mean of", "model", *head], rows)


def change_table(results: Mapping[str, Sequence[dict]]) -> list[str]:
    """Return the change of the accuracy by the answers, compared with the baseline of the same kind."""
    rows = []
    for of_seed in zip(*results.values(), strict=True):
        cells = []
        for result in of_seed:
            change = result["answered"]["evaluation"]["change"]
            low, high = (change["intervals"]["accuracy"][end] for end in ("low", "high"))
            cells.append(f"{change['accuracy']:+.3f} ({low:+.3f} to {high:+.3f}), {p_text(change['permutation_p'])}")
        rows.append([str(of_seed[0]["seed"]), *cells])
    return table(["answered minus baseline, split seed", *(f"{kind}: accuracy, exact test" for kind in results)], rows)


def models(result: Mapping) -> dict[str, dict]:
    """Return the measures of the three models of one seed."""
    return {
        BASELINE: result["unanswered"]["evaluation"]["before"],
        "retrained, queue unanswered": result["unanswered"]["evaluation"]["after"],
        "retrained, queue answered": result["answered"]["evaluation"]["after"],
    }


def majority_shares(results: Sequence[dict]) -> list[float]:
    """Return the accuracy of always predicting the more frequent class, for each seed."""
    supports = [
        [result["unanswered"]["evaluation"]["before"][name]["support"] for name in ("calls", "nocalls")]
        for result in results
    ]
    return [max(of_seed) / sum(of_seed) for of_seed in supports]


def majority_line(results: Sequence[dict]) -> str:
    """Return a sentence on the accuracy of always predicting the more frequent class."""
    return f"Majority class of the same test clips: {statistics.mean(majority_shares(results)):.3f}."


def gain_line(kind: str, results: Sequence[dict]) -> str:
    """Return a line on the gain of a kind's baseline over always predicting the more frequent class."""
    accuracies = [result["unanswered"]["evaluation"]["before"]["accuracy"] for result in results]
    gain = estimate(np.subtract(accuracies, majority_shares(results)))
    interval = f" (95 % interval {gain.low:+.3f} to {gain.high:+.3f}, Student's t)" if len(results) > 1 else ""
    return f"- {kind}, baseline: {gain.mean:+.3f} above that{interval}"
