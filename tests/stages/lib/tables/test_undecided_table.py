"""Clips that nobody could tell, and the rounds that they are counted by."""

from pathlib import Path

import pytest

from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.undecided import read_undecided, round_now


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"round,date,commit\n", 1),
        (b"round,date,commit\n1,2026-11-22,a\n2,2026-11-23,b\n", 3),
        (b"\xef\xbb\xbfround;date;commit\r\n1;2026-11-22;a\r\n", 2),
        (b'sep=;\n"round";"date"\n"1";"2026-11-22"\n', 2),
        (b"round\tdate\n1\t2026-11-22\n\n2\t2026-11-23\n", 3),
        (b"round,date\n<<<<<<< HEAD\n1,2026-11-22\n=======\n1,2026-11-23\n>>>>>>> two\n", 2),
        ("round,date,annotators\n1,2026-11-22,Zoë\n".encode("latin-1"), 2),
    ],
)
def test_the_open_round_follows_the_latest_closed_one_whatever_the_form_of_the_table(
    tmp_path: Path, content: bytes, expected: int
) -> None:
    table = tmp_path / "rounds.csv"
    table.write_bytes(content)
    assert round_now(table) == expected


@pytest.mark.parametrize("number", ["first", "", "1.5", "-1", "9" * 5000])
def test_a_round_that_is_no_number_is_refused(tmp_path: Path, number: str) -> None:
    table = tmp_path / "undecided.csv"
    table.write_text(f"clip_id,round\na_0000000,{number}\n", encoding="utf-8")
    with pytest.raises(InputFaults, match=r"undecided.csv:2: round .* is not a number; write the round's number"):
        read_undecided(table)
