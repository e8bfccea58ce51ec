"""`labels/reviews.csv`: the windows of detector runs that people have reviewed, and how each came to be reviewed.

`python -m tools.add_reviews` writes it. The verdicts are not here: they are answers in `labels/expert.csv`, so that a
changed mind counts everywhere. Rows are never changed, so that two branches merge by themselves.
"""

from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import Row, parse_table, quoted, write_table
from stages.lib.tables.clips import parse_seconds

REVIEWS = Path("labels/reviews.csv")
COLUMNS = ("run", "batch", "clip_id", "recording", "start_s", "site", "p_call", "bin", "weight")
OF_DRAW = ("batch", "p_call", "bin", "weight")


class Review(NamedTuple):
    """A reviewed window.

    Attributes
    ----------
    run : str
        The id of the run of the detector, as in its run.json.
    batch : str
        The id of the recordings that it was drawn from, as in labels/runs.csv; empty, like the bin, the score and the
        weight, for a window that was not drawn at random: one that a person added or moved, or the most uncertain ones.
    clip_id : str
        The clip of the data set, about which there are answers in labels/expert.csv.
    recording : str
        The name of the searched recording in its run. The clip may be of an excerpt.
    start_s : float
        Seconds from the start of the searched recording.
    site : str
    p_call : float or None
        The score of the run.
    bin : str
        The bin of its score, such as `0.10-0.30`.
    weight : float or None
        How many candidates of its bin it stood for when it was drawn. `tools/lib/field/weights.py` has what it stands
        for now, after several draws, and where not all drawn windows were answered.
    """

    run: str
    batch: str
    clip_id: str
    recording: str
    start_s: float
    site: str
    p_call: float | None
    bin: str
    weight: float | None

    @property
    def drawn(self) -> bool:
        """Whether it was drawn at random."""
        return bool(self.bin)


def read_reviews(path: Path = REVIEWS) -> list[Review]:
    """Read the table; raise `InputFaults` with every wrong row.

    After a merge of two branches, a window may have two rows, because each has drawn it: the first one counts. A row
    of a window that was drawn at random outranks one that was not.
    """
    rows, faults = parse_table(path, COLUMNS)
    faults += [f"{path}:{row.line}: {fault}" for row in rows for fault in row_faults(row.cells)]
    chosen: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = row.cells["run"], row.cells["clip_id"]
        before = chosen.get(key)
        if before is None or (row.cells["bin"] and not before.cells["bin"]):
            chosen[key] = row
        if before and any(other_cells(name, before, row) for name in ("recording", "start_s", "p_call")):
            faults.append(
                f"{path}:{row.line}: {quoted(row.cells['clip_id'])} is on line {before.line} already, with other "
                "values; restore the table from Git"
            )
    refuse(faults)
    return [review_of(row.cells) for row in chosen.values()]


def other_cells(name: str, one: Row, other: Row) -> bool:
    """Tell whether two rows have different cells in a column. Windows that were not drawn have no score."""
    cells = {one.cells[name], other.cells[name]} - {""}
    return len(cells) > 1


def row_faults(cells: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with a single row."""
    for name in ("run", "clip_id", "recording"):
        if not cells[name]:
            yield f"{name} is empty; restore the row from Git"
    if parse_seconds(cells["start_s"]) is None:
        yield f"start_s {quoted(cells['start_s'])} is not a time; restore the row from Git"
    filled_in = [name for name in OF_DRAW if cells[name]]
    if not filled_in:
        return
    missing = [name for name in OF_DRAW if not cells[name]]
    if missing:
        yield f"has {', '.join(filled_in)}, but no {', '.join(missing)}; restore the row from Git"
        return
    p_call, weight = number(cells["p_call"]), number(cells["weight"])
    if p_call is None or p_call > 1:
        yield f"p_call {quoted(cells['p_call'])} is not a score from 0 to 1; restore the row from Git"
    if not weight:
        yield f"weight {quoted(cells['weight'])} is not a number above 0; restore the row from Git"


def number(text: str) -> float | None:
    """Return a number of 0 or more; None for any other text."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None


def review_of(cells: dict[str, str]) -> Review:
    """Convert a row without faults."""
    return Review(
        cells["run"],
        cells["batch"],
        cells["clip_id"],
        cells["recording"],
        float(cells["start_s"]),
        cells["site"],
        number(cells["p_call"]),
        cells["bin"],
        number(cells["weight"]),
    )


def write_reviews(path: Path, reviews: Iterable[Review]) -> None:
    """Write the table, sorted by run and clip id."""
    in_order = sorted(reviews, key=lambda review: (review.run, review.clip_id))
    write_table(path, COLUMNS, (["" if cell is None else cell for cell in review] for review in in_order))
