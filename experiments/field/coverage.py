"""Coverage of the intervals of the field report: reviews are simulated on recordings whose calls are known."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import NamedTuple

import numpy as np

from stages.lib.tables.clips import CALL, NOCALL
from stages.lib.tables.reviews import Review
from tools.lib.draws.candidates import BINS, Candidate
from tools.lib.draws.runs_table import SearchedBin
from tools.lib.draws.sampling import draw
from tools.lib.field.operating_points import operating_point
from tools.lib.field.sample import Sample, sample_of

MEASURES = {"precision": 2, "false_alarms_per_hour": 1, "recall": 2}
ROUNDING = 1e-9
RUN = BATCH = SITE = "all"


def simulated_review(
    candidates: Sequence[Candidate], is_call: Mapping[Candidate, bool], hours: float, count: int, seed: str
) -> Sample:
    """Draw windows as a review does, answer all of them with the truth, and return the sample.

    Parameters
    ----------
    candidates : sequence of Candidate
    is_call : mapping
        From candidate to whether it is a call.
    hours : float
        Hours of sound in their recordings.
    count : int
        Number of windows to draw.
    seed : str
    """
    reviews, label_of = [], {}
    for number, (one, weight) in enumerate(draw(candidates, count, seed).items()):
        clip_id = str(number)
        reviews.append(Review(RUN, BATCH, clip_id, one.recording, one.start_s, SITE, one.p_call, one.bin, weight))
        label_of[clip_id] = CALL if is_call[one] else NOCALL
    in_bin = Counter(one.bin for one in candidates)
    recordings = len({one.recording for one in candidates})
    runs = [SearchedBin(RUN, BATCH, "", 0.0, 0.0, SITE, name, recordings, hours, in_bin[name]) for name in BINS]
    return sample_of(reviews, label_of, runs)


def truth_of(p_call: np.ndarray, is_call: np.ndarray, hours: float, threshold: float) -> dict[str, float]:
    """Return the true measures at a threshold over all windows; NaN if undefined."""
    above = p_call > threshold
    found, false_alarms, calls = (np.count_nonzero(kind) for kind in (above & is_call, above & ~is_call, is_call))
    return {
        "precision": found / (found + false_alarms) if found + false_alarms else float("nan"),
        "false_alarms_per_hour": false_alarms / hours,
        "recall": found / calls if calls else float("nan"),
    }


class Estimate(NamedTuple):
    """An estimate, its interval, and whether the interval contains each of some true values."""

    value: float
    low: float
    high: float
    holds: tuple[bool, ...]


def compared(sample: Sample, threshold: float, truths: Sequence[Mapping[str, float]]) -> Iterable[tuple[str, Estimate]]:
    """Yield the estimate of each measure at a threshold, unless the estimate or a true value is undefined."""
    point = operating_point(sample, threshold)
    for name in MEASURES:
        value, low, high = getattr(point, name)
        wanted = [truth[name] for truth in truths]
        if not isnan(value) and not any(map(isnan, wanted)):
            holds = tuple(low - ROUNDING <= truth <= high + ROUNDING for truth in wanted)
            yield name, Estimate(value, low, high, holds)


class Tally:
    """How often the intervals of each measure and threshold contain the true values."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[str, float], list[Estimate]] = defaultdict(list)

    def add(self, sample: Sample, threshold: float, truths: Sequence[Mapping[str, float]]) -> None:
        """Add the estimates from a sample."""
        for name, estimate in compared(sample, threshold, truths):
            self.outcomes[name, threshold].append(estimate)

    def rows(self, thresholds: Sequence[float]) -> list[list[str]]:
        """Return one row per measure, with the columns of `tally_head`."""
        return [
            [name.replace("_", " "), *(cell for threshold in thresholds for cell in self.cells(name, threshold))]
            for name in MEASURES
        ]

    def cells(self, name: str, threshold: float) -> tuple[str, str]:
        """Return the share of intervals that contain each true value, and the median interval."""
        estimates = self.outcomes[name, threshold]
        if not estimates:
            return "", ""
        shares = ", ".join(f"{share:.0%}" for share in np.mean([one.holds for one in estimates], axis=0))
        low, high = (float(np.median([getattr(one, end) for one in estimates])) for end in ("low", "high"))
        return shares, f"{low:.{MEASURES[name]}f} to {high:.{MEASURES[name]}f}"


def tally_head(thresholds: Sequence[float]) -> list[str]:
    """Return the headings of a tally's rows."""
    return ["measure", *(cell for score in thresholds for cell in (f"above {score:g}: held", "median interval"))]
