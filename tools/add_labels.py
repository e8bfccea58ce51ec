"""Merge experts' answers into labels/expert.csv: `python -m tools.add_labels FILE...`.

A FILE is a table with the columns of labels/queue.csv, such as the CSV of the label page, an Audacity label track or a
Raven selection table. Example: `python -m tools.add_labels expert-val-2026-11-22.csv`.
"""

from collections.abc import Sequence
from pathlib import Path

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from stages.lib.tables.answer_rules import rule_faults
from stages.lib.tables.answered import ELSEWHERE
from stages.lib.tables.expert import EXPERT, clip_ids_of, read_rows, respelt, spellings, write_rows
from tools.lib.answers.answer_files import read_answer_files
from tools.lib.answers.answer_merging import OLDER, GivenAnswer, contradictions, merge, outcomes_line
from tools.lib.answers.signature import Signature, add_signature, signature_faults, signature_of
from tools.lib.clips.known_clips import note, parts, with_clips_ever
from tools.lib.command_parser import command_parser


def add_labels(paths: Sequence[Path], signature: Signature) -> list[str]:
    """Merge files into labels/expert.csv, or refuse all faults at once; return the lines to print."""
    part_of = parts()
    present, faults = read_rows(EXPERT)
    faults += rule_faults(EXPERT, present, with_clips_ever(part_of, clip_ids_of(present)))
    files = read_answer_files(paths, part_of, signature)
    names = spellings([*present, *(row for file in files for row in file.rows)])
    given = [
        GivenAnswer(row, f"{file.path}:{row.line}", row.cells["clip_id"])
        for file in files
        for row in respelt(file.rows, names)
    ]
    refuse([*faults, *(fault for file in files for fault in file.faults)])
    refuse(contradictions(given))

    rows, outcomes = merge(present, given)
    write_rows(EXPERT, rows)
    known = with_clips_ever(part_of, clip_ids_of(rows))
    noted = note(known, {clip_id for clip_id in clip_ids_of(rows) if known[clip_id] == ELSEWHERE})
    older = [f"{answer.place}: {what}" for what, answer in outcomes if what == OLDER]
    passed_over = sum(file.passed_over for file in files)
    return [outcomes_line(EXPERT, outcomes, passed_over, "annotator"), *noted, *older]


def main() -> None:
    """Add the answers in the given files."""
    parser = command_parser(__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="answers of an expert")
    add_signature(parser)
    options = parser.parse_args()
    signature = signature_of(options)
    refuse(signature_faults(signature))
    print(*add_labels(options.files, signature), sep="\n")


if __name__ == "__main__":
    run(main)
