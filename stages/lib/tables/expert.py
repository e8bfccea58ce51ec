"""`labels/expert.csv`: the experts' answers, and the rules that every row must meet."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.table import Row, parse_table, quoted, write_table
from stages.lib.tables.answered import ANSWERED, with_clips_elsewhere
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


def read_answers(path: Path, part_of: Mapping[str, str]) -> tuple[list[Answer], list[str]]:
    """Read the experts' answers and list everything that is wrong with them.

    An answer about a clip that is not in the split is accepted if the clip existed at some time.

    Parameters
    ----------
    path : Path
    part_of : mapping
        From clip id to `train`, `valid`, `pool` or `test`.

    Returns
    -------
    answers : list of Answer
        In the order of the file.
    faults : list of str
        One sentence per fault: the file, the line, what is wrong, what would be right.
    """
    rows, faults = read_rows(path)
    known = with_clips_elsewhere(part_of, clip_ids_of(rows))
    return answers_of(rows), faults + rule_faults(path, rows, known)


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


def rule_faults(path: Path, rows: Sequence[Row], part_of: Mapping[str, str]) -> list[str]:
    """List what is wrong with rows that have the right format.

    Parameters
    ----------
    path : Path
    rows : sequence of Row
    part_of : mapping
        From clip id to `train`, `valid`, `pool`, `test` or `elsewhere`.
    """
    alone = [f"{path}:{row.line}: {fault}" for row in rows for fault in row_faults(row.cells, part_of)]
    return alone + [f"{path}:{fault}" for fault in repetition_faults(rows)]


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
    """Return the form shared by all spellings of an annotator's name, such as Val and val."""
    return one_spelling(name.casefold())


def spellings(rows: Iterable[Row]) -> dict[str, str]:
    """Return the first spelling of each annotator's name, by its `caseless` form."""
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(caseless(row.cells["annotator"]), row.cells["annotator"])
    return first


def respelt(rows: Iterable[Row], first: Mapping[str, str]) -> list[Row]:
    """Return rows with the annotators' names in the spelling that `spellings` returns."""
    return [row._replace(cells=row.cells | {"annotator": first[caseless(row.cells["annotator"])]}) for row in rows]


def row_faults(cells: Mapping[str, str], part_of: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a single row."""
    found = {
        "clip_id": clip_fault(cells["clip_id"], part_of),
        "label": label_fault(cells["label"]),
        "annotator": annotator_fault(cells["annotator"]),
        "date": date_fault(cells["date"]),
    }
    for name, fault in found.items():
        if fault and cells[name].startswith("'"):
            yield f"{name} {quoted(cells[name])} starts with an apostrophe, as spreadsheets put before text; remove it"
        elif fault:
            yield fault


def clip_fault(clip_id: str, part_of: Mapping[str, str]) -> str | None:
    """Return what is wrong with a clip id."""
    if not clip_id:
        return "clip_id is empty; write the id of a clip in labels/queue.csv"
    if clip_id not in part_of:
        return (
            f"there is no clip {quoted(clip_id)} in train, valid or pool, in another data set or in {ANSWERED}; copy "
            "the id from labels/queue.csv; if the clip existed once, run python -m tools.check_labels --fix"
        )
    if part_of[clip_id] == "test":
        return f"clip {clip_id} belongs to the test set, which is frozen; remove the row"
    return None


def label_fault(label: str) -> str | None:
    """Return what is wrong with a label."""
    if not label:
        return f"label is empty; write {', '.join(LABELS[:-1])} or {UNSURE}, or remove the row"
    if label not in LABELS:
        return f"unknown label {quoted(label)}; write {', '.join(LABELS[:-1])} or {UNSURE}"
    return None


def annotator_fault(name: str) -> str | None:
    """Return what is wrong with an annotator's name; an invisible character would make it another person's."""
    if not name:
        return "annotator is empty; write the name of the person who listened"
    if name.startswith("'") or not name.isprintable():
        return f"annotator {quoted(name)} contains an invisible character; type the name again"
    return None


def date_fault(text: str) -> str | None:
    """Return what is wrong with a date."""
    if is_date(text):
        if date.fromisoformat(text) <= latest_day():
            return None
        return f"date {quoted(text)} is in the future; write the day on which the answer was given"
    return (
        f"date {quoted(text)} is not a date; write it like 2026-11-22 "
        "(spreadsheets rewrite dates unless the column is formatted as text)"
    )


def is_date(text: str) -> bool:
    """Tell whether a text is a date in the form YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def latest_day() -> date:
    """Return today's date in the time zone furthest ahead, UTC+14: no answer can have a later date."""
    return datetime.now(timezone(timedelta(hours=14))).date()


def repetition_faults(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the rows in which an annotator answers for the same clip a second time."""
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        clip_id, annotator = row.cells["clip_id"], row.cells["annotator"]
        before = first.setdefault((clip_id, annotator), row)
        if clip_id and annotator and before is not row:
            equal = "; python -m tools.check_labels --fix removes equal rows" if before.cells == row.cells else ""
            yield (
                f"{row.line}: {quoted(annotator)} already answered for {quoted(clip_id)} on line {before.line}; keep "
                f"one of the two rows{equal}"
            )


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
