"""Tables of other people's programs: columns by one of several names, any others besides."""

import csv
from collections.abc import Iterable, Mapping, Sequence

from stages.lib.table import Row

SEPARATORS = ("\t", ",")
MISSING = ("", "na", "nan", "none", "null")


def header_of(lines: Sequence[str]) -> list[str]:
    """Return the names of the columns in small letters; none where there is no table."""
    first = lines[0] if lines else ""
    return [name.strip().casefold() for name in next(csv.reader([first], delimiter=separator_of(first)), [])]


def separator_of(first_line: str) -> str:
    """Return what separates the columns."""
    return max(SEPARATORS, key=first_line.count)


def read_rows(lines: Sequence[str]) -> list[Row]:
    """Return the rows below the header, with their lines; blank ones aside, short ones filled up with empty cells."""
    header = header_of(lines)
    # One line at a time, so that a quotation mark that is not closed spoils one row only.
    separator = separator_of(lines[0])
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
        if any(cells):
            rows.append(Row(number, dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))))
    return rows


def first(cells: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the first of some cells that is there and not missing, in whatever way that is written."""
    return next((cells[name] for name in names if cells.get(name, "").casefold() not in MISSING), "")


def has_any(header: Iterable[str], names: Iterable[str]) -> bool:
    """Tell whether a header has one of several columns."""
    return not set(header).isdisjoint(names)
