"""The rules that every row of `labels/expert.csv` must meet."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from stages.lib.runtime.table import Row, quoted
from stages.lib.tables.answered import ANSWERED, with_clips_elsewhere
from stages.lib.tables.expert import LABELS, UNSURE, Answer, answers_of, clip_ids_of, read_rows


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
        return (
            f"date {quoted(text)} is in the future, because it is {date.today()} by this machine's clock; write the "
            "day on which the answer was given"
        )
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
