"""Combine all annotation files of a data set."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.audio.examination import Examined
from stages.lib.runtime.faults import refuse
from tools.lib.annotations.kinds import kind_of, said_of_words, unknown_words
from tools.lib.annotations.outcome import WORD, Outcome
from tools.lib.formats.annotations import read_annotations
from tools.lib.formats.delimited import key_of
from tools.lib.formats.event import NOCALL, Annotations, Event
from tools.lib.formats.word_columns import NONE


class Annotated(NamedTuple):
    """What all annotation files say about one recording.

    Attributes
    ----------
    events : list of (kind, Event)
    states_nocalls : bool
        Whether only stated stretches are without a call, because one of its files marks such stretches, in this
        recording or another, or because some of its annotations are unknown.
    """

    events: list[tuple[str, Event]]
    states_nocalls: bool


class MeasuredRecording(NamedTuple):
    """A recording and its annotations, before windows are chosen.

    Attributes
    ----------
    name : str
        Its path below the data set's `recordings/`.
    found : Examined
        The result of decoding it.
    events, states_nocalls
        As for `Annotated`. If stretches without a call are stated, those that annotations leave empty are unknown.
    """

    name: str
    found: Examined
    events: Sequence[tuple[str, Event]]
    states_nocalls: bool

    @property
    def length_s(self) -> float:
        """Its length in seconds."""
        return self.found.length_s


def read_all(paths: Sequence[Path], labels: Mapping[str, str], words: Sequence[str] = ()) -> list[Annotations]:
    """Read annotation files, or refuse all faults at once, including words without a meaning.

    `labels` is as for `meaning_of`, `words` as for `word_columns`.
    """
    read = [read_annotations(path, words) for path in paths]
    columns = {column for one in read for column in one.columns}
    faults = [fault for one in read for fault in one.faults]
    faults += [
        f"--words {name}: no table has a column with this name; write it as the header does"
        for name in words
        if name.casefold() != NONE and key_of(name) not in columns
    ]
    refuse([*faults, *unknown_words((event for one in read for event in one.events), labels)])
    return read


def measured(annotated: Mapping[str, Annotated], lengths_s: Mapping[str, float]) -> dict[str, Annotated]:
    """Shorten events that began in another recording to the part in this one, where the other's length is known.

    Both mappings are by the path of a recording; lengths are in seconds.
    """
    return {
        name: known._replace(events=[(kind, rest(event, lengths_s)) for kind, event in known.events])
        for name, known in annotated.items()
    }


def rest(event: Event, lengths_s: Mapping[str, float]) -> Event:
    """Return the rest of an event that began in another recording; return any other event unchanged."""
    if event.before is None or event.before[0] not in lengths_s:
        return event
    name, start_s = event.before
    return event._replace(end_s=max(0.0, event.end_s - (lengths_s[name] - start_s)), before=None)


def word_outcomes(annotated: Mapping[str, Annotated], labels: Mapping[str, str]) -> list[Outcome]:
    """Say of each annotation how its words were interpreted."""
    said = cache(lambda words: said_of_words(words, labels))
    return [
        Outcome(WORD, said(event.words), name.removeprefix("./"), 1, 0, event.source)
        for name, known in annotated.items()
        for _, event in known.events
    ]


def by_recording(
    read: Sequence[Annotations], labels: Mapping[str, str], doubtful: Collection[str] = ()
) -> dict[str, Annotated]:
    """Collect the annotations of each recording, by its path, or by its name if no file was found.

    Of doubtful recordings some annotations are unknown, so no stretch is taken to be without a call unless stated.
    """
    kind = cache(lambda words: kind_of(words, labels))
    events = defaultdict(list)
    stating = set()
    for one in read:
        # Words that stand for nothing yet were refused before.
        with_kinds = [(its_kind, event) for event in one.events if (its_kind := kind(event.words))]
        for its_kind, event in with_kinds:
            events[event.recording].append((its_kind, event))
        if any(its_kind == NOCALL for its_kind, _ in with_kinds):
            stating |= set(one.origins)
    return {name: Annotated(events[name], name in stating or name in doubtful) for one in read for name in one.origins}


def with_sound(starts: Iterable[float], recording: MeasuredRecording, window_s: float) -> list[float]:
    """Return the starts of the windows that hold enough sound for a clip, sorted by time."""
    starts_s = np.array(sorted(starts))
    return starts_s[recording.found.has_sound(starts_s, window_s)].tolist()
