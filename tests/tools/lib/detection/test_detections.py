import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from stages.lib.audio.examination import Examined
from tools.lib.detection.detections import Detection, find_detections, window_starts


def detected(p_call, length_s, clip_s=2.0, hop_s=0.5, *, threshold=0.5, missing=()):
    starts_s = window_starts(length_s, clip_s, hop_s)
    assert len(starts_s) == len(p_call)
    return find_detections(np.array(p_call), starts_s, clip_s, Examined(length_s, 8000, tuple(missing)), threshold)


@pytest.mark.parametrize(
    ("length_s", "starts_s"),
    [(0.3, [0]), (2, [0]), (2.1, [0, 0.1]), (2.5, [0, 0.5]), (4, [0, 0.5, 1, 1.5, 2]), (4.2, [0, 0.5, 1, 1.5, 2, 2.2])],
)
def test_the_last_window_ends_with_the_recording(length_s, starts_s):
    assert window_starts(length_s, clip_s=2.0, hop_s=0.5).tolist() == pytest.approx(starts_s)


@given(some.floats(0.001, 500), some.floats(0.5, 60), some.floats(0.05, 1))
def test_every_moment_lies_in_a_window_and_none_is_superfluous(length_s, clip_s, share):
    hop_s = share * clip_s
    starts_s = window_starts(length_s, clip_s, hop_s)
    assert starts_s[0] == 0
    assert np.diff(starts_s)[:-1] == pytest.approx(hop_s)
    assert (np.diff(starts_s) > 0).all()
    assert (np.diff(starts_s) < hop_s + 1e-3).all()
    if length_s > clip_s:
        assert starts_s[-1] + clip_s == pytest.approx(length_s, abs=1e-3)
    else:
        assert len(starts_s) == 1


# Windows as their sound would score; what is cut off the end is less than a hop.
@given(
    some.lists(some.floats(0, 1), min_size=12, max_size=60), some.integers(1, 8), some.floats(0, 1), some.floats(0, 0.9)
)
def test_cutting_the_end_changes_no_detection_that_ends_a_window_before(scores, hops_a_clip, cut, threshold):
    clip_s = 2.0
    hop_s = clip_s / hops_a_clip

    def detections(length_s):
        starts_s = window_starts(length_s, clip_s, hop_s)
        # A score for each moment that a window can begin at.
        p_call = np.array(scores)[(np.round(starts_s / hop_s * 7).astype(int)) % len(scores)]
        return find_detections(p_call, starts_s, clip_s, Examined(length_s, 8000), threshold)

    length_s = clip_s + 20 * hop_s
    cut_s = cut * hop_s
    last_s = length_s - cut_s - clip_s - 1e-6
    uncut, shorter = detections(length_s), detections(length_s - cut_s)
    assert [one for one in shorter if one.end_s < last_s] == [one for one in uncut if one.end_s < last_s]


def test_a_window_speaks_for_the_moments_nearest_to_its_middle():
    # Middles at 1, 1.5, 2, 2.5 and 3 s.
    assert detected([0, 0, 0.9, 0, 0], 4) == [(1.75, 2.25, 0.9)]


def test_windows_that_follow_one_another_are_one_detection_with_the_highest_score():
    assert detected([0.1, 0.6, 0.8, 0.7, 0.1], 4) == [(1.25, 2.75, 0.8)]
    assert detected([0.1, 0.6, 0.2, 0.7, 0.1], 4) == [(1.25, 1.75, 0.6), (2.25, 2.75, 0.7)]


def test_the_first_and_the_last_window_speak_for_the_ends_of_the_recording():
    assert detected([0.9, 0, 0, 0, 0.8], 4) == [(0, 1.25, 0.9), (2.75, 4, 0.8)]
    ((start_s, end_s, _),) = detected([0, 0, 0, 0, 0.8], 3.9)
    assert (start_s, end_s) == pytest.approx((2.7, 3.9))
    assert detected([0.9], 0.4) == [(0, 0.4, 0.9)]


def test_windows_that_only_touch_are_what_their_bounds_say():
    assert detected([0, 0.9, 0], 6, hop_s=2.0) == [(2, 4, 0.9)]


def test_a_window_has_to_score_more_than_the_threshold():
    assert detected([0.5, 0.500001, 0.5], 3, threshold=0.5) == [(1.25, 1.75, 0.500001)]
    assert detected([0, 0, 0], 3, threshold=0) == []
    assert detected([0.1, 0.2, 0.3], 3, threshold=0) == [(0, 3, 0.3)]


@given(some.lists(some.floats(0, 1), min_size=1, max_size=60), some.floats(0, 0.99), some.integers(1, 8))
def test_a_moment_is_in_a_detection_if_and_only_if_its_nearest_window_is_above(p_call, threshold, hops_a_clip):
    clip_s = 2.0
    hop_s = clip_s / hops_a_clip
    length_s = clip_s + (len(p_call) - 1) * hop_s
    found = detected(p_call, length_s, clip_s, hop_s, threshold=threshold)
    for moment_s in np.linspace(0, length_s, 97) + 1e-4:
        window = np.abs(moment_s - clip_s / 2 - np.arange(len(p_call)) * hop_s).argmin()
        inside = [detection for detection in found if detection.start_s <= moment_s < detection.end_s]
        if moment_s < length_s and abs((moment_s - clip_s / 2) % hop_s - hop_s / 2) > 1e-6:
            assert len(inside) == (p_call[window] > threshold)
            assert all(detection.p_call >= p_call[window] for detection in inside)
    assert [isinstance(detection, Detection) for detection in found] == [True] * len(found)


# Missing sound.


def test_no_detection_begins_or_ends_where_there_is_no_sound():
    scores = [0.9, 0.9, 0.9, np.nan, np.nan, 0.9, 0.8]
    assert detected(scores, 14, hop_s=2.0, missing=[(5.5, 10.25)]) == [(0, 5.5, 0.9), (10.25, 14, 0.9)]
    assert detected(scores, 14, hop_s=2.0, missing=[(0, 1), (5.5, 10.25), (13.5, 14)]) == [
        (1, 5.5, 0.9),
        (10.25, 13.5, 0.9),
    ]


def test_a_gap_elsewhere_changes_nothing():
    scores = [0, 0, 0.9, 0, 0]
    assert detected(scores, 4, missing=[(0.2, 0.4), (3.0, 3.5)]) == detected(scores, 4) == [(1.75, 2.25, 0.9)]


def test_a_window_without_sound_is_never_above_the_threshold():
    assert detected([np.nan, 0.2, np.nan], 6, hop_s=2.0, threshold=0.5) == []


def test_a_short_gap_does_not_divide_a_detection_and_a_long_one_does():
    assert detected([0.9] * 5, 4, missing=[(1.5, 1.6)]) == [(0, 4, 0.9)]
    assert detected([0.9] * 5, 4, missing=[(1.5, 2.4)]) == [(0, 4, 0.9)]
    assert detected([0.6, 0.7, 0.8, 0.9, 0.9], 4, missing=[(1.5, 2.6)]) == [(0, 1.5, 0.7), (2.6, 4, 0.9)]
