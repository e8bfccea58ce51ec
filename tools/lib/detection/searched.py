"""The detections in a recording, from its scores, and which of them continues one in the previous recording.

A recorder that writes a file per minute cuts calls in two. A recording follows another if their names give the same
site, and it starts when the other ends. If the first ends within a detection and the second begins within one, they are
one detection. It has one row per recording, so that every row lies within its recording. The second row names the
recording that it continues.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import NamedTuple

from tools.lib.detection.detections import SAME_S, Detection, find_detections
from tools.lib.detection.run_record import Run, RunRecording, read_scores

FOLLOWS_S = 1.0  # Names give whole seconds, so both times may be up to a second early.


class Searched(NamedTuple):
    """A searched recording and its detections.

    Attributes
    ----------
    recording : RunRecording
    detections : list of Detection
    continues : str
        Name of the recording whose last detection its first one continues; empty if there is none.
    """

    recording: RunRecording
    detections: list[Detection]
    continues: str = ""

    @property
    def continued(self) -> list[str]:
        """For each detection, the recording whose detection it continues; mostly empty."""
        return [self.continues, *[""] * len(self.detections)][: len(self.detections)]


class Order:
    """The recordings of a run by end time, to find the one that another follows."""

    def __init__(self, recordings: Iterable[RunRecording] = ()):
        self.ending: dict[tuple, list[tuple[float, RunRecording]]] = defaultdict(list)
        for recording in recordings:
            self.add(recording)

    def add(self, recording: RunRecording) -> None:
        """Add a recording."""
        began_s = began(recording)
        if began_s is not None:
            end_s = began_s + recording.length_s
            self.ending[*place(recording), round(end_s)].append((end_s, recording))

    def before(self, recording: RunRecording) -> RunRecording | None:
        """Return the recording that another follows; None if there is none, or if several end at that time."""
        began_s = began(recording)
        if began_s is None:
            return None
        found = {
            one.path: one
            for away_s in (-2, -1, 0, 1, 2)
            for end_s, one in self.ending.get((*place(recording), round(began_s) + away_s), [])
            if abs(end_s - began_s) <= FOLLOWS_S + SAME_S
        }
        return next(iter(found.values())) if len(found) == 1 else None


def place(recording: RunRecording) -> tuple[str, bool]:
    """Return what consecutive recordings share: the site, or otherwise the folder, and whether times are in UTC."""
    return recording.site or f"/{PurePath(recording.path).parent}", recording.began.endswith("Z")


def began(recording: RunRecording) -> float | None:
    """Return the start time of a recording, in seconds; None if its name gives no time of day."""
    if "T" not in recording.began:
        return None
    return datetime.fromisoformat(recording.began).replace(tzinfo=UTC).timestamp()


def detections_of(folder: Path, run: Run, recording: RunRecording) -> list[Detection]:
    """Return the detections in a recording, from its scores in the output folder."""
    starts_s, p_call = read_scores(folder, run, recording)
    return find_detections(p_call, starts_s, run.clip_s, recording.found, run.threshold)


def searched(folder: Path, run: Run, recording: RunRecording, order: Order) -> Searched:
    """Return the detections in a recording, given its scores and those of the previous recording."""
    detections = detections_of(folder, run, recording)
    previous = order.before(recording) if detections and detections[0].start_s < SAME_S else None
    last = detections_of(folder, run, previous)[-1:] if previous else []
    continues = bool(previous and last and last[0].end_s > previous.length_s - SAME_S)
    return Searched(recording, detections, previous.name if previous and continues else "")
