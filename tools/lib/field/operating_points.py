"""Operating points: precision, false alarms per hour and recall at a threshold, with intervals by recording.

All three are about windows that do not overlap (`tools/lib/draws/candidates.py`). A detection is one or more of them,
so there are no more detections than windows above the threshold.
"""

from typing import NamedTuple

import numpy as np

from tools.lib.draws.candidates import BIN_EDGES
from tools.lib.field.sample import Sample
from tools.lib.field.totals import Interval, rate_per_hour, share_of, total

THRESHOLDS = (
    *(0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9),
    *(0.92, 0.94, 0.96, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999),
)
LOWER_EDGES, UPPER_EDGES = np.array(BIN_EDGES[:-1]), np.array(BIN_EDGES[1:])


class OperatingPoint(NamedTuple):
    """The estimates for windows that score more than a threshold.

    Attributes
    ----------
    threshold : float
    heard : int
        Number of reviewed windows that score more.
    precision : Interval
        Share of calls among the windows that score more.
    false_alarms_per_hour : Interval
        Number of windows per hour that score more but hold no call.
    recall : Interval
        Share of the windows with a call that score more.
    """

    threshold: float
    heard: int
    precision: Interval
    false_alarms_per_hour: Interval
    recall: Interval


def operating_point(sample: Sample, threshold: float) -> OperatingPoint:
    """Estimate the operating point of a threshold from a sample."""
    above = sample.p_call > threshold
    found = total(sample, above & sample.is_call, threshold < UPPER_EDGES)
    false_alarms = total(sample, above & ~sample.is_call, threshold < UPPER_EDGES)
    missed = total(sample, ~above & sample.is_call, threshold > LOWER_EDGES, rarer_below=True)
    return OperatingPoint(
        threshold,
        int(above.sum()),
        share_of(sample, found, false_alarms),
        rate_per_hour(sample, false_alarms),
        share_of(sample, found, missed),
    )
