"""What every format of annotations comes down to: events in recordings, and which recordings were listened to."""

from typing import NamedTuple

CALL, NOCALL, UNSURE, OTHER = "call", "nocall", "unsure", "other"
KINDS = (CALL, NOCALL, UNSURE, OTHER)


class Event(NamedTuple):
    """A stretch of a recording and what is written to it.

    Attributes
    ----------
    source : str
        File and line, as a sentence can begin with it.
    stem : str
        Of the recording (`recording_name.stem`).
    begin_s, end_s : float
        Seconds from the start of the recording; the end may lie beyond the recording's.
    text : str
        The annotator's own word for it; empty where the format has none.
    """

    source: str
    stem: str
    begin_s: float
    end_s: float
    text: str


class Origin(NamedTuple):
    """Where and when a recording was made: a site, and ISO 8601 or whatever the annotator wrote; empty if unknown."""

    site: str = ""
    began: str = ""


class Annotations(NamedTuple):
    """What one file of annotations holds.

    Attributes
    ----------
    events : list of Event
    origins : dict
        From the stem of every recording that the file is about, those without any event included, to its origin.
    faults : list of str
    """

    events: list[Event]
    origins: dict[str, Origin]
    faults: list[str]
