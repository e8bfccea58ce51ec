"""Check labels/expert.csv by the rules of merge_labels: `python -m tools.check_labels`.

Run it after editing the table by hand. A clone is enough: if DVC's outputs are missing, it says what it could not
check.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import Row
from stages.lib.tables.answer_rules import rule_faults
from stages.lib.tables.answered import ELSEWHERE
from stages.lib.tables.expert import EXPERT, Answer, answers_of, clip_ids_of, distinct, read_rows, settle, write_rows
from tools.lib.clips.known_clips import note, parts_as_far_as_known, settled_clip_ids, with_clips_ever
from tools.lib.command_parser import command_parser
from tools.lib.wording import counted


def summary(answers: Sequence[Answer]) -> str:
    """Summarise the answers in one line."""
    annotators = counted(len({answer.annotator for answer in answers}), "annotator")
    settled = list(settle(answers).values())
    disputed = settled.count(None)
    return (
        f"{EXPERT}: {counted(len(answers), 'answer')} by {annotators}, "
        f"{counted(len(settled) - disputed, 'clip')} settled, {disputed} disputed"
    )


def is_canonical(path: Path, rows: Sequence[Row]) -> bool:
    """Tell whether a file equals, byte for byte, the canonical form of its rows."""
    with TemporaryDirectory() as folder:
        canonical = Path(folder) / path.name
        write_rows(canonical, rows)
        return canonical.read_bytes() == path.read_bytes()


def check_labels(fix: bool) -> list[str]:
    """Refuse all faults at once, or return the lines to print.

    Parameters
    ----------
    fix : bool
        Whether to write the table in canonical form, without repeated rows, and to note the clips of other data sets
        in labels/answered.csv. A table with any other fault is not changed, so that people can correct it.
    """
    rows, faults = read_rows(EXPERT)
    clip_ids = clip_ids_of(rows) | settled_clip_ids()
    part_of, unchecked = parts_as_far_as_known(clip_ids)
    if fix:
        part_of = with_clips_ever(part_of, clip_ids)
    kept = distinct(rows) if fix else rows
    refuse(faults + rule_faults(EXPERT, kept, part_of))

    said = [summary(answers_of(kept))]
    if not is_canonical(EXPERT, kept):
        if fix:
            write_rows(EXPERT, kept)
        said.append("put into canonical form" if fix else "not in canonical form; --fix restores it")
    if len(kept) < len(rows):
        said.append(f"{counted(len(rows) - len(kept), 'repeated row')} removed")
    noted = note(part_of, {clip_id for clip_id in clip_ids if part_of.get(clip_id) == ELSEWHERE}) if fix else []
    return ["; ".join(said), *noted, *([f"{EXPERT}: {unchecked}; run dvc pull"] if unchecked else [])]


def main() -> None:
    """Check the table."""
    parser = command_parser(__doc__)
    fix = "sort rows, remove repeated rows, and note clips of other data sets"
    parser.add_argument("--fix", action="store_true", help=fix)
    print(*check_labels(parser.parse_args().fix), sep="\n")


if __name__ == "__main__":
    run(main)
