import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tools.lib.detections import Detection, find_detections, window_starts


def detected(p_call, length_s, clip_s=2.0, hop_s=0.5, threshold=0.5):
    starts_s = window_starts(length_s, clip_s, hop_s)
    assert len(starts_s) == len(p_call)
    return find_detections(np.array(p_call), starts_s, clip_s, length_s, threshold)


@pytest.mark.parametrize(
    ("length_s", "starts_s"),
    [(0.3, [0]), (2, [0]), (2.1, [0, 0.5]), (2.5, [0, 0.5]), (4, [0, 0.5, 1, 1.5, 2]), (4.2, [0, 0.5, 1, 1.5, 2, 2.5])],
)
def test_windows_begin_until_one_reaches_the_end(length_s, starts_s):
    assert window_starts(length_s, clip_s=2.0, hop_s=0.5).tolist() == starts_s


@given(some.floats(0.001, 500), some.floats(0.5, 60), some.floats(0.05, 1))
def test_every_moment_lies_in_a_window_and_none_is_superfluous(length_s, clip_s, share):
    starts_s = window_starts(length_s, clip_s, share * clip_s)
    assert starts_s[0] == 0
    assert np.diff(starts_s) == pytest.approx(share * clip_s)
    assert starts_s[-1] + clip_s >= length_s - 1e-4
    assert len(starts_s) == 1 or starts_s[-2] + clip_s < length_s


def test_a_window_speaks_for_the_moments_nearest_to_its_middle():
    # Middles at 1, 1.5, 2, 2.5 and 3 s.
    assert detected([0, 0, 0.9, 0, 0], 4) == [(1.75, 2.25, 0.9)]


def test_windows_that_follow_one_another_are_one_detection_with_the_highest_score():
    assert detected([0.1, 0.6, 0.8, 0.7, 0.1], 4) == [(1.25, 2.75, 0.8)]
    assert detected([0.1, 0.6, 0.2, 0.7, 0.1], 4) == [(1.25, 1.75, 0.6), (2.25, 2.75, 0.7)]


def test_the_first_and_the_last_window_speak_for_the_ends_of_the_recording():
    assert detected([0.9, 0, 0, 0, 0.8], 3.9) == [(0, 1.25, 0.9), (2.75, 3.9, 0.8)]
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
    found = detected(p_call, length_s, clip_s, hop_s, threshold)
    for moment_s in np.linspace(0, length_s, 97) + 1e-4:
        window = np.abs(moment_s - clip_s / 2 - np.arange(len(p_call)) * hop_s).argmin()
        inside = [detection for detection in found if detection.begin_s <= moment_s < detection.end_s]
        if moment_s < length_s and abs((moment_s - clip_s / 2) % hop_s - hop_s / 2) > 1e-6:
            assert len(inside) == (p_call[window] > threshold)
            assert all(detection.p_call >= p_call[window] for detection in inside)
    assert [isinstance(detection, Detection) for detection in found] == [True] * len(found)
