"""What becomes of answers that are merged into labels/expert.csv."""

from collections.abc import Mapping
from pathlib import Path

from stages.lib.runtime.table import Row
from tools.lib.wording import counted

ADDED, CHANGED, SAME, OLDER = "added", "changed", "unchanged", "older than the present answer, so not taken"
Key = tuple[str, str]  # Of an answer: clip and annotator.


def key_of(row: Row) -> Key:
    """Return the clip and the annotator of an answer."""
    return row.cells["clip_id"], row.cells["annotator"]


def outcomes_line(path: Path, outcomes: Mapping[str, int], not_filled_in: int, details: str) -> str:
    """Say in one line what became of the answers.

    Parameters
    ----------
    path : Path
        The table.
    outcomes : mapping
        The number of answers by outcome.
    not_filled_in : int
        The number of rows without an answer.
    details : str
        What the answers say, or who gave them; may be empty.
    """
    said = [f"{counted(outcomes.get(ADDED, 0), 'answer')} added"]
    said += [f"{outcomes[what]} {what}" for what in (CHANGED, SAME, OLDER) if outcomes.get(what)]
    said += [f"{not_filled_in} not filled in"] if not_filled_in else []
    return f"{path}: {', '.join(said)}" + (f" ({details})" if details else "")
