"""Matching of detections with annotated calls."""

from collections.abc import Sequence
from typing import NamedTuple

from tools.lib.detection.detections import Detection


class Call(NamedTuple):
    """An annotated call, in seconds from the start of its recording."""

    start_s: float
    end_s: float


def match(detections: Sequence[Detection], calls: Sequence[Call]) -> list[bool]:
    """Tell for each detection in a recording whether it finds a call.

    Detections are matched in order of their scores, the highest first. Each is matched with the unmatched call that it
    overlaps longest. So each call is found at most once, and each detection finds at most one call. A second detection
    of the same call is a false alarm, and a second call in the same detection is missed.

    References
    ----------
    Everingham et al. (2010), "The PASCAL Visual Object Classes (VOC) challenge", section 4.2. Here any overlap in time
    counts, not half the area, because a window of 2 s does not tell where a call of 1 s begins.
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
    """Return how long a detection and a call overlap, in seconds; negative if they do not."""
    return min(detection.end_s, call.end_s) - max(detection.start_s, call.start_s)
