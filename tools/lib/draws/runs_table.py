"""`labels/runs.csv`: the hours of sound that each detector run has searched, and its candidates in each bin.

`python -m tools.add_reviews` adds the rows of a run with its first verdicts. A *batch* is the recordings that joined a
run since the draw before: all of them for a run that is drawn from once, a week of them for a stream that is drawn from
weekly. The recordings of a batch are fixed, so its rows never change.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import Row, parse_table, quoted, write_table
from stages.lib.tables.reviews import number
from tools.lib.draws.candidates import BINS

RUNS = Path("labels/runs.csv")
NUMBERS = ("clip_s", "hop_s", "recordings", "hours", "candidates")
COUNTS = ("recordings", "candidates")


class SearchedBin(NamedTuple):
    """The candidates of a run at one site in one bin, from one batch of recordings.

    Attributes
    ----------
    run, batch : str
        The ids of the run and of the batch.
    model : str
        The digest of the model.
    clip_s, hop_s : float
        The length of a window, and the seconds from one to the next.
    site : str
        May be empty.
    bin : str
        A bin of scores. Each site of a batch has a row for each bin, even without candidates.
    recordings : int
        The number of recordings searched at this site, the same for each bin.
    hours : float
        The hours of sound in them, the same for each bin.
    candidates : int
        The number of candidates in this bin.
    """

    run: str
    batch: str
    model: str
    clip_s: float
    hop_s: float
    site: str
    bin: str
    recordings: int
    hours: float
    candidates: int


COLUMNS = SearchedBin._fields


def read_runs(path: Path = RUNS) -> list[SearchedBin]:
    """Read the table; raise `InputFaults` with every wrong row. Identical rows count once."""
    rows, faults = parse_table(path, COLUMNS)
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        cells = row.cells
        faults += [
            f"{path}:{row.line}: {name} {quoted(cells[name])} is not a number of 0 or more; restore the row from Git"
            for name in NUMBERS
            if number(cells[name]) is None or (name in COUNTS and not cells[name].isdecimal())
        ]
        if cells["bin"] not in BINS:
            faults.append(f"{path}:{row.line}: unknown bin {quoted(cells['bin'])}; restore the row from Git")
        before = first.setdefault(tuple(cells[name] for name in ("run", "batch", "site", "bin")), row)
        if before.cells != cells:
            faults.append(
                f"{path}:{row.line}: this bin of the run is on line {before.line} already, with other numbers; restore "
                "the table from Git"
            )
    refuse(faults)
    return [searched_bin(row.cells) for row in first.values()]


def searched_bin(cells: dict[str, str]) -> SearchedBin:
    """Convert a row without faults."""
    values = {name: int(cell) if name in COUNTS else float(cell) for name, cell in cells.items() if name in NUMBERS}
    return SearchedBin(**(cells | values))  # type: ignore[arg-type]


def write_runs(path: Path, rows: Iterable[SearchedBin]) -> None:
    """Write the table, sorted by run, batch, site and bin."""
    in_order: list[SearchedBin] = sorted(rows, key=lambda row: (row.run, row.batch, row.site, row.bin))
    write_table(path, COLUMNS, in_order)
