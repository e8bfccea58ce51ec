import csv
import io

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import parse_table, read_table, write_table

COLUMNS = ("clip_id", "label", "note")


def parse(tmp_path, content: bytes) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Return rows as (line, cells) and faults without the path."""
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    rows, faults = parse_table(path, COLUMNS)
    return [(row.line, list(row.cells.values())) for row in rows], [fault.removeprefix(str(path)) for fault in faults]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """One place for all examples of a property."""
    return tmp_path_factory.mktemp("tables") / "table.csv"


def test_cells_are_named_by_column_in_any_order(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"note,clip_id,label\nfaint,a,call\n")
    assert [row.cells for row in read_table(path, COLUMNS)] == [{"note": "faint", "clip_id": "a", "label": "call"}]


def test_a_byte_order_mark_does_no_harm(tmp_path):
    assert parse(tmp_path, b"\xef\xbb\xbfclip_id,label,note\na,call,\n") == ([(2, ["a", "call", ""])], [])


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_any_line_ending_does_no_harm(tmp_path, ending):
    rows, faults = parse(tmp_path, ending.join([b"clip_id,label,note", b"a,call,x", b"b,call,y", b""]))
    assert (rows, faults) == ([(2, ["a", "call", "x"]), (3, ["b", "call", "y"])], [])


def test_a_missing_last_line_ending_does_no_harm(tmp_path):
    assert parse(tmp_path, b"clip_id,label,note\na,call,x") == ([(2, ["a", "call", "x"])], [])


def test_surrounding_blanks_are_removed(tmp_path):
    assert parse(tmp_path, b"clip_id , label,note\n a ,call\t, x y \n") == ([(2, ["a", "call", "x y"])], [])


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
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


def test_empty_cells_beyond_the_last_column_do_no_harm(tmp_path):
    rows, faults = parse(tmp_path, b"clip_id,label,note,,\na,call,x,,\nb,call,y\nc,call,,\n")
    assert rows == [(2, ["a", "call", "x"]), (3, ["b", "call", "y"]), (4, ["c", "call", ""])]
    assert faults == []


def test_a_cell_beyond_the_last_column_is_a_fault(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,label,note,,\na,call,x,,faint\n")
    assert faults == [":2: 5 cells where 3 are expected: clip_id,label,note"]


@pytest.mark.parametrize("blank", [b",,", b",,,,", b"  ", b"\t", b" , ,"])
def test_a_row_without_anything_is_passed_over_like_a_blank_line(tmp_path, blank):
    assert parse(tmp_path, b"clip_id,label,note\n" + blank + b"\na,call,x\n") == ([(3, ["a", "call", "x"])], [])


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("quotation", ["", '"'])
def test_cells_may_be_separated_as_another_spreadsheet_does(tmp_path, separator, quotation):
    rows = [["clip_id", "label", "note"], ["", "", ""], ["a", "call", "faint, far"]]
    text = "".join(separator.join(f"{quotation}{cell}{quotation}" for cell in row) + "\r\n" for row in rows)
    assert parse(tmp_path, text.encode()) == ([(3, ["a", "call", "faint, far"])], [])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_faults_are_the_same_whatever_separates_the_cells(tmp_path, separator):
    rows = [["clip_id", "lable", "note"], ["a", "call", ""]]
    _, faults = parse(tmp_path, "".join(separator.join(row) + "\n" for row in rows).encode())
    assert faults == [
        f":1: {fault}; the header should be clip_id,label,note"
        for fault in ("missing column label", "unknown column 'lable'")
    ]
    _, faults = parse(tmp_path, f"clip_id{separator}label{separator}note\na\n".encode())
    assert faults == [":2: 1 cells where 3 are expected: clip_id,label,note"]


def test_a_missing_column_is_a_fault(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,note\na,x\n")
    assert faults == [":1: missing column label; the header should be clip_id,label,note"]


def test_an_unknown_column_is_a_fault(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,label,note,mood\na,call,x,good\n")
    assert faults == [":1: unknown column 'mood'; the header should be clip_id,label,note"]


def test_a_column_that_is_there_twice_is_a_fault(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,label,note,label\na,call,x,call\n")
    assert faults == [":1: column label appears twice; the header should be clip_id,label,note"]


def test_all_faults_of_a_header_are_listed_at_once(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,lable,clip_id\n")
    assert len(faults) == 4


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,call,x\nb,nocall,y\n"])
def test_a_table_without_its_header_is_one_fault(tmp_path, content):
    _, faults = parse(tmp_path, content)
    assert faults == [":1: no header; the header should be clip_id,label,note"]


def test_a_missing_file_is_a_fault_that_names_the_columns(tmp_path):
    rows, faults = parse_table(tmp_path / "table.csv", COLUMNS)
    assert rows == []
    assert faults == [
        f"{tmp_path / 'table.csv'}: there is no such file; it should be a table with the columns clip_id,label,note"
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_table_of_wider_letters_is_a_fault(tmp_path, encoding):
    text = "\ufeff" if encoding.endswith("e") else ""
    rows, faults = parse(tmp_path, f"{text}clip_id,label,note\na,call,x\n".encode(encoding))
    assert rows == []
    assert [fault.endswith("; save the file as CSV in UTF-8") for fault in faults] == [True]


def test_the_line_of_a_bad_byte_is_right_with_any_line_ending(tmp_path):
    for ending in (b"\n", b"\r\n", b"\r"):
        _, faults = parse(tmp_path, ending.join([b"clip_id,label,note", b"a,call,x", b"b,call,\xe9"]))
        assert faults == [":3: not UTF-8 text; save the file as CSV in UTF-8"]


@pytest.mark.parametrize("text", ["é".encode("latin-1"), "a".encode("utf-16"), b"\0"])
def test_text_that_is_not_utf_8_is_a_fault_with_its_line(tmp_path, text):
    rows, faults = parse(tmp_path, b"clip_id,label,note\na,call,x\nb,call," + text + b"\n")
    assert rows == []
    assert faults == [":3: not UTF-8 text; save the file as CSV in UTF-8"]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> labels/val", "||||||| 1234567"])
def test_a_conflict_marker_is_named_as_one(tmp_path, marker):
    rows, faults = parse(tmp_path, f"clip_id,label,note\na,call,x\n{marker}\nb,call,y\n".encode())
    assert [line for line, _ in rows] == [2, 4]
    assert [fault.startswith(":3: a merge conflict was left here") for fault in faults] == [True]


@pytest.mark.parametrize(
    "marker",
    [
        "<<<<<<< labels/val, second try",
        ">>>>>>> a,b,c",
        "=======,,",
        '"<<<<<<< labels/val, second try",,',
        "\t=======",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_conflict_marker_is_known_by_its_line_whatever_a_spreadsheet_has_made_of_it(tmp_path, marker, ending):
    lines = ["clip_id,label,note", "a,call,x", marker, "b,call", "c,call,y", ""]
    rows, faults = parse(tmp_path, ending.join(lines).encode())
    assert [line for line, _ in rows] == [2, 5]
    assert [fault.split(" ")[0] for fault in faults] == [":3:", ":4:"]
    assert "a merge conflict was left here" in faults[0]


def test_a_conflict_about_the_header_does_not_hide_the_faults_of_the_rows(tmp_path):
    lines = b"<<<<<<< HEAD\nclip_id,label,note\n=======\nnote,clip_id,label\n>>>>>>> val\nb,call\n"
    _, faults = parse(tmp_path, lines)
    assert [fault.split(" ")[0] for fault in faults] == [":1:", ":3:", ":5:", ":6:"]


def test_a_conflict_within_a_quoted_cell_is_found(tmp_path):
    _, faults = parse(tmp_path, b'clip_id,label,note\na,call,"one\n<<<<<<< HEAD\ntwo"\n')
    assert [fault.split(" ")[0] for fault in faults] == [":3:"]


@pytest.mark.parametrize("note", ["<<<<<< six", "======== eight", "====", "<-------", "a <<<<<<< b"])
def test_what_only_looks_like_a_conflict_marker_is_text(tmp_path, note):
    rows, faults = parse(tmp_path, f'clip_id,label,note\na,call,"\n{note}"\n'.encode())
    assert (rows, faults) == ([(2, ["a", "call", note])], [])


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


# Every character there is, those often that mean something to a CSV file or to a spreadsheet.
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\n\r\t \",'=+-@0.e")
)
some_rows = st.lists(st.tuples(texts, texts, texts))


@given(some_rows)
@example([("'=x", "''=x", " '=x"), ("=", "\t", "'"), ("-0.5", "'-0.5", "-0.5 "), ("+1e3", "-x", "\r=x")])
def test_a_table_that_was_written_is_read_back(path, rows):
    # A row that is nothing but blanks is no row, and a line of seven angles is a merge conflict.
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    write_table(path, COLUMNS, rows)
    read = [tuple(row.cells.values()) for row in read_table(path, COLUMNS)]
    assert read == [tuple(cell.strip() for cell in row) for row in rows]


@given(some_rows)
@example([("=HYPERLINK(1)", "@SUM(A1)", "+1-1"), (" =x", "\t=x", "\r\n-x"), ("-0.5", "-1e-3", "\uff1dx")])
def test_no_cell_that_was_written_is_one_that_a_spreadsheet_would_run(path, rows):
    write_table(path, COLUMNS, rows)
    for record in csv.reader(io.StringIO(path.read_bytes().decode(), newline="")):
        for cell in record:
            assert not cell.startswith(("\t", "\r", "\n"))
            assert not cell.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")) or is_number(cell)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_numbers_are_written_as_they_are(tmp_path):
    path = tmp_path / "table.csv"
    write_table(
        path, COLUMNS, [(-1, -0.5, np.float32(-0.25)), ("-1", "-0.500000", "+1e-3"), (None, True, np.int64(-3))]
    )
    assert path.read_text() == "clip_id,label,note\n-1,-0.5,-0.25\n-1,-0.500000,+1e-3\n,True,-3\n"


def test_the_apostrophe_that_a_person_has_put_before_other_text_stays(tmp_path):
    assert parse(tmp_path, b"clip_id,label,note\na,'call,'t Hart\n") == ([(2, ["a", "'call", "'t Hart"])], [])


@given(st.binary(max_size=200) | st.text().map(str.encode) | some_rows.map(repr).map(str.encode))
def test_whatever_a_file_holds_its_faults_are_lines_that_a_person_can_read(path, content):
    path.write_bytes(content)
    _, faults = parse_table(path, COLUMNS)
    assert faults, "there is no header"
    assert all(fault.startswith(f"{path}:") and fault.isprintable() for fault in faults)


def test_a_long_cell_is_cut_where_it_is_quoted(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,label,note," + b"x" * 100_000)
    assert [len(fault) < 200 for fault in faults] == [True]


def test_ten_thousand_conflicts_are_listed_as_fast_as_rows(tmp_path):
    _, faults = parse(tmp_path, b"clip_id,label,note\n" + b"=======\n" * 10_000)
    assert len(faults) == 10_000


def test_a_table_that_was_written_is_what_other_readers_expect(tmp_path):
    rows = [["a", 'said "faint"', "two\nlines"]]
    write_table(tmp_path / "table.csv", COLUMNS, rows)
    text = (tmp_path / "table.csv").read_bytes().decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [list(COLUMNS), *rows]
