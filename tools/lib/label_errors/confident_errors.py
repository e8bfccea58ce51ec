"""A model's most confident errors, and its errors by site."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from stages.lib.intervals.proportions import proportion
from stages.lib.model.calibration import probability
from stages.lib.tables.clips import CALL


class ScoredClip(NamedTuple):
    """A clip scored by a model.

    Attributes
    ----------
    clip_id, site, part : str
    label, source : str
        `call` or `nocall`, and its source: `dataset` or `expert`.
    log_odds : float
        log(p_call / (1 - p_call)), calibrated. Errors are ranked by it, because rounding creates no ties.
    """

    clip_id: str
    site: str
    part: str
    label: str
    source: str
    log_odds: float

    @property
    def p_call(self) -> float:
        """The probability of a call, in [0, 1]."""
        return float(probability(self.log_odds, 1.0))

    @property
    def is_wrong(self) -> bool:
        """Whether the model's decision contradicts the label."""
        return (self.log_odds > 0) != (self.label == CALL)


class SiteErrors(NamedTuple):
    """The errors of a model at a site.

    Attributes
    ----------
    site : str
        Empty for recordings without a site.
    clips : int
        The number of scored clips.
    missed : int
        Calls classified as no call.
    false_alarms : int
        No-calls classified as calls.
    rate, rate_low, rate_high : float
        The share of errors among the clips, with the 95 % Wilson interval.
    """

    site: str
    clips: int
    missed: int
    false_alarms: int
    rate: float
    rate_low: float
    rate_high: float


def confident_errors(clips: Sequence[ScoredClip], count: int) -> list[ScoredClip]:
    """Return at most `count` wrongly classified clips, the most confident error first."""
    wrong = [clip for clip in clips if clip.is_wrong]
    return sorted(wrong, key=lambda clip: (-abs(clip.log_odds), clip.clip_id))[:count]


def errors_by_site(clips: Sequence[ScoredClip]) -> list[SiteErrors]:
    """Count the errors at each site, the worst site first.

    Sites are sorted by the lower end of the interval, so a site with very few clips does not come first.
    """
    of_site = defaultdict(list)
    for clip in clips:
        of_site[clip.site].append(clip)
    sites = [site_errors(site, of_site[site]) for site in of_site]
    return sorted(sites, key=lambda errors: (-errors.rate_low, -errors.rate, errors.site))


def site_errors(site: str, clips: Sequence[ScoredClip]) -> SiteErrors:
    """Count the errors at a site."""
    wrong = [clip for clip in clips if clip.is_wrong]
    missed = sum(clip.label == CALL for clip in wrong)
    return SiteErrors(site, len(clips), missed, len(wrong) - missed, *proportion(len(wrong), len(clips)))
