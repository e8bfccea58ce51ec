import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.lib.audio.examination import Examined
from stages.lib.tables.clips import COLUMNS, row_faults
from tools.lib.clips.clip_rows import unlabelled_rows
from tools.lib.recordings.register import Registered


def rows(length_s: float, hop_s: float, window_s: float = 2.0) -> list[tuple]:
    made, left_out = unlabelled_rows(Registered("sea/a.wav", "bay", "", str(hop_s)), Examined(length_s, 8000), window_s)
    assert left_out == 0
    return made


@pytest.mark.parametrize(
    ("length_s", "hop_s", "starts"),
    [
        (6.0, 2.0, ["0.000", "2.000", "4.000"]),
        (7.9, 2.0, ["0.000", "2.000", "4.000"]),
        (4.0, 0.5, ["0.000", "0.500", "1.000", "1.500", "2.000"]),
        (9.0, 5.0, ["0.000", "5.000"]),
        (1.0, 2.0, ["0.000"]),
        (0.6 + 2.0, 0.2, ["0.000", "0.200", "0.400", "0.600"]),
    ],
)
def test_there_is_a_window_every_hop_while_whole_ones_fit(length_s, hop_s, starts):
    assert [row[2] for row in rows(length_s, hop_s)] == starts


@settings(derandomize=True, deadline=None)
@given(st.floats(0.001, 20), st.floats(0.2, 200))
def test_every_row_is_one_that_the_pipeline_accepts(hop_s, length_s):
    made = rows(length_s, max(hop_s, length_s / 100))
    assert all(list(row_faults(dict(zip(COLUMNS, row, strict=True)))) == [] for row in made)


def test_half_a_millisecond_is_rounded_in_one_way():
    made = rows(3.0, 0.0005)
    assert all(list(row_faults(dict(zip(COLUMNS, row, strict=True)))) == [] for row in made)


def test_windows_without_sound_have_no_row():
    found = Examined(20.0, 8000, ((5.0, 13.0),))
    made, left_out = unlabelled_rows(Registered("a.wav", "", "", "2.0"), found, 2.0)
    assert [row[2] for row in made] == ["0.000", "2.000", "4.000", "12.000", "14.000", "16.000", "18.000"]
    assert left_out == 3
