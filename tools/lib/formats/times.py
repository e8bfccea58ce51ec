"""Times as people and their spreadsheets write them: 12.5, 12,5, 0:00:12.5."""

import re
from collections.abc import Callable, Iterable

from stages.lib.tables.clips import parse_seconds

CLOCK = re.compile(r"(?:(?P<hours>\d+):(?=\d\d:))?(?P<minutes>\d+):(?P<seconds>[0-5]\d(?:\.\d*)?)")
EXAMPLE = "seconds, such as 12.5, or hours, minutes and seconds, such as 0:00:12.5"


def span_fault(begin: str, last: str, verb: str = "ends at") -> str:
    """Say that the times of a row are none, or end before they begin, and what would be right."""
    return f"begins at {begin!r} and {verb} {last!r}; write {EXAMPLE}, the same way in all rows, or remove the row"


def times_reader(cells: Iterable[str]) -> Callable[[str], float | None]:
    """Return what turns the times of one table into seconds, and what is none into None.

    Parameters
    ----------
    cells : iterable of str
        All its times. Where one has a decimal point, a comma is not taken for one: it may separate thousands.
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
