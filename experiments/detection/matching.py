"""Which detections of a recording are annotated calls."""

from collections.abc import Sequence
from typing import NamedTuple

from tools.lib.detection.detections import Detection


class Call(NamedTuple):
    """An annotated call: seconds from the start of its recording."""

    start_s: float
    end_s: float


def match(detections: Sequence[Detection], calls: Sequence[Call]) -> list[bool]:
    """Tell of each detection in a recording whether it finds a call.

    The detections choose in the order of their scores, the highest first. Each takes the free call with which it has
    most time in common. So each call is found once and each detection finds one call at most: a
    second detection of the same call is a false alarm, and a second call in the same detection is missed.

    References
    ----------
    Everingham et al. (2010), "The PASCAL Visual Object Classes (VOC) challenge", section 4.2, with any overlap in time
    in the place of half the area: a window of 2 s cannot tell where a call of 1 s begins.
    """
    found = [False] * len(detections)
    free = list(calls)
    for position in sorted(range(len(detections)), key=lambda position: -detections[position].p_call):
        overlaps = [overlap_s(detections[position], call) for call in free]
        most = max(overlaps, default=0.0)
        if most > 0:
            found[position] = True
            del free[overlaps.index(most)]
    return found


def overlap_s(detection: Detection, call: Call) -> float:
    """Return how long a detection and a call have in common; negative where they do not meet."""
    return min(detection.end_s, call.end_s) - max(detection.start_s, call.start_s)
