"""The results of the loop in the field as Markdown."""

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.detection.measures import Detected
from experiments.field.hearing import Tally, tally_head
from experiments.field.outcome import RECALLS, mean_over_seeds, measures, threshold_at
from experiments.field.study import Review
from stages.lib.cards.markdown import table

HALVES = ("first", "second")
# The recall at which false alarms are shown by site.
SHOWN_RECALL = 0.7
REVIEW_HEAD = ("features", "half measured", "answers", "weight")


def review_cells(kind: str, review: Review) -> list[str]:
    """Return what was reviewed: the features, the half that was measured, the answers and what each weighs."""
    weight = f"{review.weight:g}" if review.count else ""
    answers = (
        f"{review.count}, half of them the {review.instead} ones" if review.instead else str(review.count or "none")
    )
    return [kind, HALVES[1 - review.half], answers, weight]


def worth_table(outcomes: Mapping[tuple[str, Review], Sequence[Detected]]) -> list[str]:
    """Return what answers are worth on the recordings that were not reviewed, with 95 % intervals.

    Parameters
    ----------
    outcomes : mapping
        From the kind of features and a review to the outcome of each seed.
    """
    rows = []
    for (kind, review), seeds in outcomes.items():
        *rates, precision = mean_over_seeds(seeds)
        cells = [f"{value:.1f} ({low:.1f} to {high:.1f})" for value, low, high in rates]
        cells.append("{:.2f} ({:.2f} to {:.2f})".format(*precision))
        rows.append([*review_cells(kind, review), *cells])
    rates_head = [f"false alarms/h at recall {recall:g}" for recall in RECALLS]
    return table([*REVIEW_HEAD, *rates_head, "average precision"], rows)


def seed_table(outcomes: Mapping[tuple[str, Review], Sequence[Detected]]) -> list[str]:
    """Return the false alarms per hour of each seed at the recalls that are shown."""
    rows = []
    for (kind, review), seeds in outcomes.items():
        per_seed = np.array([measures(of, np.ones((1, len(of.calls)), int))[0] for of in seeds])
        cells = [", ".join(f"{rate:.1f}" for rate in per_seed[:, position]) for position in range(len(RECALLS))]
        rows.append([*review_cells(kind, review), *cells])
    return table([*REVIEW_HEAD, *(f"at recall {recall:g}, by seed" for recall in RECALLS)], rows)


def elsewhere_table(
    outcomes: Mapping[tuple[str, Review], Sequence[Detected]],
    sites: Mapping[int, Sequence[str]],
    known: Mapping[tuple[str, Review], Sequence[tuple[float, float, float]]],
) -> list[str]:
    """Return the false alarms by site, and what became of the published clips that no model has learned from.

    Parameters
    ----------
    outcomes : mapping
        As for `worth_table`.
    sites : mapping
        From each half to the sites of the recordings of the other.
    known : mapping
        From the kind of features and a review to the area under the ROC curve of each seed, and to sensitivity and
        specificity at a score of 0.5.
    """
    names = sorted({site for of_half in sites.values() for site in of_half})
    rows = []
    for (kind, review), seeds in outcomes.items():
        rates = []
        for site in names:
            here = np.flatnonzero(np.array(sites[review.half]) == site)
            rates.append(f"{np.mean([rate_in(of, here) for of in seeds]):.1f}")
        cells = [f"{np.mean(values):.3f}" for values in zip(*known[kind, review], strict=True)]
        rows.append([*review_cells(kind, review), *rates, *cells])
    rates_head = [f"false alarms/h at {site}, recall {SHOWN_RECALL:g}" for site in names]
    return table([*REVIEW_HEAD, *rates_head, "AUC of other clips", "sensitivity", "specificity"], rows)


def rate_in(of: Detected, recordings: np.ndarray) -> float:
    """Return the false alarms per hour in some recordings, at the threshold with the shown recall in all."""
    alarms = ~of.found & (of.p_call >= threshold_at(of, SHOWN_RECALL)) & np.isin(of.recording, recordings)
    return float(alarms.sum() / of.hours[recordings].sum())


def trust_table(tallies: Mapping[tuple[int, int], Tally], thresholds: Sequence[float]) -> list[str]:
    """Return how often the intervals of the field report held the truth.

    Parameters
    ----------
    tallies : mapping
        From the half that was reviewed and the number of answers to the outcomes.
    thresholds : sequence of float
    """
    rows = [
        [HALVES[half], str(count), *cells]
        for (half, count), tally in tallies.items()
        for cells in tally.rows(thresholds)
    ]
    return table(["half reviewed", "answers", *tally_head(thresholds)], rows)
