"""What every format of annotations comes down to: events in recordings, and which recordings were listened to."""

from collections.abc import Sequence
from typing import NamedTuple

from tools.lib.recordings.recording_name import Origin

CALL, NOCALL, UNSURE, OTHER = "call", "nocall", "unsure", "other"
KINDS = (CALL, NOCALL, UNSURE, OTHER)


class Event(NamedTuple):
    """A stretch of a recording and what is written to it.

    Attributes
    ----------
    source : str
        File and line, as a sentence can begin with it.
    recording : str
        As the file of annotations names it, with folders and suffix where it has them.
    start_s, end_s : float
        Seconds from the start of the recording; the end may lie beyond the recording's.
    text : str
        The annotator's own word for it; empty where the format has none.
    others : tuple of str
        More words for it, from other columns, such as its species.
    before : tuple of (str, float)
        Of an event that began in another recording, that recording and where in it. The event then begins with this
        recording, and `end_s` is its length as a whole, because only the length of the other tells how much is left.
    """

    source: str
    recording: str
    start_s: float
    end_s: float
    text: str
    others: tuple[str, ...] = ()
    before: tuple[str, float] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """All that is written to it; one empty word where there is nothing."""
        return (self.text, *self.others)


class Annotations(NamedTuple):
    """What one file of annotations holds.

    Attributes
    ----------
    events : list of Event
    origins : dict
        From every recording that the file is about, as it names it, those without any event included, to its origin.
    faults : list of str
    notes : list of str
        What had to be decided to read it, for people to check.
    columns : tuple of str
        The keys of its columns, if it is a table.
    """

    events: list[Event]
    origins: dict[str, Origin]
    faults: list[str]
    notes: Sequence[str] = ()
    columns: tuple[str, ...] = ()
