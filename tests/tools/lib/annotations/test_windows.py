import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tools.lib.annotations.windows import any_holds, any_overlaps, centred_windows, common, gaps, tiles

MS = st.integers(0, 600_000).map(lambda ms: ms / 1000)
STRETCHES = st.lists(st.tuples(MS, MS).map(sorted).map(tuple), max_size=8)


@pytest.mark.parametrize(
    ("event", "starts"),
    [
        ((10.0, 11.0), [9.0]),
        ((10.0, 13.0), [10.0]),
        ((10.0, 10.0), [8.5]),  # a point
        ((0.2, 0.8), [0.0]),  # as near as the start allows
        ((59.5, 60.0), [57.0]),  # as near as the end allows
        ((10.0, 15.9), [11.45]),  # longer than one window, and not as long as two
        ((10.0, 17.0), [10.5, 13.5]),
        ((0.0, 9.0), [0.0, 3.0, 6.0]),
    ],
)
def test_windows_are_centred_on_events(event, starts):
    assert centred_windows(event, length_s=60.0, window_s=3.0) == starts


def test_a_recording_shorter_than_a_window_has_one_from_its_start():
    assert centred_windows((0.5, 1.0), length_s=2.0, window_s=3.0) == [0.0]


@settings(derandomize=True, deadline=None)
@given(st.tuples(MS, MS).map(sorted), st.floats(0.1, 10))
def test_windows_of_an_event_lie_in_its_recording_side_by_side(event, window_s):
    starts = centred_windows(tuple(event), 600.0, window_s)
    assert all(later - earlier >= window_s - 0.0011 for earlier, later in itertools.pairwise(starts))
    assert starts[0] >= 0
    assert starts[-1] + window_s <= 600.001
    # All of a short event is in its window, and no more than half a window at each end of a long one is not.
    assert starts[0] <= event[0] + window_s / 2
    assert starts[-1] + window_s >= event[1] - window_s / 2


@settings(derandomize=True, deadline=None)
@given(STRETCHES)
def test_gaps_and_what_is_occupied_make_up_the_recording(occupied):
    free = gaps(occupied, 600.0)
    assert all(begin < end for begin, end in free)
    assert common(free, gaps(free, 600.0)) == []
    for begin, end in free:
        assert not any(min(end, b) - max(begin, a) > 0 for a, b in occupied)
    covered = sum(end - begin for begin, end in gaps(free, 600.0))
    moments = [ms / 10 + 0.05 for ms in range(6000)]
    inside = sum(any(a <= moment < b for a, b in occupied) for moment in moments)
    assert covered == pytest.approx(inside / 10, abs=2.0)


def test_gaps_of_nothing_are_the_whole_recording():
    assert gaps([], 60.0) == [(0.0, 60.0)]


def test_a_gap_before_the_start_or_beyond_the_end_is_none():
    assert gaps([(-2.0, 5.0), (50.0, 70.0)], 60.0) == [(5.0, 50.0)]


@settings(derandomize=True, deadline=None)
@given(STRETCHES, STRETCHES)
def test_common_stretches_are_those_of_all_pairs(first, second):
    first, second = gaps(first, 600.0), gaps(second, 600.0)
    pairs = [(max(a[0], b[0]), min(a[1], b[1])) for a in first for b in second]
    assert common(first, second) == sorted(pair for pair in pairs if pair[0] < pair[1])


@settings(derandomize=True, deadline=None)
@given(st.lists(MS, max_size=8).map(sorted), st.tuples(MS, MS).map(sorted).map(tuple), st.integers(1, 9000))
def test_windows_are_searched_as_if_one_by_one(starts, stretch, window_ms):
    window_s = window_ms / 1000
    ends = [start + window_s for start in starts]
    close = [a for start in starts for a in (start - stretch[1], start + window_s - stretch[0], start - stretch[0])]
    close += [end - stretch[1] for end in ends]
    assume(all(abs(difference) > 1e-5 for difference in close))
    one_by_one = list(zip(starts, ends, strict=True))
    assert any_holds(starts, window_s, stretch) == any(a < stretch[0] and stretch[1] < b for a, b in one_by_one)
    assert any_overlaps(starts, window_s, stretch) == any(a < stretch[1] and stretch[0] < b for a, b in one_by_one)


@settings(derandomize=True, deadline=None)
@given(MS, MS, st.floats(0.1, 10), st.floats(0, 0.999))
def test_tiles_lie_in_their_stretch_side_by_side(first, second, window_s, shift):
    stretch = (min(first, second), max(first, second))
    starts = tiles(stretch, 601.0, window_s, shift)
    assert len(starts) == int((stretch[1] - stretch[0]) / window_s + 1e-6)
    assert all(stretch[0] - 0.001 <= start and start + window_s <= stretch[1] + 0.001 for start in starts)
    assert all(later - earlier >= window_s - 0.0011 for earlier, later in itertools.pairwise(starts))


def test_what_is_left_over_comes_before_and_after_by_the_shift():
    assert tiles((10.0, 17.0), 60.0, 3.0, shift=0.0) == [10.0, 13.0]
    assert tiles((10.0, 17.0), 60.0, 3.0, shift=0.5) == [10.5, 13.5]


def test_a_stretch_shorter_than_a_window_has_none_unless_it_is_the_whole_recording():
    assert tiles((0.0, 2.0), 60.0, 3.0, shift=0.5) == []
    assert tiles((0.0, 2.0), 2.0, 3.0, shift=0.5) == [0.0]
