from collections.abc import Sequence
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from stages.lib.audio.examination import Examined
from tools.lib.annotations import choice
from tools.lib.annotations.annotated import MeasuredRecording
from tools.lib.annotations.choice import Choice, choose
from tools.lib.annotations.outcome import LEFT_OUT, NOTE, TAKEN
from tools.lib.formats.event import CALL, NOCALL, OTHER, UNSURE, Event

LENGTH_S, WINDOW_S, GAP_S = 60.0, 3.0, 2.0


def chosen(
    *events: tuple[str, float, float],
    states_nocalls: bool = False,
    length_s: float = LENGTH_S,
    text: str = "S01",
    missing: Sequence[tuple[float, float]] = (),
    held_out: Sequence[float] = (),
) -> Choice:
    with_kinds = [(kind, Event(f"t:{n}", "bay", begin, end, (text,))) for n, (kind, begin, end) in enumerate(events, 2)]
    recording = MeasuredRecording("bay.wav", Examined(length_s, 8000, tuple(missing)), with_kinds, states_nocalls)
    return choose(recording, WINDOW_S, GAP_S, 1, held_out)


def reasons(result: Choice) -> Sequence[tuple[str, str, str]]:
    return [(one.outcome, one.reason, one.first) for one in result.outcomes]


def test_a_call_has_a_window_and_the_rest_is_free_at_a_distance():
    result = chosen((CALL, 30.0, 31.0))
    assert result.calls == [29.0]
    assert reasons(result) == [(TAKEN, choice.CALL_TAKEN, "t:2")]
    assert len(result.nocalls) == 9 + 9  # 28 and 27 s of room
    assert all(start + WINDOW_S <= 28.0 or start >= 33.0 for start in result.nocalls)


def test_a_call_in_the_window_of_another_has_none_of_its_own():
    result = chosen((CALL, 10.0, 11.0), (CALL, 10.5, 12.0))
    assert result.calls == [9.0]
    assert (LEFT_OUT, choice.SHARED, "t:3") in reasons(result)


def test_calls_that_overlap_and_do_not_fit_into_one_window_have_two():
    assert chosen((CALL, 10.0, 12.0), (CALL, 11.5, 13.5)).calls == [9.5, 11.0]


def test_what_has_no_word_is_a_call_and_that_is_said():
    result = chosen((CALL, 30.0, 31.0), text="")
    assert reasons(result) == [(TAKEN, choice.CALL_TAKEN, "t:2"), (NOTE, choice.WORDLESS, "t:2")]


def test_a_call_longer_than_a_window_has_several():
    result = chosen((CALL, 10.0, 20.0))
    assert result.calls == [10.5, 13.5, 16.5]
    assert (NOTE, choice.LONG, "t:2") in reasons(result)


def test_an_annotation_beyond_the_end_is_left_out_and_one_across_it_is_cut():
    result = chosen((CALL, 59.0, 70.0), (CALL, 60.0, 61.0))
    assert result.calls == [57.0]
    assert set(reasons(result)) == {
        (TAKEN, choice.CALL_TAKEN, "t:2"),
        (NOTE, choice.CUT, "t:2"),
        (LEFT_OUT, choice.BEYOND, "t:3"),
    }


def test_what_is_about_all_of_a_recording_is_not_cut():
    result = chosen((UNSURE, 0.0, inf))
    assert len(result.unsure) == LENGTH_S / WINDOW_S
    assert reasons(result) == [(TAKEN, choice.UNSURE_TAKEN, "t:2")]


def test_the_same_annotation_twice_counts_once():
    result = chosen((CALL, 10.0, 11.0), (CALL, 10.0, 11.0))
    assert result.calls == [9.0]
    assert (LEFT_OUT, choice.TWICE, "t:3") in reasons(result)


def test_uncertain_annotations_have_windows_that_share_nothing_with_those_of_calls():
    result = chosen((UNSURE, 10.0, 11.0), (CALL, 30.0, 31.0), (UNSURE, 32.0, 33.0))
    assert (result.calls, result.unsure) == ([29.0], [9.0])
    assert (LEFT_OUT, choice.BESIDE, "t:4") in reasons(result)
    assert not any(8.0 - WINDOW_S < start < 13.0 for start in result.nocalls)


def test_where_stretches_without_a_call_are_stated_nothing_is_known_of_the_others():
    result = chosen((CALL, 10.0, 11.0), (NOCALL, 8.0, 20.0), (NOCALL, 40.0, 42.0), states_nocalls=True)
    assert len(result.nocalls) == 2  # from 13 to 20
    assert all(13.0 <= start <= 17.0 for start in result.nocalls)
    assert {(TAKEN, choice.STRETCH, "t:3"), (LEFT_OUT, choice.SHORT, "t:4")} <= set(reasons(result))


def test_stated_stretches_that_overlap_give_no_window_twice():
    result = chosen((NOCALL, 0.0, 30.0), (NOCALL, 15.0, 60.0), states_nocalls=True)
    assert len(result.nocalls) == 20


def test_another_sound_is_no_call_and_its_stretch_is_empty_of_calls():
    result = chosen((OTHER, 10.0, 11.0))
    assert (result.calls, len(result.nocalls)) == ([], 20)
    assert reasons(result) == [(LEFT_OUT, choice.OTHER_SOUND, "t:2")]


def test_clips_shorter_than_a_window_are_taken_whole():
    assert chosen((CALL, 0.0, 2.0), states_nocalls=True, length_s=2.0).calls == [0.0]
    assert chosen((NOCALL, 0.0, 2.0), states_nocalls=True, length_s=2.0).nocalls == [0.0]


EVENTS = st.tuples(st.sampled_from([CALL, UNSURE, NOCALL, OTHER]), st.floats(0, 80), st.floats(0, 20))


@settings(derandomize=True, deadline=None)
@given(st.lists(EVENTS, max_size=8), st.booleans())
def test_whatever_is_annotated_windows_are_distinct_and_no_calls_keep_their_distance(drawn, states_nocalls):
    events = [(kind, begin, begin + length) for kind, begin, length in drawn]
    result = chosen(*events, states_nocalls=states_nocalls)
    everything = result.calls + result.unsure + result.nocalls
    assert len(set(everything)) == len(everything)
    assert all(0 <= start <= LENGTH_S - WINDOW_S + 0.001 for start in everything)
    in_recording = [(begin, end) for kind, begin, end in events if kind in (CALL, UNSURE) and begin < LENGTH_S]
    occupied = [(begin - GAP_S, end + GAP_S) for begin, end in in_recording]
    for start in result.nocalls:
        assert all(start + WINDOW_S <= begin + 0.001 or start >= end - 0.001 for begin, end in occupied)
    # Every annotation is counted once as taken or left out.
    counted = sorted(one.first for one in result.outcomes if one.outcome != NOTE)
    assert counted == sorted(f"t:{number}" for number in range(2, 2 + len(events)))


def test_no_window_lies_where_there_is_no_sound():
    result = chosen((CALL, 30.0, 31.0), (CALL, 10.0, 11.0), (UNSURE, 14.0, 15.0), missing=[(5.0, 28.0), (50.0, 60.0)])
    assert result.calls == [29.0]
    assert result.unsure == []
    assert (LEFT_OUT, choice.SOUNDLESS, "t:3") in reasons(result)
    assert (LEFT_OUT, choice.SOUNDLESS, "t:4") in reasons(result)
    assert all(start_s + WINDOW_S <= 5 or 28 <= start_s <= 50 - WINDOW_S for start_s in result.nocalls)
    assert len(result.nocalls) == 1 + 5


def test_a_recording_that_has_room_for_filled_windows_alone_has_those():
    assert chosen(length_s=2.5).nocalls == [0.0]
    assert chosen(length_s=3.0, missing=[(2.0, 3.0)]).nocalls == [0.0]
    assert chosen(length_s=3.0, missing=[(0.1, 3.0)]).nocalls == []


def test_a_held_out_window_stays_when_its_call_is_corrected():
    before = chosen((CALL, 30.0, 31.0))
    corrected = chosen((CALL, 30.1, 31.4), held_out=before.calls)
    assert (before.calls, corrected.calls, corrected.kept) == ([29.0], [29.25], [29.0])
    assert [(one.reason, one.windows) for one in corrected.outcomes] == [(choice.CALL_TAKEN, 1), (choice.KEPT, 1)]
    assert chosen((CALL, 30.1, 31.4)).calls == [29.25]


def test_a_held_out_window_stays_when_an_earlier_call_has_a_window_around_its_call():
    result = chosen((CALL, 28.9, 29.4), (CALL, 30.0, 30.2), held_out=[28.6])
    assert (result.calls, result.kept) == ([27.65], [28.6])
    assert chosen((CALL, 28.9, 29.4), (CALL, 30.0, 30.2)).calls == [27.65]


def test_a_held_out_window_takes_its_label_from_what_is_annotated_now():
    assert chosen(held_out=[10.0]).nocalls.count(10.0) == 1
    assert chosen((CALL, 11.0, 12.0), held_out=[10.0]).calls == [10.0]
    # A new call at less than the usual distance does not make it wrong.
    assert 10.0 in chosen((CALL, 13.5, 14.5), held_out=[10.0]).nocalls
    partly = chosen((CALL, 12.8, 13.8), held_out=[10.0])
    assert 10.0 not in partly.calls + partly.nocalls
    assert [(one.reason, one.windows) for one in partly.outcomes if one.outcome == LEFT_OUT] == [(choice.LOST, 1)]
    unknown = chosen((NOCALL, 40.0, 50.0), states_nocalls=True, held_out=[10.0])
    assert 10.0 not in unknown.nocalls
    assert (choice.LOST, 1) in [(one.reason, one.windows) for one in unknown.outcomes]
    # A recording shorter than a window is one.
    short = chosen(length_s=2.0, held_out=[0.0])
    assert (short.nocalls, short.outcomes) == ([0.0], [])
    uncertain = chosen((UNSURE, 11.0, 12.0), held_out=[10.1])
    assert (uncertain.unsure, 10.1 in uncertain.nocalls) == ([10.0], False)


@settings(derandomize=True, deadline=None)
@given(st.lists(EVENTS, max_size=8), st.booleans())
def test_what_is_held_out_changes_no_window_as_long_as_annotations_stay(drawn, states_nocalls):
    events = [(kind, begin, begin + length) for kind, begin, length in drawn]
    before = chosen(*events, states_nocalls=states_nocalls)
    every = before.calls + before.nocalls
    for held_out in (every, every[::2], before.calls[1:], before.nocalls[:1]):
        after = chosen(*events, states_nocalls=states_nocalls, held_out=held_out)
        assert after == before


@settings(derandomize=True, deadline=None)
@given(st.lists(EVENTS, max_size=6), st.lists(EVENTS, max_size=6), st.booleans())
def test_no_held_out_window_is_lost_without_being_counted(drawn_before, drawn_now, states_nocalls):
    events_before, events = (
        [(kind, begin, begin + length) for kind, begin, length in drawn] for drawn in (drawn_before, drawn_now)
    )
    before = chosen(*events_before, states_nocalls=states_nocalls)
    held_out = {*before.calls, *before.nocalls[::3]}
    now = chosen(*events, states_nocalls=states_nocalls, held_out=sorted(held_out))
    everything = now.calls + now.kept + now.unsure + now.nocalls
    assert len(set(everything)) == len(everything)
    lost = held_out - set(now.calls + now.kept) - set(now.nocalls)
    counted = sum(one.windows for one in now.outcomes if one.reason == choice.LOST)
    assert len(lost) == counted
    # No call loses its window, and each counts once for the draw of no-calls.
    assert now.calls == chosen(*events, states_nocalls=states_nocalls).calls
    for start_s in held_out & set(now.nocalls):
        near = [(begin, min(end, LENGTH_S)) for kind, begin, end in events if kind in (CALL, UNSURE)]
        assert all(end <= start_s + 0.001 or begin >= start_s + WINDOW_S - 0.001 for begin, end in near)
