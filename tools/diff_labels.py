"""Report the changes in labels/expert.csv for a reviewer, in Markdown: `python -m tools.diff_labels BASE`.

Run it before merging answers. The first line is a summary.
Example: `python -m tools.diff_labels origin/main --sheet sheet.png`.
"""

from collections.abc import Sequence
from pathlib import Path

from stages.lib.cards.markdown import code, table
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import Row
from stages.lib.tables.answer_rules import rule_faults
from stages.lib.tables.clips import read_clips
from stages.lib.tables.expert import EXPERT, LABELS, Answer, answers_of, clip_ids_of, read_rows, settle
from stages.lib.tables.pool import POOL_SCORES, read_pool
from tools.lib.clips.known_clips import clips_table, parts_as_far_as_known
from tools.lib.command_parser import command_parser, output_file
from tools.lib.review.accuracy_change import CONFUSION, EVALUATION, LOCK, accuracy_change
from tools.lib.review.agreement import agreement_table
from tools.lib.review.label_changes import Change, change_tables, headline, label_changes
from tools.lib.review.label_contradictions import Evidence, answers_text, by_clip, contradiction_table, score_text
from tools.lib.revisions import SHORT, full_name, git, git_text, snapshot
from tools.lib.rounds.lasting_rows import LASTING, lost_rows
from tools.lib.wording import counted


def current_rows() -> tuple[list[Row], list[str]]:
    """Return the current rows, which must have no faults, and a remark on what could not be checked."""
    rows, faults = read_rows(EXPERT)
    part_of, unchecked = parts_as_far_as_known(clip_ids_of(rows))
    refuse(faults + rule_faults(EXPERT, rows, part_of))
    return rows, [f"{unchecked[0].upper()}{unchecked[1:]}."] if unchecked else []


def rows_before(folder: Path) -> tuple[list[Row], list[str]]:
    """Return the valid rows of a snapshot, and a remark on the others."""
    path = folder / EXPERT
    if not path.exists():
        return [], [f"{EXPERT} is not in the revision, so every answer counts as added."]
    rows, faults = read_rows(path)
    answers = [row for row in rows if row.cells["label"] in LABELS and row.cells["clip_id"] and row.cells["annotator"]]
    left_out = len(faults) + len(rows) - len(answers)
    return answers, [f"{left_out} faulty rows or lines of {EXPERT} at the revision are left out."] if left_out else []


def read_evidence(answers: Sequence[Answer]) -> tuple[Evidence, list[str]]:
    """Return other information about the clips, and a remark on each missing table."""
    clips = clips_table()  # Not the split, which includes the clips that experts settled in earlier rounds.
    missing = [path for path in (POOL_SCORES, clips) if not path.exists()]
    scores = {} if POOL_SCORES in missing else {clip.clip_id: clip for clip in read_pool()}
    truth = {} if clips in missing else {clip.clip_id: clip.label for clip in read_clips(clips)}
    remarks = [f"{path} is missing, so nothing is compared with it; run `dvc pull`." for path in missing]
    return Evidence(scores, truth, by_clip(answers)), remarks


def not_merged(base: str) -> list[str]:
    """Return a remark if the revision has commits of answers that the current one lacks, which look like removals."""
    missing = int(git_text("rev-list", "--count", f"HEAD..{full_name(base)}", "--", str(EXPERT)))
    if not missing:
        return []
    parting = git("merge-base", "HEAD", full_name(base)).stdout.decode()[:SHORT] or "an earlier commit"
    return [
        f"This branch lacks {counted(missing, 'commit')} of {code(base)} that changed {EXPERT}, so its answers appear "
        f"as removed. Merge {code(base)}, or compare with {parting}, where the two part."
    ]


def disputed_table(evidence: Evidence, disputed: Sequence[str]) -> list[str]:
    """Return the clips on which the experts disagree, with all their answers."""
    rows = (
        (code(clip_id), answers_text(evidence.answers[clip_id]), score_text(evidence.scores.get(clip_id)))
        for clip_id in disputed
    )
    return table(("clip", "answers", "model's p_call"), rows) if disputed else ["None."]


def review(base: str, folder: Path) -> tuple[list[str], list[Change], Evidence]:
    """Return the report as lines, with the changes and the evidence behind it.

    Parameters
    ----------
    base : str
        The name of the revision.
    folder : Path
        Its snapshot.
    """
    rows, remarks = current_rows()
    before, of_before = rows_before(folder)
    changes = label_changes(before, rows)
    answers = answers_of(rows)
    evidence, of_evidence = read_evidence(answers)
    disputed = sorted(clip_id for clip_id, label in settle(answers).items() if label is None)
    accuracy = accuracy_change(folder, Path())
    sections = {
        f"Changes since {code(base)}": change_tables(changes),
        "Contradictions": contradiction_table(changes, evidence),
        "Disputed clips": disputed_table(evidence, disputed),
        "Agreement so far": agreement_table(answers),
        "Gain from the labels": accuracy.lines,
    }
    lines = [f"{headline(changes, len(disputed))}; {accuracy.headline}"]
    for remark in (*remarks, *of_before, *of_evidence, *not_merged(base), *lost_rows(folder)):
        lines += ["", remark]
    for title, body in sections.items():
        lines += ["", f"## {title}", "", *body]
    return lines, changes, evidence


def main() -> None:
    """Print the report, and draw the sheet."""
    parser = command_parser(__doc__)
    parser.add_argument("base", metavar="BASE", help="a Git revision, such as HEAD~1 or origin/main")
    parser.add_argument("--sheet", type=output_file, metavar="FILE.png", help="draw the changed clips to this file")
    options = parser.parse_args()
    if options.sheet and options.sheet.suffix != ".png":
        raise InputFaults([f"--sheet {options.sheet}: name a file that ends in .png"])
    with snapshot(full_name(options.base), (EXPERT, LOCK, CONFUSION, EVALUATION, *LASTING)) as folder:
        lines, changes, evidence = review(options.base, folder)
    if options.sheet:
        from tools.lib.review.contact_sheet import draw_changes  # This import takes seconds.

        lines += ["", "## Spectrograms", "", *draw_changes(options.sheet, changes, evidence)]
    print(*lines, sep="\n")


if __name__ == "__main__":
    run(main)
