"""A recording and its annotations, before windows are chosen."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from stages.lib.audio.examination import Examined
from tools.lib.formats.event import Event


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


def with_sound(starts: Iterable[float], recording: MeasuredRecording, window_s: float) -> list[float]:
    """Return the starts of the windows that hold enough sound for a clip, sorted by time."""
    starts_s = np.array(sorted(starts))
    return starts_s[recording.found.has_sound(starts_s, window_s)].tolist()
