"""Read experts' answers from files: tables exported from the label page, and selections from sound editors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.table import Row
from stages.lib.tables.answer_rules import rule_faults
from stages.lib.tables.expert import clip_ids_of, distinct, read_rows
from tools.lib.answers.signature import Signature
from tools.lib.clips.known_clips import with_clips_ever
from tools.lib.clips.queue_windows import Window, read_queue_windows, windows_ever_queued
from tools.lib.detection.window_id import is_window_id
from tools.lib.formats.audacity_track import is_track, parse_track
from tools.lib.formats.raven_table import is_raven, parse_raven
from tools.lib.formats.selections import is_filled_in, rows_of
from tools.lib.formats.text_lines import content_fault, lines_of

UNREADABLE = "\ufffd"  # Stands for bytes that are not UTF-8.


class AnswerFile(NamedTuple):
    """The contents of a file.

    Attributes
    ----------
    path : Path
    rows : list of Row
        As in labels/expert.csv.
    passed_over : int
        The number of rows and selections that are not filled in.
    faults : list of str
    """

    path: Path
    rows: list[Row]
    passed_over: int
    faults: list[str]


def read_answer_files(paths: Sequence[Path], part_of: Mapping[str, str], signature: Signature) -> list[AnswerFile]:
    """Read files in any known format, recognised by their content.

    Parameters
    ----------
    paths : sequence of Path
    part_of : mapping
        From clip id to part.
    signature : Signature
    """
    lines_of = {path: selection_lines(path) for path in paths}
    windows = read_queue_windows() if any(lines_of.values()) else []
    ever = windows_ever_queued() if any(lines_of.values()) else []
    return [
        read_selections(path, lines, windows, part_of, signature, ever=ever) if lines else read_table(path, part_of)
        for path, lines in lines_of.items()
    ]


def selection_lines(path: Path) -> list[str]:
    """Return the lines of a label track or selection table, at least one; empty for any other file."""
    if not path.is_file():
        return []
    content = path.read_bytes()
    if content_fault(content):
        return []
    lines = lines_of(content)
    return lines if is_raven(lines) or is_track(path, lines) else []


def read_table(path: Path, part_of: Mapping[str, str]) -> AnswerFile:
    """Read a table with the columns of labels/expert.csv; answers may be repeated or missing."""
    if path.is_dir():
        return AnswerFile(path, [], 0, [f"{path}: is a folder; name the files in it"])
    fault = content_fault(remembered(path).read_bytes()) if path.is_file() else None
    if fault:
        return AnswerFile(path, [], 0, [f"{path}:{fault}"])
    rows, faults = read_rows(path)
    answered = [row for row in rows if row.cells["label"]]
    of_review = [row for row in answered if is_window_id(row.cells["clip_id"]) and row.cells["clip_id"] not in part_of]
    if of_review:
        remedy = "hand in the whole file with python -m tools.add_reviews"
        line = f"{path}:{of_review[0].line}: is about a window of a detector run, not about a clip; {remedy}"
        return AnswerFile(path, [], 0, [line])
    known = with_clips_ever(part_of, clip_ids_of(answered))
    faults += rule_faults(path, distinct(answered), known)
    return AnswerFile(path, answered, len(rows) - len(answered), faults)


def read_selections(
    path: Path,
    lines: Sequence[str],
    windows: Sequence[Window],
    part_of: Mapping[str, str],
    signature: Signature,
    *,
    ever: Sequence[Sequence[Window]],
) -> AnswerFile:
    """Read an Audacity label track or a Raven selection table; windows as for `rows_of`."""
    faults = [
        f"{path}:{number}: not UTF-8 text; save the file as UTF-8"
        for number, line in enumerate(lines, start=1)
        if UNREADABLE in line
    ]
    selections, of_form = parse_raven(path, lines) if is_raven(lines) else parse_track(path, lines)
    filled_in = [selection for selection in selections if is_filled_in(selection)]
    if filled_in and signature.annotator is None:
        faults.append(f"{path}: selections do not say who made them; add --annotator NAME")
    annotator = signature.annotator or "?"
    rows, of_selections = rows_of(path, filled_in, windows, annotator, signature.day, ever=ever)
    known = with_clips_ever(part_of, clip_ids_of(rows))
    faults += of_form + of_selections + rule_faults(path, rows, known)
    return AnswerFile(path, rows, len(selections) - len(filled_in), faults)
