"""`labels/expert.csv`: the experts' answers, and what their majority decides."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import Row, parse_table, write_table
from stages.lib.tables.clips import CALL, NOCALL

EXPERT = Path("labels/expert.csv")
QUEUE = Path("labels/queue.csv")  # The same columns, ready to be filled in.
COLUMNS = ("clip_id", "label", "annotator", "date", "note")
UNSURE = "unsure"
LABELS = (CALL, NOCALL, UNSURE)


class Answer(NamedTuple):
    """One annotator's answer for one clip; `label` is `call`, `nocall` or `unsure`."""

    clip_id: str
    label: str
    annotator: str


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """Read all rows of the table in normalised form, and list what is wrong with the format."""
    parsed, faults = parse_table(path, COLUMNS)
    return rows_in_one_way(parsed), faults


def rows_in_one_way(parsed: Iterable[Row]) -> list[Row]:
    """Return normalised rows: one spelling per label and annotator, LF as line break."""
    rows = [Row(row.line, in_one_way(row.cells)) for row in parsed]
    return respelt(rows, spellings(rows))


def in_one_way(cells: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a row with label and name normalised; line breaks, which notes may contain, become LF."""
    with_lf = {name: cell.replace("\r\n", "\n").replace("\r", "\n") for name, cell in cells.items()}
    label = with_lf["label"].lower()
    return with_lf | {
        "label": label if label in LABELS else with_lf["label"],
        "annotator": one_spelling(with_lf["annotator"]),
    }


def answers_of(rows: Iterable[Row]) -> list[Answer]:
    """Return the answers in the rows."""
    return [Answer(row.cells["clip_id"], row.cells["label"], row.cells["annotator"]) for row in rows]


def clip_ids_of(rows: Iterable[Row]) -> set[str]:
    """Return the clip ids in the rows."""
    return {row.cells["clip_id"] for row in rows}


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Remove rows that repeat another row in every cell, as Git's union merge can produce."""
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        first.setdefault(cells_of(row), row)
    return list(first.values())


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows in canonical form: sorted by clip id, then by annotator."""
    in_order = sorted(rows, key=lambda row: (row.cells["clip_id"], row.cells["annotator"]))
    write_table(path, COLUMNS, map(cells_of, in_order))


def cells_of(row: Row) -> tuple[str, ...]:
    """Return the cells of a row in the order of the columns."""
    return tuple(row.cells[name] for name in COLUMNS)


def one_spelling(name: str) -> str:
    """Return a name in Unicode normal form C: é can be one character, or e and a combining accent."""
    return unicodedata.normalize("NFC", name)


def caseless(name: str) -> str:
    """Return the form shared by all spellings of an annotator's name: Val and val, one blank and two."""
    return one_spelling(" ".join(name.casefold().split()))


def spellings(rows: Iterable[Row]) -> dict[str, str]:
    """Return the first spelling of each annotator's name, by its `caseless` form."""
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(caseless(row.cells["annotator"]), row.cells["annotator"])
    return first


def respelt(rows: Iterable[Row], first: Mapping[str, str]) -> list[Row]:
    """Return rows with the annotators' names in the spelling that `spellings` returns."""
    return [row._replace(cells=row.cells | {"annotator": first[caseless(row.cells["annotator"])]}) for row in rows]


def settle(answers: Sequence[Answer]) -> dict[str, str | None]:
    """Decide the label of each clip by the majority of the answers that are not `unsure`.

    Returns
    -------
    dict
        From clip id to `call` or `nocall`, or None for a disputed clip: a tie, or nothing but `unsure`.
    """
    votes: dict[str, list[str]] = defaultdict(list)
    for answer in answers:
        votes[answer.clip_id].append(answer.label)
    return {clip_id: majority(labels) for clip_id, labels in votes.items()}


def majority(labels: Sequence[str]) -> str | None:
    """Return the label with more votes, or None for a tie."""
    calls, nocalls = labels.count(CALL), labels.count(NOCALL)
    if calls == nocalls:
        return None
    return CALL if calls > nocalls else NOCALL
