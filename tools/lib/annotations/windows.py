"""Where windows lie: centred on events, or in the gaps between them. Times are seconds from a recording's start."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

TOLERANCE_S = 1e-6  # What rounding to milliseconds and sums of floats may add up to.

Stretch = tuple[float, float]


def centred_windows(event: Stretch, length_s: float, window_s: float) -> list[float]:
    """Return where the windows of an event begin.

    An event that is no longer than a window has one, centred on it, or as near as the ends of the recording allow. A
    longer one has as many as fit into it side by side, centred together.

    Parameters
    ----------
    event : (begin, end)
        Within the recording.
    length_s, window_s : float
        Of the recording and of a window.

    Returns
    -------
    list of float
        Starts, to the millisecond; 0 where the recording is no longer than a window.
    """
    start_s, end_s = event
    count = max(1, int((end_s - start_s) / window_s + TOLERANCE_S))
    first = (start_s + end_s - count * window_s) / 2
    latest = max(0.0, length_s - window_s)
    return [round(min(max(0.0, first + number * window_s), latest), 3) for number in range(count)]


def gaps(occupied: Iterable[Stretch], length_s: float) -> list[Stretch]:
    """Return the stretches of a recording that nothing occupies, in the order of time."""
    free, position = [], 0.0
    for start_s, end_s in sorted(occupied):
        if start_s > position:
            free.append((position, min(start_s, length_s)))
        position = max(position, end_s)
        if position >= length_s:
            return free
    return [*free, (position, length_s)]


def common(first: Sequence[Stretch], second: Sequence[Stretch]) -> list[Stretch]:
    """Return the stretches that lie in both of two sequences, each in the order of time and without overlaps."""
    shared, one, other = [], 0, 0
    while one < len(first) and other < len(second):
        start_s, end_s = max(first[one][0], second[other][0]), min(first[one][1], second[other][1])
        if start_s < end_s:
            shared.append((start_s, end_s))
        # The one that ends first has nothing more in common with any other.
        if first[one][1] <= second[other][1]:
            one += 1
        else:
            other += 1
    return shared


def tiles(stretch: Stretch, length_s: float, window_s: float, shift: float) -> list[float]:
    """Return where windows begin that lie side by side in a stretch, as many as there is room for.

    Parameters
    ----------
    stretch : (begin, end)
    length_s, window_s : float
        Of the recording and of a window.
    shift : float
        In [0, 1): how much of the time that is left over comes before the first window.

    Returns
    -------
    list of float
        Starts, to the millisecond; 0 for the whole of a recording that is no longer than a window.
    """
    start_s, end_s = stretch
    count = int((end_s - start_s) / window_s + TOLERANCE_S)
    if not count:
        return [0.0] if stretch == (0.0, length_s) else []
    left_over_s = max(0.0, end_s - start_s - count * window_s)
    return [round(start_s + shift * left_over_s + number * window_s, 3) for number in range(count)]


def any_between(starts: Sequence[float], low: float, high: float) -> bool:
    """Tell whether any of some starts, which are in order, lies between two times, both included."""
    position = bisect_left(starts, low)
    return position < len(starts) and starts[position] <= high


def any_holds(starts: Sequence[float], window_s: float, event: Stretch) -> bool:
    """Tell whether an event lies within any of the windows that begin at these times, which are in order."""
    return any_between(starts, event[1] - window_s - TOLERANCE_S, event[0] + TOLERANCE_S)


def any_overlaps(starts: Sequence[float], window_s: float, stretch: Stretch) -> bool:
    """Tell whether any of these windows and a stretch have more than a rounding error in common."""
    return any_between(starts, stretch[0] - window_s + TOLERANCE_S, stretch[1] - TOLERANCE_S)
