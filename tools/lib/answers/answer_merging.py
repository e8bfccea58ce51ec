"""Merge new answers into labels/expert.csv, and report the outcome of each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import Row
from tools.lib.wording import counted

ADDED, CHANGED, SAME, OLDER = "added", "changed", "unchanged", "older than the present answer, so not taken"
Key = tuple[str, str]  # The key of an answer: clip and annotator.


class GivenAnswer(NamedTuple):
    """A new answer.

    Attributes
    ----------
    row : Row
        As in labels/expert.csv.
    place : str
        File and line.
    about : str
        The clip or window, as the file describes it.
    """

    row: Row
    place: str
    about: str


def key_of(row: Row) -> Key:
    """Return the clip and the annotator of an answer."""
    return row.cells["clip_id"], row.cells["annotator"]


def newest(given: Iterable[GivenAnswer]) -> list[GivenAnswer]:
    """Return the newest answer of each annotator for each clip; for the same day, the last one given."""
    latest: dict[Key, GivenAnswer] = {}
    for answer in sorted(given, key=lambda answer: answer.row.cells["date"]):
        latest[key_of(answer.row)] = answer
    return list(latest.values())


def contradictions(given: Iterable[GivenAnswer]) -> Iterator[str]:
    """Yield a fault for each pair of different answers by one annotator on one day: their order is unknown."""
    first: dict[tuple[Key, str], GivenAnswer] = {}
    for answer in given:
        cells = answer.row.cells
        before = first.setdefault((key_of(answer.row), cells["date"]), answer)
        if before.row.cells["label"] != cells["label"]:
            yield (
                f"{answer.place}: {cells['annotator']} says {cells['label']} for {answer.about}, but "
                f"{before.row.cells['label']} on the same day in {before.place}; keep one"
            )


def outcome(before: Row | None, after: Row) -> str:
    """Return the outcome of an answer, given the same annotator's present answer.

    The same label is the same answer whatever its date, because a table without dates may be given again later.
    """
    if before is None:
        return ADDED
    if before.cells["label"] == after.cells["label"] and after.cells["note"] in ("", before.cells["note"]):
        return SAME
    return OLDER if after.cells["date"] < before.cells["date"] else CHANGED


def merge(present: Iterable[Row], given: Iterable[GivenAnswer]) -> tuple[list[Row], list[tuple[str, GivenAnswer]]]:
    """Merge answers into the table.

    Parameters
    ----------
    present : iterable of Row
        One for each clip and annotator.
    given : iterable of GivenAnswer

    Returns
    -------
    rows : list of Row
    outcomes : list of tuple
        The outcome of each annotator's newest answer for each clip.
    """
    rows = {key_of(row): row for row in present}
    outcomes = [(outcome(rows.get(key_of(answer.row)), answer.row), answer) for answer in newest(given)]
    rows |= {key_of(answer.row): answer.row for what, answer in outcomes if what in (ADDED, CHANGED)}
    return list(rows.values()), outcomes


def outcomes_line(path: Path, outcomes: Sequence[tuple[str, GivenAnswer]], not_filled_in: int, column: str) -> str:
    """Summarise the outcomes of the answers in one line.

    Parameters
    ----------
    path : Path
        The table.
    outcomes : sequence of tuple
        Outcomes from `merge`.
    not_filled_in : int
        The number of rows without an answer.
    column : str
        Column of the table by which all answers are also counted.
    """
    by_outcome = Counter(what for what, _ in outcomes)
    by_cell = Counter(answer.row.cells[column] for _, answer in outcomes)
    details = ", ".join(f"{cell} {count}" for cell, count in sorted(by_cell.items()))
    said = [f"{counted(by_outcome[ADDED], 'answer')} added"]
    said += [f"{by_outcome[what]} {what}" for what in (CHANGED, SAME, OLDER) if by_outcome[what]]
    said += [f"{not_filled_in} not filled in"] if not_filled_in else []
    return f"{path}: {', '.join(said)}" + (f" ({details})" if details else "")
