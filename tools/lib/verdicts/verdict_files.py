"""Read files from reviewers: the CSV of the page, and tables of tools.detect with verdicts filled in."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.table import Row, encoding_fault, quoted
from stages.lib.tables.answer_rules import rule_faults
from stages.lib.tables.expert import clip_ids_of, distinct, read_rows
from tools.lib.detection.window_id import is_window_id, run_of_window
from tools.lib.formats.audacity_track import is_track, parse_track
from tools.lib.formats.columns import BEGIN_FILE, BEGIN_PATH, FILE_OFFSET, VERDICT
from tools.lib.formats.delimited import Table, first, parse_table
from tools.lib.formats.raven_table import is_raven, parse_raven
from tools.lib.formats.selections import Selection
from tools.lib.formats.sequence import REMEDY
from tools.lib.formats.text_lines import content_fault, lines_of
from tools.lib.formats.times import span_fault, times_reader
from tools.lib.recordings.recording_name import is_named_after

PAGE_COLUMNS = {"clipid", "label", "annotator"}
CSV_KEYS = {"recording", "starts", "ends"}
# In a label track, the verdict follows the score; a label that a person has added has no score.
TRACK_SCORE = re.compile(r"[01][.,]\d+")
KNOWN = "the CSV of review.html, or a table of tools.detect for Raven, Audacity or as CSV, with verdicts filled in"


class HandedIn(NamedTuple):
    """The contents of a file: answers from the page, or the rows of a table, and the faults.

    Answers are as in labels/expert.csv, with ids of windows, and without rows that have no label. Selections have
    verdicts as text, filled in or not. They are None if the file is not a table.
    """

    path: Path
    answers: list[Row]
    selections: list[Selection] | None
    faults: list[str]


def read_file(path: Path) -> HandedIn:
    """Read a file in any of the formats, recognised by its content."""
    if not path.is_file():
        absent = f"there is no such file; name {KNOWN}"
        return faulty(path, "is a folder; name the files in it" if path.is_dir() else absent)
    content = remembered(path).read_bytes()
    fault = content_fault(content) or encoding_fault(content)
    if fault:
        return HandedIn(path, [], None, [f"{path}:{fault}"])
    return read_lines(path, lines_of(content))


def read_lines(path: Path, lines: Sequence[str]) -> HandedIn:
    """Read the lines of a text file."""
    table = parse_table(path, lines)
    if is_raven(lines):
        selections, faults = parse_raven(path, lines, (VERDICT,))
        faults += offset_faults(table)
    elif table.names.keys() >= PAGE_COLUMNS:
        return read_page_answers(path)
    elif table.names.keys() >= CSV_KEYS:
        selections, faults = parse_csv(table)
    elif is_track(path, lines):
        selections, faults = parse_track(path, lines)
        selections = [with_score(one) for one in selections]
    else:
        return faulty(path, f"is not {KNOWN}")
    return HandedIn(path, [], [with_point(one) for one in selections], faults)


def faulty(path: Path, fault: str) -> HandedIn:
    """Return a file with a single fault."""
    return HandedIn(path, [], None, [f"{path}: {fault}"])


def read_page_answers(path: Path) -> HandedIn:
    """Read the CSV of the page."""
    all_rows, faults = read_rows(path)
    rows = distinct(row for row in all_rows if row.cells["label"])
    windows = [row for row in rows if is_window_id(row.cells["clip_id"])]
    faults += [
        f"{path}:{row.line}: {quoted(row.cells['clip_id'])} is not a window of a run; answers about clips of the queue "
        "go to python -m tools.add_labels"
        for row in rows
        if not is_window_id(row.cells["clip_id"])
    ]
    faults += rule_faults(path, windows, dict.fromkeys(clip_ids_of(windows), "pool"))
    return HandedIn(path, rows, None, faults)


def runs_of(file: HandedIn) -> dict[str, int]:
    """Return the runs of the answers from the page, each with its first line."""
    runs: dict[str, int] = {}
    for row in file.answers:
        runs.setdefault(run_of_window(row.cells["clip_id"]), row.line)
    return runs


def parse_csv(table: Table) -> tuple[list[Selection], list[str]]:
    """Read the detections of a CSV table, and its faults."""
    faults = list(table.faults)
    if VERDICT not in table.names:
        return [], [*faults, f"{table.path}:{table.line}: there is no column {VERDICT}; add it"]
    seconds = times_reader(row.cells[key] for row in table.rows for key in ("starts", "ends"))
    selections = []
    for row in table.rows:
        start_s, end_s = seconds(row.cells["starts"]), seconds(row.cells["ends"])
        if start_s is None or end_s is None or end_s < start_s:
            faults.append(f"{table.path}:{row.line}: {span_fault(row.cells['starts'], row.cells['ends'])}")
            continue
        score = row.cells.get("pcall", "")
        note = row.cells.get("note", "")
        selections.append(Selection(row.line, row.cells["recording"], start_s, end_s, row.cells[VERDICT], note, score))
    return selections, faults


def offset_faults(table: Table) -> list[str]:
    """List the rows of a Raven table whose times may count from the start of another recording."""
    path = table.path
    names = {first(row.cells, (BEGIN_PATH, BEGIN_FILE)) for row in table.rows}
    without = [row for row in table.rows if not row.cells.get(FILE_OFFSET)]
    if not without or not any(names) or len(names) == 1 and is_named_after(path.name, *names):
        return []
    if len(names) == 1:
        return [
            f"{path}:{without[0].line}: is about {quoted(*names)}, the table is not named after it, and there is no "
            f"File Offset (s), so its times may count from the start of another recording; {REMEDY}, or correct the "
            "name of the table or of the recording"
        ]
    return [
        f"{path}:{row.line}: has no File Offset (s), which a table of several files needs; {REMEDY}" for row in without
    ]


def with_score(selection: Selection) -> Selection:
    """Divide the text of a label track into score and verdict."""
    text = selection.text.strip()
    match = TRACK_SCORE.match(text)
    score = match[0] if match else ""
    return selection._replace(text=text.removeprefix(score).strip(), score=score)


def with_point(selection: Selection) -> Selection:
    """Write the score of a selection with a decimal point if a spreadsheet has written a comma."""
    return selection._replace(score=selection.score.replace(",", "."))
