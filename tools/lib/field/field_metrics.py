"""`metrics/field.json`: the results of reviewing a detector run, for all sites together and for each."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from stages.lib.cards.field_results import MEASURES
from stages.lib.tables.reviews import Review
from tools.lib.draws.runs_table import SearchedBin
from tools.lib.field.operating_points import THRESHOLDS, OperatingPoint, operating_point
from tools.lib.field.recalibration import Recalibration, recalibrate
from tools.lib.field.sample import Sample, sample_of
from tools.lib.field.sample_remarks import remarks_on

# Fewer thresholds for a single site, because it has fewer windows.
SITE_THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.98)


def field_metrics(
    reviews: Sequence[Review], label_of: Mapping[str, str | None], runs: Sequence[SearchedBin]
) -> dict[str, Any]:
    """Return the content of metrics/field.json.

    Parameters
    ----------
    reviews : sequence of Review
        Reviews of one run.
    label_of : mapping
        From clip id to the experts' label; None if they disagree.
    runs : sequence of SearchedBin
        Rows of the same run, at least one.
    """
    sites = sorted({row.site for row in runs})
    sample = sample_of(reviews, label_of, runs)
    fitted = recalibrate(sample)
    by_site = {}
    for site in sites if len(sites) > 1 else []:
        reviews_there = [one for one in reviews if one.site == site]
        sample_there = sample_of(reviews_there, label_of, [row for row in runs if row.site == site])
        by_site[site] = described(reviews_there, sample_there, fitted, SITE_THRESHOLDS)
    first = runs[0]
    return {
        "run": first.run,
        "model": first.model,
        "clip_s": first.clip_s,
        "hop_s": first.hop_s,
        "recalibration": None if fitted is None else fitted._asdict(),
        "all": described(reviews, sample, fitted, THRESHOLDS),
        "sites": by_site,
    }


def described(
    reviews: Sequence[Review], sample: Sample, fitted: Recalibration | None, thresholds: Sequence[float]
) -> dict[str, Any]:
    """Return the size of a sample and its estimates."""
    drawn = [one for one in reviews if one.drawn]
    measured = thresholds if len(sample.p_call) and sample.hours else ()
    return {
        "recordings": sample.recordings,
        "hours": round(sample.hours, 6),
        "candidates": int(sample.candidates.sum()),
        "calls": int(sample.is_call.sum()),
        "nocalls": int((~sample.is_call).sum()),
        "undecided": len(drawn) - len(sample.p_call),
        "not_drawn": len(reviews) - len(drawn),
        "remarks": remarks_on(sample),
        "points": [point_row(operating_point(sample, threshold), fitted) for threshold in measured],
    }


def point_row(point: OperatingPoint, fitted: Recalibration | None) -> dict[str, Any]:
    """Return an operating point for JSON: numbers to six decimals, null if unknown."""
    row: dict[str, Any] = {"threshold": point.threshold, "heard": point.heard}
    row["p_call_here"] = None if fitted is None else in_json(float(fitted.probability(np.array(point.threshold))))
    for name in MEASURES:
        value, low, high = getattr(point, name)
        row |= {name: in_json(value), f"{name}_low": in_json(low), f"{name}_high": in_json(high)}
    return row


def in_json(number: float) -> float | None:
    """Round a number to six decimals; return None for NaN, which JSON lacks."""
    return None if isnan(number) else round(number, 6)
