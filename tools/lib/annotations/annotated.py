"""What all files of annotations of a data set say together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.faults import refuse
from tools.lib.annotations.event import NOCALL, Annotations, Event
from tools.lib.annotations.formats import read_annotations
from tools.lib.annotations.kinds import kind_of, unknown_words


class Annotated(NamedTuple):
    """What all files of annotations say of one recording.

    Attributes
    ----------
    events : list of (kind, Event)
    states_nocalls : bool
        Whether a file says where there is no call, be it of another recording. If so, nothing is known of what it
        leaves empty.
    """

    events: list[tuple[str, Event]]
    states_nocalls: bool


def read_all(paths: Sequence[Path], labels: Mapping[str, str]) -> list[Annotations]:
    """Read files of annotations, or refuse all faults at once, words that stand for nothing included."""
    read = [read_annotations(path) for path in paths]
    faults = [fault for one in read for fault in one.faults]
    refuse([*faults, *unknown_words((event for one in read for event in one.events), labels)])
    return read


def by_recording(read: Sequence[Annotations], labels: Mapping[str, str]) -> dict[str, Annotated]:
    """Bring together what files say of each recording, by its path or, where no file is known, its name."""
    events = defaultdict(list)
    stating = set()
    for one in read:
        with_kinds = [(kind_of(event.text, labels), event) for event in one.events]
        for kind, event in with_kinds:
            events[event.recording].append((kind, event))
        if any(kind == NOCALL for kind, _ in with_kinds):
            stating |= set(one.origins)
    return {name: Annotated(events[name], name in stating) for one in read for name in one.origins}
