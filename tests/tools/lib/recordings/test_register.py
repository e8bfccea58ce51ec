from pathlib import Path

import pytest

from stages.lib.runtime.faults import InputFaults
from tools.lib.recordings.register import Registered, read_register, write_register

HEADER = "recording,site,began,hop_s\n"


def test_what_is_written_is_read_back(tmp_path):
    recordings = [Registered("2019/a.wav", "bay", "2019-07-05T14:00:00Z", "2.5"), Registered("b.flac", "", "", "")]
    write_register(tmp_path / "recordings.csv", recordings)
    assert read_register(tmp_path / "recordings.csv") == recordings


def test_a_data_set_need_not_have_one(tmp_path):
    assert read_register(tmp_path / "recordings.csv") == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("../a.wav,,,", "2: recording '../a.wav' is outside the data set"),
        ("b.wav,,,0", "2: hop_s '0' is not a number of seconds above 0"),
        ("b.wav,,,soon", "2: hop_s 'soon' is not a number of seconds above 0"),
        ("b.wav,,,\nb.flac,,,", "3: 'b.flac' is already on line 2, perhaps with another suffix"),
        ("old/b.wav,,,\nold/b.wav,,,", "3: 'old/b.wav' is already on line 2"),
    ],
)
def test_what_people_may_write_by_mistake_is_refused_with_its_line(tmp_path, row, fault):
    path = Path(tmp_path / "recordings.csv")
    path.write_text(f"{HEADER}{row}\n")
    with pytest.raises(InputFaults) as refusal:
        read_register(path)
    assert [line.startswith(f"{path}:{fault}") for line in refusal.value.lines] == [True]
