"""The results of the field experiment as Markdown."""

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.detection.measures import Detected
from experiments.field.coverage import Tally, tally_head
from experiments.field.outcome import RECALLS, mean_over_seeds, measures, threshold_at
from experiments.field.study import Review
from stages.lib.cards.markdown import table

HALVES = ("first", "second")
# The recall of the false alarms by site.
SHOWN_RECALL = 0.7
REVIEW_HEAD = ("features", "half measured", "answers", "weight")


def review_cells(kind: str, review: Review) -> list[str]:
    """Return the cells that describe a review: features, measured half, answers and their weight."""
    weight = f"{review.weight:g}" if review.count else ""
    answers = (
        f"{review.count}, half of them the {review.instead} ones" if review.instead else str(review.count or "none")
    )
    return [kind, HALVES[1 - review.half], answers, weight]


def worth_table(outcomes: Mapping[tuple[str, Review], Sequence[Detected]]) -> list[str]:
    """Return the measures on the recordings that were not reviewed, with 95 % intervals.

    Parameters
    ----------
    outcomes : mapping
        From the kind of features and the review to the outcomes, one per seed.
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
    """Return the false alarms per hour of each seed at each of `RECALLS`."""
    rows = []
    for (kind, review), seeds in outcomes.items():
        per_seed = np.array([measures(found, np.ones((1, len(found.calls)), int))[0] for found in seeds])
        cells = [", ".join(f"{rate:.1f}" for rate in per_seed[:, position]) for position in range(len(RECALLS))]
        rows.append([*review_cells(kind, review), *cells])
    return table([*REVIEW_HEAD, *(f"at recall {recall:g}, by seed" for recall in RECALLS)], rows)


def elsewhere_table(
    outcomes: Mapping[tuple[str, Review], Sequence[Detected]],
    sites: Mapping[int, Sequence[str]],
    known: Mapping[tuple[str, Review], Sequence[tuple[float, float, float]]],
) -> list[str]:
    """Return the false alarms by site, and the measures on the published clips that no model has learned from.

    Parameters
    ----------
    outcomes : mapping
        As for `worth_table`.
    sites : mapping
        From each half to the sites of the recordings in the other half.
    known : mapping
        From the kind of features and the review to the area under the ROC curve, and sensitivity and specificity at a
        score of 0.5, one tuple per seed.
    """
    names = sorted({site for of_half in sites.values() for site in of_half})
    rows = []
    for (kind, review), seeds in outcomes.items():
        rates = []
        for site in names:
            here = np.flatnonzero(np.array(sites[review.half]) == site)
            rates.append(f"{np.mean([rate_in(found, here) for found in seeds]):.1f}")
        cells = [f"{np.mean(values):.3f}" for values in zip(*known[kind, review], strict=True)]
        rows.append([*review_cells(kind, review), *rates, *cells])
    rates_head = [f"false alarms/h at {site}, recall {SHOWN_RECALL:g}" for site in names]
    return table([*REVIEW_HEAD, *rates_head, "AUC of other clips", "sensitivity", "specificity"], rows)


def rate_in(found: Detected, recordings: np.ndarray) -> float:
    """Return the false alarms per hour in some recordings, at the threshold with `SHOWN_RECALL` in all recordings."""
    above = found.p_call >= threshold_at(found, SHOWN_RECALL)
    false_alarms = ~found.found & above & np.isin(found.recording, recordings)
    return float(false_alarms.sum() / found.hours[recordings].sum())


def trust_table(tallies: Mapping[tuple[int, int], Tally], thresholds: Sequence[float]) -> list[str]:
    """Return how often the intervals of the field report contain the truth.

    Parameters
    ----------
    tallies : mapping
        From the reviewed half and the number of answers to the tally.
    thresholds : sequence of float
    """
    rows = [
        [HALVES[half], str(count), *cells]
        for (half, count), tally in tallies.items()
        for cells in tally.rows(thresholds)
    ]
    return table(["half reviewed", "answers", *tally_head(thresholds)], rows)
