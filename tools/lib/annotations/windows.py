"""Where windows lie: centred on events, or in the gaps between them. Times are seconds from a recording's start."""

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
    begin_s, end_s = event
    count = max(1, int((end_s - begin_s) / window_s + TOLERANCE_S))
    first = (begin_s + end_s - count * window_s) / 2
    latest = max(0.0, length_s - window_s)
    return [round(min(max(0.0, first + number * window_s), latest), 3) for number in range(count)]


def gaps(occupied: Iterable[Stretch], length_s: float) -> list[Stretch]:
    """Return the stretches of a recording that nothing occupies, in the order of time."""
    free, position = [], 0.0
    for begin_s, end_s in sorted(occupied):
        if begin_s > position:
            free.append((position, min(begin_s, length_s)))
        position = max(position, end_s)
        if position >= length_s:
            return free
    return [*free, (position, length_s)]


def common(first: Sequence[Stretch], second: Sequence[Stretch]) -> list[Stretch]:
    """Return the stretches that lie in both of two sequences, neither of which overlaps itself."""
    overlaps = [(max(a[0], b[0]), min(a[1], b[1])) for a in first for b in second]
    return sorted((begin_s, end_s) for begin_s, end_s in overlaps if begin_s < end_s)


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
    begin_s, end_s = stretch
    count = int((end_s - begin_s) / window_s + TOLERANCE_S)
    if not count:
        return [0.0] if stretch == (0.0, length_s) else []
    left_over_s = max(0.0, end_s - begin_s - count * window_s)
    return [round(begin_s + shift * left_over_s + number * window_s, 3) for number in range(count)]


def overlaps(first: Stretch, second: Stretch) -> bool:
    """Tell whether two stretches have more than a rounding error in common."""
    return min(first[1], second[1]) - max(first[0], second[0]) > TOLERANCE_S


def lies_in(inner: Stretch, outer: Stretch) -> bool:
    """Tell whether a stretch lies within another."""
    return outer[0] - TOLERANCE_S <= inner[0] and inner[1] <= outer[1] + TOLERANCE_S
