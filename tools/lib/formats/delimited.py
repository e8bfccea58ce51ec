"""Read tables separated by tabs, semicolons, commas or bars, as Raven, Excel, R and Python save them.

Handles blank lines or Excel's `sep=;` before the header, quotation marks, line breaks within them, R's dots for blanks
in column names, and R's row numbers, which have no column in the header.
"""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import Row, quoted

TAB, BLANK, COMMA = "\t", " ", ","
SEPARATORS = (TAB, ";", COMMA, "|")  # In a tie, the first wins.
STATED_SEPARATOR = re.compile(r"\"?sep=([\t;,|])\"?\s*", re.IGNORECASE)  # Excel writes and reads this line.
QUOTED_CELLS = re.compile(r'"[^"]*"( "[^"]*")+')  # R separates by blanks by default.
NOT_STATED = ("", "na", "nan", "null")
MISSING = (*NOT_STATED, "none")
LONGEST_CELL = 50  # Lines. A quotation mark not closed by then spoils only one row.


class Table(NamedTuple):
    """A table.

    Attributes
    ----------
    path : Path
    line : int
        The line of the header.
    names : dict
        From each column's key (`key_of`) to its name as written.
    rows : list of Row
        With their lines; from keys to cells. Blank rows are skipped, short rows filled up with empty cells.
    faults : list of str
        One for each column that is named twice, and for each row with more cells than the header: it is ambiguous
        which cells count.
    """

    path: Path
    line: int
    names: dict[str, str]
    rows: list[Row]
    faults: list[str]

    def key(self, names: Iterable[str]) -> str:
        """Return the first of several keys that the table has; empty if it has none."""
        return next((name for name in names if name in self.names), "")


def key_of(name: str) -> str:
    """Return the key of a column, equal for `Begin Time (s)`, `Begin.Time..s.` and `begin_time_s`."""
    return "".join(filter(str.isalnum, name.casefold()))


def parse_table(path: Path, lines: Sequence[str]) -> Table:
    """Read a table with any columns from its lines, without line endings; the path is for faults."""
    start, separator = header_place(lines)
    records = list(numbered_records(lines, start, separator))
    number, header = records[0] if records else (1, [])
    keys = [key_of(name) for name in header]
    names: dict[str, str] = {}
    faults = []
    for key, name in zip(keys, header, strict=True):
        if key in names:
            faults.append(
                f"{path}:{number}: column {quoted(name)} repeats {quoted(names[key])}; rename or remove one of them"
            )
        elif key:
            names[key] = name
    below = records[1:]
    if all(lines[line - 1].startswith('"') for line, _ in below) and is_numbered(below, len(header)):
        below = [(line, cells[1:]) for line, cells in below]
    rows = []
    width = len(keys)
    for line, cells in below:
        if len(cells) > width and any(cells[width:]):
            faults.append(f"{path}:{line}: has {len(cells)} cells, but the header has {width}; {remedy(separator)}")
        else:
            filled_up = [*cells[:width], *[""] * (width - len(cells))]
            rows.append(Row(line, dict(zip(keys, filled_up, strict=True))))
    return Table(path, number, names, rows, faults)


def header_place(lines: Sequence[str]) -> tuple[int, str]:
    """Return the number of lines before the header, and the separator of its cells."""
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    first = lines[start] if lines else ""
    stated = STATED_SEPARATOR.fullmatch(first)
    if stated:
        return start + 1, stated[1]
    if QUOTED_CELLS.fullmatch(first):
        return start, BLANK
    return start, max(SEPARATORS, key=lambda separator: len(cells_of(first, separator)))


def numbered_records(lines: Sequence[str], start: int, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every row that is not blank, with the number of its first line."""
    position, width = start, 0
    while position < len(lines):
        number, line = position + 1, lines[position]
        cells, used = record_at(lines, position, separator, width)
        position += used
        if line and any(cells):
            width = width or len(cells)
            yield number, cells


def record_at(lines: Sequence[str], position: int, separator: str, width: int) -> tuple[list[str], int]:
    """Return the cells of the row that begins on a line, and its number of lines.

    A quoted cell may span several lines if the row then is as wide as the header. Otherwise it is a lone quotation
    mark, as in Raven's tables, where nothing is quoted.
    """
    line = lines[position]
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)], 1
    ends = range(position, min(position + LONGEST_CELL, len(lines)))
    reader = csv.reader((f"{lines[end]}\n" for end in ends), strict=True, delimiter=separator)
    try:
        cells = [cell.strip() for cell in next(reader)]
    except csv.Error:
        cells = []
    if cells and (reader.line_num == 1 or len(cells) == width):
        return cells, reader.line_num
    return cells_of(line, separator), 1


def cells_of(line: str, separator: str) -> list[str]:
    """Return the cells of one line, with any quotation marks."""
    with suppress(csv.Error):  # A cell may exceed the limit of csv.
        if separator != TAB or line.count('"') % 2 == 0:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    return [cell.strip() for cell in line.split(separator)]


def is_numbered(records: Sequence[tuple[int, list[str]]], width: int) -> bool:
    """Tell whether rows begin with one cell more than the header has: R's row numbers, in any order."""
    first = {cells[0] for _, cells in records if len(cells) == width + 1 and cells[0].isdecimal()}
    return len(first) == len(records)


def remedy(separator: str) -> str:
    """Say how to correct rows with too many cells."""
    if separator == COMMA:
        return (
            "if numbers have decimal commas, write points, or separate the cells by semicolons; "
            "put texts with commas in quotation marks"
        )
    return "name every column in the header, or remove the extra cells"


def first(cells: Mapping[str, str], names: Iterable[str], missing: Collection[str] = MISSING) -> str:
    """Return the first of some cells that is filled in, with a text that does not stand for a missing one; or empty."""
    for name in names:  # A generator would take twice as long, and tables are long.
        cell = cells.get(name)
        if cell and cell.casefold() not in missing:
            return cell
    return ""
