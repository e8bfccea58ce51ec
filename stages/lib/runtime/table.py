"""CSV tables that people edit: read with line numbers and all faults, written in one canonical form."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import remembered

# Git's marker alone, before a name, or followed by the commas and quotation marks that a spreadsheet adds.
CONFLICT_MARKER = re.compile(r'\s*"?(<{7}|={7}|>{7}|\|{7})(?=[\s",]|$)')
# Separators between cells: commas, semicolons (where a comma is the decimal sign) or tabs.
SEPARATORS = (",", ";", "\t")
# Excel can write a first line that names the separator.
SEPARATOR_LINE = re.compile(r'"?sep=.?"?[\s;,]*', re.IGNORECASE)
# Text that a spreadsheet would run as a formula (the last four are full-width forms), unless it is a number.
FORMULA = re.compile(r"'*[=+\-@\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"'*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
LONGEST_QUOTATION = 80


class Row(NamedTuple):
    """One row of a table, and the line of the file where it starts (the header is line 1)."""

    line: int
    cells: dict[str, str]


def parse_table(path: Path, columns: Sequence[str]) -> tuple[list[Row], list[str]]:
    """Read a table and list everything that is wrong with its format.

    Parameters
    ----------
    path : Path
        A UTF-8 CSV file, separated by commas, semicolons or tabs. A byte-order mark, any line endings, blank rows (also
        with separators) and empty cells beyond the last column are accepted.
    columns : sequence of str
        The exact columns that it must have, in any order.

    Returns
    -------
    rows : list of Row
        The rows with the right format; cells without surrounding blanks, and without the apostrophe that `write_table`
        puts before a formula.
    faults : list of str
        One sentence per fault.
    """
    try:
        content = remembered(path).read_bytes()
    except FileNotFoundError:
        return [], [f"{path}: there is no such file; it should be a table with the columns {','.join(columns)}"]
    fault = encoding_fault(content)
    if fault:
        return [], [f"{path}:{fault}"]

    rows = []
    lines, conflicts = without_conflict_markers(content.decode("utf-8-sig"))
    if lines and SEPARATOR_LINE.fullmatch(lines[0]):
        lines[0] = "\n"
    faults = [
        f"{path}:{line}: a merge conflict was left here; keep the right rows and remove the marker"
        for line in conflicts
    ]
    header: list[str] | None = None
    for line, record in numbered_records(lines, separator_of(lines, columns)):
        if isinstance(record, csv.Error):
            faults.append(f"{path}:{line}: not CSV from here on ({record}); look for an unclosed quotation mark")
        elif header is None:
            header = without_empty_end(record)
            of_header = header_faults(header, columns)
            faults += [f"{path}:{line}: {fault}" for fault in of_header]
            if of_header:
                break
        elif len(record) >= len(header) and not any(record[len(header) :]):
            rows.append(Row(line, dict(zip(header, map(without_guard, record), strict=False))))
        else:
            faults.append(f"{path}:{line}: {len(record)} cells where {len(header)} are expected: {','.join(header)}")
    if header is None and not faults:
        faults = [f"{path}:1: {fault}" for fault in header_faults([], columns)]
    return rows, faults


def encoding_fault(content: bytes) -> str | None:
    """Return the line and the fault of the first content that is not UTF-8 text, or None."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "1: UTF-16 text (Unicode Text in spreadsheets); save the file as CSV in UTF-8"
    try:
        content.decode("utf-8")
        bad = content.find(b"\0")  # Valid UTF-8, but never part of text.
    except UnicodeDecodeError as error:
        bad = error.start
    if bad < 0:
        return None
    line = 1 + len(re.findall(rb"\r\n|\r|\n", content[:bad]))
    return f"{line}: not UTF-8 text; save the file as CSV in UTF-8"


def without_conflict_markers(text: str) -> tuple[list[str], list[int]]:
    """Return the lines of a text, with conflict markers replaced by empty lines, and the markers' line numbers."""
    lines, conflicts = [], []
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if CONFLICT_MARKER.match(line):
            conflicts.append(number)
        lines.append("\n" if number in conflicts[-1:] else line)
    return lines, conflicts


def separator_of(lines: Iterable[str], columns: Sequence[str]) -> str:
    """Return the separator of a table's cells: the one that finds most of the columns in the first line with text."""
    header = next((line for line in lines if line.strip()), "")

    def columns_found(separator: str) -> int:
        return len(set(columns) & {cell.strip(' \t\r\n"') for cell in header.split(separator)})

    return max(SEPARATORS, key=columns_found)


def numbered_records(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield every record that is not blank, with its first line; end with an error if the text is not CSV."""
    reader = csv.reader(lines, strict=True, delimiter=separator)
    line = 1
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, error


def without_empty_end(cells: Sequence[str]) -> list[str]:
    """Return the cells up to the last one that is not empty."""
    return list(cells[: max((position for position, cell in enumerate(cells, start=1) if cell), default=0)])


def header_faults(header: Sequence[str], columns: Sequence[str]) -> list[str]:
    """List the missing, unknown and duplicate columns; one fault if there is no header."""
    if not set(header) & set(columns):
        faults = ["no header"]
    else:
        faults = [f"missing column {name}" for name in columns if name not in header]
        faults += [f"unknown column {quoted(name)}" for name in header if name not in columns]
        faults += [f"column {name} appears twice" for name in columns if header.count(name) > 1]
    return [f"{fault}; the header should be {','.join(columns)}" for fault in faults]


def quoted(text: str) -> str:
    """Return a cell for use in a message: in quotation marks, on one line, truncated if very long."""
    quotation = repr(text)
    return quotation if len(quotation) <= LONGEST_QUOTATION else f"{quotation[:LONGEST_QUOTATION]}..."


def read_table(path: Path, columns: Sequence[str]) -> list[Row]:
    """Read a table; raise `InputFaults` if anything is wrong with its format."""
    rows, faults = parse_table(path, columns)
    refuse(faults)
    return rows


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table: UTF-8, LF, cells in the order of `columns`, and no cell that a spreadsheet would run."""
    lines: list[str] = []
    # With CRLF as line terminator, the writer also puts quotation marks around a cell that contains a lone CR.
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")  # noqa: TID251
    writer.writerow(columns)
    writer.writerows([with_guard(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    write_text(path, "".join(line.removesuffix("\r\n") + "\n" for line in lines))


def with_guard(text: str) -> str:
    """Strip a text, and put an apostrophe before it if a spreadsheet would run it, so that it is shown instead.

    References
    ----------
    OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection. It also warns of leading tabs and
    line endings, which are stripped here.
    """
    stripped = text.strip()
    return f"'{stripped}" if is_formula(stripped) else stripped


def without_guard(text: str) -> str:
    """Remove the apostrophe that `with_guard` put before a text."""
    return text[1:] if text.startswith("'") and is_formula(text) else text


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet would run a text, ignoring apostrophes before it."""
    return bool(FORMULA.match(text)) and not NUMBER.fullmatch(text)
