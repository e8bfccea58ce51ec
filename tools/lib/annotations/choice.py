"""Choose the windows of a recording that become clips, and account for each annotation."""

from bisect import insort
from collections.abc import Collection, Iterable, Sequence
from math import inf
from typing import NamedTuple

from stages.lib.runtime.determinism import stable_random
from tools.lib.annotations.annotated import MeasuredRecording, with_sound
from tools.lib.annotations.outcome import LEFT_OUT, NOTE, TAKEN, Outcome
from tools.lib.annotations.windows import (
    Stretch,
    any_between,
    any_has_room,
    any_holds,
    any_mostly_in,
    any_overlaps,
    centred_windows,
    common,
    gaps,
    tiles,
)
from tools.lib.formats.event import CALL, NOCALL, OTHER, UNSURE, Event

CALL_TAKEN, UNSURE_TAKEN, NOCALL_TAKEN = "call", "uncertain, so without a label", "no call, drawn"
NOT_DRAWN = "no call, not drawn because enough others were"
TWICE = "repeats another annotation"
BEYOND = "begins after the end of its recording"
CUT = "ends after the end of its recording, so cut there"
SHARED = "call inside the window of another call"
WORDLESS = "has no word, so counts as a call"
LONG = "longer than a window, which may hold another part than the call"
MUCH_LONGER = 1.1  # Than a window; a little more of a call matters to nobody.
BESIDE = "uncertain, and its window would overlap another"
SHORT = "stretch without a call, too short for a window"
STRETCH = "stretch without a call, to draw from"
SOUNDLESS = "its window holds no sound"
OTHER_SOUND = "another sound, not a call"
KEPT = "held out, so kept where it was before a correction"
LOST = "held out, but now neither with half of a call nor known to be without one"


class Choice(NamedTuple):
    """The windows of a recording, each given by its start in seconds.

    Attributes
    ----------
    calls, unsure : list of float
    kept : list of float
        Held-out windows that hold a call and that no annotation is centred in now.
    nocalls : list of float
        Candidates for the draw.
    outcomes : list of Outcome
        All outcomes, except the ones that depend on the draw.
    """

    calls: list[float]
    kept: list[float]
    unsure: list[float]
    nocalls: list[float]
    outcomes: list[Outcome]


def choose(
    recording: MeasuredRecording, window_s: float, gap_s: float, seed: int, held_out: Collection[float] = ()
) -> Choice:
    """Choose the windows of one recording.

    Parameters
    ----------
    recording : MeasuredRecording
    window_s : float
    gap_s : float
        The least distance between a window without a call and any call or uncertain annotation.
    seed : int
        Seeds the position of windows within a stretch without a call.
    held_out : collection of float
        Starts of windows held out for good. They stay where they are: as calls if half of a call lies in them, or half
        of them in a call, and as no-calls if no call and no uncertain annotation reaches into them.
    """
    events, outcomes = within(recording)
    of_kind = {kind: [one for its_kind, one in events if its_kind == kind] for kind in (CALL, UNSURE, NOCALL, OTHER)}
    called = [span(one) for one in of_kind[CALL]]
    mostly_calls = [start_s for start_s in held_out if any_mostly_in(called, start_s, window_s)]
    calls, of_calls = call_windows(recording, of_kind[CALL], window_s)
    kept = with_sound(set(mostly_calls) - set(calls), recording, window_s)
    unsure, of_unsure = unsure_windows(recording, of_kind[UNSURE], sorted(calls + kept), window_s)

    uncertain = of_kind[CALL] + of_kind[UNSURE]
    occupied = [(one.start_s - gap_s, one.end_s + gap_s) for one in uncertain]
    occupied += [window(start_s, window_s) for start_s in calls + kept + unsure]
    free, clear = gaps(occupied, recording.length_s), gaps(map(span, uncertain), recording.length_s)
    if recording.states_nocalls:
        # The gaps between gaps are the stretches again, with overlapping ones joined.
        stated = gaps(gaps(map(span, of_kind[NOCALL]), recording.length_s), recording.length_s)
        free, clear = common(free, stated), common(clear, stated)
    # Prefer windows that are sound from end to end. Without any, take windows that can be filled up.
    sounding = common(free, gaps(recording.found.missing, recording.length_s))
    nocalls = windows_within(sounding, recording, window_s, seed) or windows_within(free, recording, window_s, seed)
    others = set(held_out) - set(calls + kept)
    with_room = [start_s for start_s in others - set(unsure) if any_has_room(clear, start_s, window_s)]
    staying = with_sound(with_room, recording, window_s)
    moving = [start_s for start_s in nocalls if not any_overlaps(staying, window_s, window(start_s, window_s))]
    nocalls = sorted(staying + moving)
    lost = others - set(nocalls)
    outcomes += of_calls + of_unsure
    outcomes += [Outcome(TAKEN, KEPT, recording.name, 0, len(kept))] if kept else []
    outcomes += [Outcome(LEFT_OUT, LOST, recording.name, 0, len(lost))] if lost else []
    for one in of_kind[NOCALL]:
        has_room = any_overlaps(nocalls, window_s, span(one))
        outcomes.append(outcome(*((TAKEN, STRETCH) if has_room else (LEFT_OUT, SHORT)), recording, one))
    outcomes += [outcome(LEFT_OUT, OTHER_SOUND, recording, one) for one in of_kind[OTHER]]
    return Choice(calls, kept, unsure, nocalls, outcomes)


def windows_within(
    stretches: Iterable[Stretch], recording: MeasuredRecording, window_s: float, seed: int
) -> list[float]:
    """Return the starts of adjacent windows with sound within stretches of a recording, sorted by time."""
    starts = {
        start_s
        for stretch in stretches
        for start_s in tiles(
            stretch, recording.length_s, window_s, stable_random(f"{seed}:{recording.name}:{stretch[0]:.3f}")
        )
    }
    return with_sound(starts, recording, window_s)


def within(recording: MeasuredRecording) -> tuple[list[tuple[str, Event]], list[Outcome]]:
    """Return the events within a recording, without repeats, cut at its end, sorted by time."""
    kept: dict[tuple, tuple[str, Event]] = {}
    outcomes = []
    for kind, event in sorted(recording.events, key=lambda item: (span(item[1]), item[0])):
        if event.start_s >= recording.length_s:
            outcomes.append(outcome(LEFT_OUT, BEYOND, recording, event))
        elif (kind, *span(event)) in kept:
            outcomes.append(outcome(LEFT_OUT, TWICE, recording, event))
        else:
            # The stated end of a file is often some samples late; an annotation of the whole file has no end.
            if recording.length_s + 0.1 < event.end_s < inf:
                outcomes.append(outcome(NOTE, CUT, recording, event))
            kept[kind, *span(event)] = (kind, event._replace(end_s=min(event.end_s, recording.length_s)))
    return list(kept.values()), outcomes


def call_windows(
    recording: MeasuredRecording, events: Sequence[Event], window_s: float
) -> tuple[list[float], list[Outcome]]:
    """Return the windows of calls. A call inside the window of an earlier call gets no window of its own."""
    starts: list[float] = []
    outcomes = []
    for event in events:
        if any_holds(starts, window_s, span(event)):
            outcomes.append(outcome(LEFT_OUT, SHARED, recording, event))
            continue
        # A long call that overlaps another may have one of its windows in common with it.
        windows = with_sound(centred_windows(span(event), recording.length_s, window_s), recording, window_s)
        if not windows:
            outcomes.append(outcome(LEFT_OUT, SOUNDLESS, recording, event))
            continue
        new = [start_s for start_s in windows if not any_between(starts, start_s, start_s)]
        for start_s in new:
            insort(starts, start_s)
        outcomes.append(outcome(TAKEN, CALL_TAKEN, recording, event, len(new)))
        if not any(event.words):
            outcomes.append(outcome(NOTE, WORDLESS, recording, event, len(new)))
        if event.end_s - event.start_s > MUCH_LONGER * window_s:
            outcomes.append(outcome(NOTE, LONG, recording, event, len(new)))
    return starts, outcomes


def unsure_windows(
    recording: MeasuredRecording, events: Sequence[Event], calls: Sequence[float], window_s: float
) -> tuple[list[float], list[Outcome]]:
    """Return the windows of uncertain annotations that overlap neither the window of a call nor each other."""
    starts: list[float] = []
    outcomes = []
    for event in events:
        windows = with_sound(centred_windows(span(event), recording.length_s, window_s), recording, window_s)
        new = [
            start_s
            for start_s in windows
            if not any(any_overlaps(others, window_s, window(start_s, window_s)) for others in (calls, starts))
        ]
        for start_s in new:
            insort(starts, start_s)
        if new:
            outcomes.append(outcome(TAKEN, UNSURE_TAKEN, recording, event, len(new)))
        else:
            outcomes.append(outcome(LEFT_OUT, BESIDE if windows else SOUNDLESS, recording, event))
    return starts, outcomes


def outcome(what: str, reason: str, recording: MeasuredRecording, event: Event, windows: int = 0) -> Outcome:
    """Return the outcome of one event."""
    return Outcome(what, reason, recording.name, 1, windows, event.source)


def span(event: Event) -> Stretch:
    """Return the start and end of an event."""
    return event.start_s, event.end_s


def window(start_s: float, window_s: float) -> Stretch:
    """Return the start and end of a window."""
    return start_s, start_s + window_s
