"""Place windows: centred on events, or in the gaps between them. Times are seconds from a recording's start."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

TOLERANCE_S = 1e-6  # Covers rounding to milliseconds and sums of floats.

Stretch = tuple[float, float]


def centred_windows(event: Stretch, length_s: float, window_s: float) -> list[float]:
    """Return the starts of the windows of an event.

    An event no longer than a window gets one window, centred on it as closely as the ends of the recording allow. A
    longer event gets as many adjacent windows as fit into it, centred together.

    Parameters
    ----------
    event : (begin, end)
        Within the recording.
    length_s, window_s : float
        The length of the recording and of a window.

    Returns
    -------
    list of float
        Starts, to the millisecond; 0 if the recording is no longer than a window.
    """
    start_s, end_s = event
    count = max(1, int((end_s - start_s) / window_s + TOLERANCE_S))
    first = (start_s + end_s - count * window_s) / 2
    latest = max(0.0, length_s - window_s)
    return [round(min(max(0.0, first + number * window_s), latest), 3) for number in range(count)]


def gaps(occupied: Iterable[Stretch], length_s: float) -> list[Stretch]:
    """Return the unoccupied stretches of a recording, sorted by time."""
    free, position = [], 0.0
    for start_s, end_s in sorted(occupied):
        if start_s > position:
            free.append((position, min(start_s, length_s)))
        position = max(position, end_s)
        if position >= length_s:
            return free
    return [*free, (position, length_s)]


def common(first: Sequence[Stretch], second: Sequence[Stretch]) -> list[Stretch]:
    """Return the intersection of two sequences of stretches, each sorted by time and without overlaps."""
    shared, one, other = [], 0, 0
    while one < len(first) and other < len(second):
        start_s, end_s = max(first[one][0], second[other][0]), min(first[one][1], second[other][1])
        if start_s < end_s:
            shared.append((start_s, end_s))
        # The stretch that ends first cannot meet any further one.
        if first[one][1] <= second[other][1]:
            one += 1
        else:
            other += 1
    return shared


def tiles(stretch: Stretch, length_s: float, window_s: float, shift: float) -> list[float]:
    """Return the starts of adjacent windows in a stretch, as many as fit.

    Parameters
    ----------
    stretch : (begin, end)
    length_s, window_s : float
        The length of the recording and of a window.
    shift : float
        In [0, 1): the share of the unused time that comes before the first window.

    Returns
    -------
    list of float
        Starts, to the millisecond; 0 for a whole recording that is no longer than a window.
    """
    start_s, end_s = stretch
    count = int((end_s - start_s) / window_s + TOLERANCE_S)
    if not count:
        return [0.0] if stretch == (0.0, length_s) else []
    left_over_s = max(0.0, end_s - start_s - count * window_s)
    return [round(start_s + shift * left_over_s + number * window_s, 3) for number in range(count)]


def any_between(starts: Sequence[float], low: float, high: float) -> bool:
    """Tell whether any of the sorted starts lies between two times, inclusive."""
    position = bisect_left(starts, low)
    return position < len(starts) and starts[position] <= high


def any_holds(starts: Sequence[float], window_s: float, event: Stretch) -> bool:
    """Tell whether an event lies within any of the windows with these sorted starts."""
    return any_between(starts, event[1] - window_s - TOLERANCE_S, event[0] + TOLERANCE_S)


def any_overlaps(starts: Sequence[float], window_s: float, stretch: Stretch) -> bool:
    """Tell whether any of these windows overlaps a stretch by more than a rounding error."""
    return any_between(starts, stretch[0] - window_s + TOLERANCE_S, stretch[1] - TOLERANCE_S)


def any_has_room(stretches: Iterable[Stretch], start_s: float, window_s: float) -> bool:
    """Tell whether a window lies within any of the stretches."""
    return any(low - TOLERANCE_S <= start_s and start_s + window_s <= high + TOLERANCE_S for low, high in stretches)


def any_mostly_in(events: Iterable[Stretch], start_s: float, window_s: float) -> bool:
    """Tell whether at least half of any event lies within a window, or at least half of the window within an event."""
    return any(
        min(end_s, start_s + window_s) - max(begin_s, start_s) >= min(end_s - begin_s, window_s) / 2 - TOLERANCE_S
        for begin_s, end_s in events
    )
