import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.lib.faults import InputFaults
from stages.lib.table import parse_table, read_table, write_table

COLUMNS = ("clip_id", "label", "note")


def parse(tmp_path, content: bytes) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Return rows as (line, cells) and faults without the path."""
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    rows, faults = parse_table(path, COLUMNS)
    return [(row.line, list(row.cells.values())) for row in rows], [fault.removeprefix(str(path)) for fault in faults]


def test_cells_are_named_by_column_in_any_order(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"note,clip_id,label\nfaint,a,call\n")
    assert [row.cells for row in read_table(path, COLUMNS)] == [{"note": "faint", "clip_id": "a", "label": "call"}]


def test_a_byte_order_mark_does_no_harm(tmp_path):
    assert parse(tmp_path, b"\xef\xbb\xbfclip_id,label,note\na,call,\n") == ([(2, ["a", "call", ""])], [])


def test_crlf_does_no_harm(tmp_path):
    rows, faults = parse(tmp_path, b"clip_id,label,note\r\na,call,x\r\nb,call,y\r\n")
    assert (rows, faults) == ([(2, ["a", "call", "x"]), (3, ["b", "call", "y"])], [])


def test_a_missing_last_line_ending_does_no_harm(tmp_path):
    assert parse(tmp_path, b"clip_id,label,note\na,call,x") == ([(2, ["a", "call", "x"])], [])


def test_surrounding_blanks_are_removed(tmp_path):
    assert parse(tmp_path, b"clip_id , label,note\n a ,call\t, x y \n") == ([(2, ["a", "call", "x y"])], [])


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_line_numbers_are_right_after_a_quoted_newline(tmp_path, ending):
    lines = [b"clip_id,label,note", b'a,call,"one', b"two", b'three"', b"b,call,x", b""]
    rows, faults = parse(tmp_path, ending.join(lines))
    assert ([line for line, _ in rows], faults) == ([2, 5], [])


def test_blank_lines_are_passed_over_and_counted(tmp_path):
    rows, faults = parse(tmp_path, b"clip_id,label,note\n\na,call,x\n\n\nb,call\n")
    assert rows == [(3, ["a", "call", "x"])]
    assert [fault.split(" ")[0] for fault in faults] == [":6:"]


def test_a_header_below_blank_lines_is_found_and_its_faults_have_its_line(tmp_path):
    rows, faults = parse(tmp_path, b"\n\nclip_id,lable,note\na,call,x\n")
    assert rows == []
    assert {fault.split(" ")[0] for fault in faults} == {":3:"}


@pytest.mark.parametrize(("row", "count"), [(b"a,call", 2), (b"a,call,x,y", 4), (b"a", 1)])
def test_a_wrong_number_of_cells_is_a_fault(tmp_path, row, count):
    rows, faults = parse(tmp_path, b"clip_id,label,note\nb,call,x\n" + row + b"\n")
    assert rows == [(2, ["b", "call", "x"])]
    assert faults == [f":3: {count} cells where 3 are expected: clip_id,label,note"]


def test_a_missing_column_is_a_fault(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,note\na,x\n")
    assert faults == [":1: missing column label; the header should be clip_id,label,note"]


def test_an_unknown_column_is_a_fault(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,label,note,mood\na,call,x,good\n")
    assert faults == [":1: unknown column 'mood'; the header should be clip_id,label,note"]


def test_a_column_that_is_there_twice_is_a_fault(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,label,note,label\na,call,x,call\n")
    assert faults == [":1: column label is there twice; the header should be clip_id,label,note"]


def test_all_faults_of_a_header_are_listed_at_once(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,lable,clip_id\n")
    assert len(faults) == 4


def test_an_empty_file_misses_every_column(tmp_path):
    _, faults = parse(tmp_path, b"")
    assert len(faults) == 3


def test_a_missing_file_is_a_fault_that_names_the_columns(tmp_path):
    rows, faults = parse_table(tmp_path / "table.csv", COLUMNS)
    assert rows == []
    assert faults == [
        f"{tmp_path / 'table.csv'}: there is no such file; it should be a table with the columns clip_id,label,note"
    ]


@pytest.mark.parametrize("text", ["é".encode("latin-1"), "a".encode("utf-16")])
def test_text_that_is_not_utf_8_is_a_fault_with_its_line(tmp_path, text):
    rows, faults = parse(tmp_path, b"clip_id,label,note\na,call,x\nb,call," + text + b"\n")
    assert rows == []
    assert faults == [":3: not UTF-8 text; save the file as CSV in UTF-8"]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> labels/val", "||||||| 1234567"])
def test_a_conflict_marker_is_named_as_one(tmp_path, marker):
    rows, faults = parse(tmp_path, f"clip_id,label,note\na,call,x\n{marker}\nb,call,y\n".encode())
    assert [line for line, _ in rows] == [2, 4]
    assert [fault.startswith(":3: a merge conflict was left here") for fault in faults] == [True]


def test_an_unclosed_quotation_mark_is_a_fault_with_its_line(tmp_path):
    rows, faults = parse(tmp_path, b'clip_id,label,note\na,call,x\nb,call,"faint\nc,call,x\nd,call,x\n')
    assert rows in ([], [(2, ["a", "call", "x"])])
    assert [fault.startswith(":3: ") and "quotation mark" in fault for fault in faults] == [True]


def test_an_unclosed_quotation_mark_does_not_hide_the_faults_before_it(tmp_path):
    _, faults = parse(tmp_path, b'clip_id,label,note\na,call\nb,call,"faint\n')
    assert faults[0].startswith(":2: 2 cells")
    assert len(faults) == 2


def test_read_table_raises_all_faults(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("clip_id,label,note\na\nb\n")
    with pytest.raises(InputFaults) as refusal:
        read_table(path, COLUMNS)
    assert len(refusal.value.lines) == 2


def test_a_table_is_written_with_lf(tmp_path):
    path = tmp_path / "folder" / "table.csv"
    write_table(path, COLUMNS, [("a", "call", 1.5), ("b", "é", "x, y")])
    assert path.read_bytes() == 'clip_id,label,note\na,call,1.5\nb,é,"x, y"\n'.encode()


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n",'), min_size=1)] * 3)
    )
)
def test_a_table_that_was_written_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    write_table(path, COLUMNS, rows)
    read = [tuple(row.cells.values()) for row in read_table(path, COLUMNS)]
    assert read == [tuple(cell.strip() for cell in row) for row in rows]


def test_a_table_that_was_written_is_what_other_readers_expect(tmp_path):
    rows = [["a", 'said "faint"', "two\nlines"]]
    write_table(tmp_path / "table.csv", COLUMNS, rows)
    text = (tmp_path / "table.csv").read_bytes().decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [list(COLUMNS), *rows]
