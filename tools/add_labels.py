"""Merge experts' answers into labels/expert.csv: `python -m tools.add_labels FILE...`.

A FILE is a table with the columns of labels/queue.csv, such as the CSV of the label page, an Audacity label track or a
Raven selection table. Example: `python -m tools.add_labels expert-val-2026-11-22.csv`.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import Row
from stages.lib.tables.answer_rules import annotator_fault, date_fault, rule_faults
from stages.lib.tables.answered import ELSEWHERE
from stages.lib.tables.expert import EXPERT, clip_ids_of, one_spelling, read_rows, respelt, spellings, write_rows
from tools.lib.clips.known_clips import note, parts, with_clips_ever
from tools.lib.review.answer_files import Signature, read_answer_files
from tools.lib.review.answer_outcomes import ADDED, CHANGED, OLDER, SAME, Key, key_of, outcomes_line


class Given(NamedTuple):
    """An answer that was handed in, with its place."""

    path: Path
    row: Row

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}:{self.row.line}"


def newest(given: Sequence[Given]) -> list[Given]:
    """Return the newest answer of each annotator for each clip; for the same day, the last one given."""
    latest: dict[Key, Given] = {}
    for answer in sorted(given, key=lambda answer: answer.row.cells["date"]):
        latest[key_of(answer.row)] = answer
    return list(latest.values())


def contradictions(given: Sequence[Given]) -> Iterator[str]:
    """Yield a fault for each pair of different answers by one annotator on one day: their order is unknown."""
    first: dict[tuple[str, str, str], Given] = {}
    for answer in given:
        before = first.setdefault((*key_of(answer.row), answer.row.cells["date"]), answer)
        if before.row.cells["label"] != answer.row.cells["label"] and before.path != answer.path:
            clip_id, annotator = key_of(answer.row)
            yield (
                f"{answer.place}: {annotator} says {answer.row.cells['label']} for {clip_id}, but "
                f"{before.row.cells['label']} on the same day in {before.place}; keep one"
            )


def outcome(before: Row | None, after: Row) -> str:
    """Return the outcome of an answer, given the same annotator's present answer."""
    if before is None:
        return ADDED
    if after.cells == before.cells:
        return SAME
    return OLDER if after.cells["date"] < before.cells["date"] else CHANGED


def merge(present: Sequence[Row], given: Sequence[Given]) -> tuple[list[Row], list[tuple[str, Given]]]:
    """Merge answers into the table.

    Parameters
    ----------
    present : sequence of Row
        One for each clip and annotator.
    given : sequence of Given

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


def summary(outcomes: Sequence[tuple[str, Given]], passed_over: int) -> str:
    """Summarise the outcomes in one line."""
    counts = Counter(what for what, _ in outcomes)
    people = Counter(answer.row.cells["annotator"] for _, answer in outcomes)
    names = ", ".join(f"{name} {count}" for name, count in sorted(people.items()))
    return outcomes_line(EXPERT, counts, passed_over, names)


def add_labels(paths: Sequence[Path], signature: Signature) -> list[str]:
    """Merge files into labels/expert.csv, or refuse all faults at once; return the lines to print."""
    part_of = parts()
    present, faults = read_rows(EXPERT)
    faults += rule_faults(EXPERT, present, with_clips_ever(part_of, clip_ids_of(present)))
    files = read_answer_files(paths, part_of, signature)
    names = spellings([*present, *(row for file in files for row in file.rows)])
    given = [Given(file.path, row) for file in files for row in respelt(file.rows, names)]
    refuse([*faults, *(fault for file in files for fault in file.faults), *contradictions(given)])

    rows, outcomes = merge(present, given)
    write_rows(EXPERT, rows)
    known = with_clips_ever(part_of, clip_ids_of(rows))
    noted = note(known, {clip_id for clip_id in clip_ids_of(rows) if known[clip_id] == ELSEWHERE})
    older = [f"{answer.place}: {what}" for what, answer in outcomes if what == OLDER]
    return [summary(outcomes, sum(file.passed_over for file in files)), *noted, *older]


def main() -> None:
    """Add the answers in the given files."""
    parser = argparse.ArgumentParser(prog="python -m tools.add_labels", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="answers of an expert")
    parser.add_argument("--annotator", metavar="NAME", help="annotator of Audacity or Raven files")
    parser.add_argument(
        "--date", default=date.today().isoformat(), metavar="YYYY-MM-DD", help="their date (default: today)"
    )
    options = parser.parse_args()
    annotator = None if options.annotator is None else one_spelling(options.annotator.strip())
    faults = {
        "--annotator": annotator_fault("?" if annotator is None else annotator),
        "--date": date_fault(options.date),
    }
    refuse(f"{option}: {fault}" for option, fault in faults.items() if fault)
    print(*add_labels(options.files, Signature(annotator, options.date)), sep="\n")


if __name__ == "__main__":
    run(main)
