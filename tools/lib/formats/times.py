"""Parse times as people and spreadsheets write them: 12.5, 12,5, 0:00:12.5."""

import re
from collections.abc import Callable, Iterable

from stages.lib.tables.clips import parse_seconds

CLOCK = re.compile(r"(?:(?P<hours>\d+):(?=\d\d:))?(?P<minutes>\d+):(?P<seconds>[0-5]\d(?:\.\d*)?)")
EXAMPLE = "seconds, such as 12.5, or hours, minutes and seconds, such as 0:00:12.5"


def span_fault(begin: str, last: str, verb: str = "ends at") -> str:
    """Return the fault of a row whose times are invalid, or whose end is before its start."""
    return f"begins at {begin!r} and {verb} {last!r}; write {EXAMPLE}, the same way in all rows, or remove the row"


def times_reader(cells: Iterable[str]) -> Callable[[str], float | None]:
    """Return a function that converts the times of one table to seconds, and anything else to None.

    `cells` are all its times. If one has a decimal point, commas are not read as decimal: they may separate thousands.
    """
    takes_commas = not any("." in cell for cell in cells)

    def seconds(text: str) -> float | None:
        if "," in text:
            if not takes_commas or text.count(",") > 1:
                return None
            text = text.replace(",", ".")
        clock = CLOCK.fullmatch(text)
        if not clock:
            return parse_seconds(text)
        hours, minutes = int(clock["hours"] or 0), int(clock["minutes"])
        if clock["hours"] and minutes > 59:
            return None
        return parse_seconds(str(hours * 3600 + minutes * 60 + float(clock["seconds"])))

    return seconds
