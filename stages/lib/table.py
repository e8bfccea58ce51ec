"""CSV tables that people edit: read with line numbers and all faults, written the same way every time."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stages.lib.faults import refuse
from stages.lib.whole import write_text

CONFLICT_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class Row(NamedTuple):
    """One row of a table, and the line of the file on which it begins (the header is line 1)."""

    line: int
    cells: dict[str, str]


def parse_table(path: Path, columns: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Read a table and everything that is wrong with its form.

    Parameters
    ----------
    path : Path
        A UTF-8 CSV file; a byte-order mark and CRLF line endings do no harm.
    columns : sequence of str
        Exactly the columns that it must have, in any order.

    Returns
    -------
    rows : list of Row
        The rows of the right form, cells without surrounding blanks.
    faults : list of str
        One sentence a fault.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return [], [f"{path}: there is no such file; it should be a table with the columns {','.join(columns)}"]
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        return [], [f"{path}:{line}: not UTF-8 text; save the file as CSV in UTF-8"]

    rows, faults = [], []
    header: list[str] = []
    for line, record in numbered_records(text):
        if isinstance(record, csv.Error):
            faults.append(
                f"{path}:{line}: not CSV from here on ({record}); look for a quotation mark that is not closed"
            )
        elif not header:
            header = [name.strip() for name in record]
            faults = [f"{path}:{line}: {fault}" for fault in header_faults(header, columns)]
            if faults:
                break
        elif len(record) == len(header):
            rows.append(Row(line, dict(zip(header, map(str.strip, record), strict=True))))
        else:
            faults.append(f"{path}:{line}: {form_fault(record, header)}")
    if not header and not faults:
        faults = [f"{path}:1: {fault}" for fault in header_faults(header, columns)]
    return rows, faults


def numbered_records(text: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield every record that is not blank, with the line on which it begins; an error in place of one ends it."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, error


def header_faults(header: Sequence[str], columns: Sequence[str]) -> list[str]:
    """List the columns that are missing, unknown or there twice."""
    faults = [f"missing column {name}" for name in columns if name not in header]
    faults += [f"unknown column {name!r}" for name in header if name not in columns]
    faults += [f"column {name} is there twice" for name in columns if header.count(name) > 1]
    return [f"{fault}; the header should be {','.join(columns)}" for fault in faults]


def form_fault(record: Sequence[str], header: Sequence[str]) -> str:
    """Say what is wrong with a record that has not as many cells as the header."""
    if record[0].startswith(CONFLICT_MARKERS):
        return "a merge conflict was left here; keep the rows that are right and remove the marker"
    return f"{len(record)} cells where {len(header)} are expected: {','.join(header)}"


def read_table(path: Path, columns: Sequence[str]) -> list[Row]:
    """Read a table; raise `InputFaults` where anything is wrong with its form."""
    rows, faults = parse_table(path, columns)
    refuse(faults)
    return rows


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table: UTF-8, LF, cells in the order of `columns`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())
