"""Compare two states of labels/expert.csv."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from stages.lib.cards.markdown import code, table
from stages.lib.runtime.table import Row
from stages.lib.tables.expert import LABELS, respelt, spellings
from tools.lib.answers.answer_merging import key_of

ADDED, CHANGED, REMOVED, REWORDED = "added", "changed", "removed", "date or note only"
KINDS = (ADDED, CHANGED, REMOVED, REWORDED)


class Change(NamedTuple):
    """A change of one annotator's answer for one clip.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    clip_id, annotator : str
    before, after : str
        The labels; empty if there is none.
    note : str
        The current note.
    """

    kind: str
    clip_id: str
    annotator: str
    before: str
    after: str
    note: str


def label_changes(before: Sequence[Row], after: Sequence[Row]) -> list[Change]:
    """List the changes, sorted by clip and annotator."""
    names = spellings([*after, *before])
    old, new = ({key_of(row): row.cells for row in respelt(rows, names)} for rows in (before, after))
    changes = []
    for key in sorted(old | new):
        cells_before, cells_after = old.get(key, {}), new.get(key, {})
        if cells_before != cells_after:
            labels = cells_before.get("label", ""), cells_after.get("label", "")
            changes.append(Change(kind_of(*labels), *key, *labels, cells_after.get("note", "")))
    return changes


def kind_of(before: str, after: str) -> str:
    """Return the kind of a change."""
    if not before:
        return ADDED
    if not after:
        return REMOVED
    return REWORDED if before == after else CHANGED


def headline(changes: Sequence[Change], disputed: int) -> str:
    """Summarise the changes in a few words, such as `labels: +12 (7 call, 5 nocall), 2 disputed`."""
    counts = Counter(change.kind for change in changes)
    classes = Counter(change.after for change in changes if change.kind == ADDED)
    added = ", ".join(f"{classes[label]} {label}" for label in LABELS if classes[label])
    said = [f"+{counts[ADDED]} ({added})"] if added else []
    said += [f"{counts[kind]} {kind}" for kind in (CHANGED, REMOVED) if counts[kind]]
    said = said or ["no change"]
    return f"labels: {', '.join(said)}" + (f", {disputed} disputed" if disputed else "")


def change_tables(changes: Sequence[Change]) -> list[str]:
    """Return the counts by annotator and class, and a list of the changed and removed answers."""
    if not changes:
        return ["No answer was added, changed or removed."]
    # A removed answer is counted under its former label.
    counts = Counter((change.annotator, change.kind, change.after or change.before) for change in changes)
    kinds = sorted({(annotator, KINDS.index(kind)) for annotator, kind, _ in counts})
    lines = table(
        ("annotator", "answers", *LABELS),
        (
            (code(annotator), KINDS[kind], *(str(counts[annotator, KINDS[kind], label]) for label in LABELS))
            for annotator, kind in kinds
        ),
    )
    undone = [change for change in changes if change.kind in (CHANGED, REMOVED)]
    if undone:
        rows = (
            (
                code(change.clip_id),
                code(change.annotator),
                code(change.before),
                code(change.after) or REMOVED,
                code(change.note),
            )
            for change in undone
        )
        lines += ["", *table(("clip", "annotator", "before", "now", "note"), rows)]
    return lines
