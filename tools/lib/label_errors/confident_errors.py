"""Where a model is wrong: the clips that it gets most confidently wrong, and how often it errs at each site."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from stages.lib.intervals.proportions import proportion
from stages.lib.model.calibration import probability
from stages.lib.tables.clips import CALL


class ScoredClip(NamedTuple):
    """A clip that a model has scored.

    Attributes
    ----------
    clip_id, site, part : str
    label, source : str
        `call` or `nocall`, and who says so: `dataset` or `expert`.
    log_odds : float
        log(p_call / (1 - p_call)), calibrated. Errors are ranked by it, since no rounding makes it equal to another's.
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

    @property
    def confidence(self) -> float:
        """How far the score is from where the decision turns."""
        return abs(self.log_odds)


class SiteErrors(NamedTuple):
    """How often a model errs at a site.

    Attributes
    ----------
    site : str
        Empty for the recordings that have none.
    clips : int
        Those that were scored.
    missed : int
        Calls that the model does not hear.
    false_alarms : int
        No-calls that it takes for calls.
    rate, rate_low, rate_high : float
        Of errors among the clips, with the 95 % Wilson interval.
    """

    site: str
    clips: int
    missed: int
    false_alarms: int
    rate: float
    rate_low: float
    rate_high: float


def confident_errors(clips: Sequence[ScoredClip], count: int) -> list[ScoredClip]:
    """Return the clips that the model is wrong about, the most confident error first, at most so many."""
    wrong = [clip for clip in clips if clip.is_wrong]
    return sorted(wrong, key=lambda clip: (-clip.confidence, clip.clip_id))[:count]


def errors_by_site(clips: Sequence[ScoredClip]) -> list[SiteErrors]:
    """Count the errors of each site, the site with most of them first.

    The order is by the lower end of the interval, so that a site of which nearly nothing is known does not come first.
    """
    of_site = defaultdict(list)
    for clip in clips:
        of_site[clip.site].append(clip)
    sites = [site_errors(site, of_site[site]) for site in of_site]
    return sorted(sites, key=lambda errors: (-errors.rate_low, -errors.rate, errors.site))


def site_errors(site: str, clips: Sequence[ScoredClip]) -> SiteErrors:
    """Count the errors among the clips of a site."""
    wrong = [clip for clip in clips if clip.is_wrong]
    missed = sum(clip.label == CALL for clip in wrong)
    return SiteErrors(site, len(clips), missed, len(wrong) - missed, *proportion(len(wrong), len(clips)))
