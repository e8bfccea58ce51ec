"""Annotations in a common form: events in recordings, and the recordings that were listened to."""

from collections.abc import Sequence
from typing import NamedTuple

from tools.lib.recordings.recording_name import Origin

CALL, NOCALL, UNSURE, OTHER = "call", "nocall", "unsure", "other"
KINDS = (CALL, NOCALL, UNSURE, OTHER)


class Event(NamedTuple):
    """An annotated stretch of a recording.

    Attributes
    ----------
    source : str
        File and line.
    recording : str
        Its name in the annotation file, with folders and suffix if given.
    start_s, end_s : float
        Seconds from the start of the recording; the end may be after its end.
    words : tuple of str
        The annotator's words for it, such as its label and its species; one empty word if there are none.
    before : tuple of (str, float)
        For an event that began in another recording: that recording, and the start in it. The event then begins with
        this recording, and `end_s` is its total length: the part in this recording is known only once the length of
        the other is.
    """

    source: str
    recording: str
    start_s: float
    end_s: float
    words: tuple[str, ...]
    before: tuple[str, float] | None = None


class Annotations(NamedTuple):
    """The contents of one annotation file.

    Attributes
    ----------
    events : list of Event
    origins : dict
        From every recording in the file, including those without an event, to its origin.
    faults : list of str
    notes : list of str
        Assumptions made in reading the file, for people to check.
    columns : tuple of str
        The keys of its columns, if it is a table.
    """

    events: list[Event]
    origins: dict[str, Origin]
    faults: list[str]
    notes: Sequence[str] = ()
    columns: tuple[str, ...] = ()
