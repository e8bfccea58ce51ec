"""From verdicts to rows of labels/expert.csv and labels/reviews.csv."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from stages.lib.runtime.table import Row
from stages.lib.tables.expert import COLUMNS
from stages.lib.tables.reviews import Review
from tools.lib.field.verdicts import Verdict
from tools.lib.review.answer_outcomes import ADDED, CHANGED, OLDER, SAME, Key, key_of, outcomes_line


def rows_of(verdicts: Sequence[Verdict], clip_ids: Sequence[str]) -> list[Row]:
    """Return each verdict as a row of labels/expert.csv.

    Parameters
    ----------
    verdicts : sequence of Verdict
    clip_ids : sequence of str
        The clip of each.
    """
    return [
        Row(0, dict(zip(COLUMNS, (clip_id, one.label, one.annotator, one.day, one.note), strict=True)))
        for one, clip_id in zip(verdicts, clip_ids, strict=True)
    ]


def contradictions(verdicts: Sequence[Verdict], rows: Sequence[Row]) -> Iterator[str]:
    """Yield a fault for each pair of different verdicts by one person on one day about one window."""
    first: dict[tuple[Key, str], tuple[Verdict, Row]] = {}
    for verdict, row in zip(verdicts, rows, strict=True):
        before, answered = first.setdefault((key_of(row), verdict.day), (verdict, row))
        if before.label != verdict.label:
            yield (
                f"{verdict.place}: {row.cells['annotator']} says {verdict.label} for the window of {verdict.recording} "
                f"at {verdict.start_s:g} s, but {before.label} in {before.place}; keep one"
            )


def outcome(before: Row | None, after: Row) -> str:
    """Return what becomes of an answer, given the same person's present one.

    The same label is the same answer, whatever its date: so a table that is given a second time changes nothing.
    """
    if before is None:
        return ADDED
    if before.cells["label"] == after.cells["label"] and after.cells["note"] in ("", before.cells["note"]):
        return SAME
    return OLDER if after.cells["date"] < before.cells["date"] else CHANGED


def merge(present: Iterable[Row], given: Iterable[Row]) -> tuple[list[Row], Counter[str]]:
    """Merge answers into those of labels/expert.csv, the oldest first; return all rows, and the count by outcome."""
    rows = {key_of(row): row for row in present}
    latest = {key_of(row): row for row in sorted(given, key=lambda row: row.cells["date"])}
    outcomes = {key: outcome(rows.get(key), row) for key, row in latest.items()}
    rows |= {key: row for key, row in latest.items() if outcomes[key] in (ADDED, CHANGED)}
    return list(rows.values()), Counter(outcomes.values())


def reviews_of(
    run: str,
    verdicts: Sequence[Verdict],
    clip_ids: Sequence[str],
    drawn: Mapping[tuple[str, float], Review],
    sites: Mapping[str, str],
) -> list[Review]:
    """Return a row of labels/reviews.csv for each verdict.

    Parameters
    ----------
    run : str
    verdicts : sequence of Verdict
    clip_ids : sequence of str
        The clip of each.
    drawn : mapping
        From recording and start to each window that was drawn, which keeps its weight.
    sites : mapping
        From each recording to its site.
    """
    reviews = []
    for one, clip_id in zip(verdicts, clip_ids, strict=True):
        place = one.recording, one.start_s
        placed = Review(run, "", clip_id, *place, sites[one.recording], None, "", None)
        reviews.append(drawn[place]._replace(clip_id=clip_id) if one.own and place in drawn else placed)
    return reviews


def merged_reviews(present: Iterable[Review], given: Iterable[Review]) -> list[Review]:
    """Merge reviewed windows; one that was drawn stays so, even if somebody has placed the same window."""
    merged: dict[Key, Review] = {}
    for review in [*present, *given]:
        before = merged.get((review.run, review.clip_id))
        if before is None or (review.drawn and not before.drawn):
            merged[review.run, review.clip_id] = review
    return list(merged.values())


def summary(path: Path, outcomes: Mapping[str, int], rows: Sequence[Row], empty: int) -> str:
    """Say in one line what became of the answers."""
    labels = Counter(row.cells["label"] for row in rows)
    counts = ", ".join(f"{labels[label]} {label}" for label in sorted(labels))
    return outcomes_line(path, outcomes, empty, counts)
