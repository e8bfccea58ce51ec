"""`data/<name>/recordings.csv`: the recordings that tools have added to a data set, with their sites and times.

People may correct it: the site of a clip comes from here.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import Row, parse_table, quoted, write_table
from stages.lib.tables.clips import parse_seconds, path_fault, recording_id, same_site

NAME = "recordings.csv"
COLUMNS = ("recording", "site", "began", "hop_s")


class Registered(NamedTuple):
    """A registered recording.

    Attributes
    ----------
    recording : str
        Its path below `recordings/`.
    site : str
        The site of the hydrophone; may be empty.
    began : str
        Its start time: ISO 8601, with a Z if known to be UTC, or as annotated; may be empty.
    hop_s : str
        The seconds between the starts of windows if it joined without annotations; otherwise empty.
    """

    recording: str
    site: str
    began: str
    hop_s: str


def read_register(path: Path) -> list[Registered]:
    """Read the table, which need not exist; raise `InputFaults` with every fault."""
    if not path.exists():
        return []
    rows, faults = parse_table(path, COLUMNS)
    faults += [f"{path}:{fault}" for fault in row_faults(rows)]
    refuse(faults)
    return [Registered(**row.cells) for row in rows]


def row_faults(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the faults of the rows."""
    first_line: dict[str, int] = {}
    for row in rows:
        recording, hop_s = row.cells["recording"], row.cells["hop_s"]
        fault = path_fault(recording)
        if fault:
            yield f"{row.line}: {fault}"
        if hop_s and not parse_seconds(hop_s):
            yield f"{row.line}: hop_s {quoted(hop_s)} is not a number of seconds above 0; write one, or nothing"
        name = recording_id(recording)
        if first_line.setdefault(name, row.line) != row.line:
            yield (
                f"{row.line}: {quoted(recording)} is already on line {first_line[name]}, perhaps with another suffix; "
                "remove one"
            )


def write_register(path: Path, recordings: Iterable[Registered]) -> None:
    """Write the table in the order given."""
    write_table(path, COLUMNS, recordings)


def site_faults(site: str | None) -> list[str]:
    """List what is wrong with the option --site."""
    if site is None or site.strip().isprintable():
        return []
    return [f"--site {quoted(site)}: holds an invisible character; type the name again"]


def one_spelling(recordings: Iterable[Registered], sites: Iterable[str] = ()) -> list[Registered]:
    """Return recordings with one spelling per site: the first one, starting with the given sites."""
    spelling: dict[str, str] = {}
    for site in sites:
        spelling.setdefault(same_site(site), site)
    return [one._replace(site=spelling.setdefault(same_site(one.site), one.site)) for one in recordings]
