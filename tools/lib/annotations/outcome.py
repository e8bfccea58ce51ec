"""The outcome of each annotation: taken or left out, and why."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

WORD, TAKEN, LEFT_OUT, NOTE = "word", "taken", "left out", "note"
COLUMNS = ("outcome", "reason", "recording", "annotations", "windows", "first")


class Outcome(NamedTuple):
    """The outcome of one annotation, or of windows without an annotation.

    Attributes
    ----------
    outcome : str
        `taken` or `left out`; or a `word` and its meaning, or a `note`. The last two are about annotations that are
        counted elsewhere.
    reason : str
    recording : str
    annotations, windows : int
    first : str
        File and line of the annotation; empty if there is none.
    """

    outcome: str
    reason: str
    recording: str
    annotations: int = 0
    windows: int = 0
    first: str = ""


def added_up(outcomes: Iterable[Outcome], by_recording: bool) -> list[Outcome]:
    """Add up outcomes with the same reason, per recording or over all; words come first, then what is taken."""
    groups = defaultdict(list)
    for one in outcomes:
        groups[one.outcome, one.reason, one.recording if by_recording else ""].append(one)
    order = (WORD, TAKEN, LEFT_OUT, NOTE)
    return [
        Outcome(
            *key,
            sum(one.annotations for one in group),
            sum(one.windows for one in group),
            next((one.first for one in group if one.first), ""),
        )
        for key, group in sorted(groups.items(), key=lambda item: (order.index(item[0][0]), *item[0][1:]))
    ]


def printed(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a table for people, with a line per reason over all recordings."""
    rows = [("", "reason", "annotations", "windows", "first")]
    rows += [
        (one.outcome, one.reason, str(one.annotations), str(one.windows), one.first)
        for one in added_up(outcomes, by_recording=False)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
