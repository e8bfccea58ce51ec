"""Find rows of tables that only ever grow, but that were changed or removed since a revision."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.held_out import HELD_OUT, read_held_out
from stages.lib.tables.reviews import REVIEWS, Review, read_reviews
from tools.lib.draws.runs_table import RUNS, read_runs
from tools.lib.wording import counted


def drawn_reviews(path: Path) -> list[Review]:
    """Return the windows that were drawn at random: the others can still be drawn."""
    return [review for review in read_reviews(path) if review.drawn]


# Each with what depends on its rows.
LASTING: dict[Path, tuple[Callable[[Path], Sequence[NamedTuple]], str]] = {
    HELD_OUT: (read_held_out, "figures before and after are not about the same clips"),
    RUNS: (read_runs, "the field report gives other figures"),
    REVIEWS: (drawn_reviews, "the field report gives other figures"),
}


def lost_rows(folder: Path) -> list[str]:
    """Return a remark for each table that has lost rows, or whose rows have changed, since a snapshot."""
    remarks = []
    for path, (read, consequence) in LASTING.items():
        try:
            lost = set(read(folder / path)) - set(read(path)) if (folder / path).exists() else ()
        except InputFaults:
            remarks.append(f"{path} cannot be read here or at the revision, so its rows are not compared.")
            continue
        if lost:
            remarks.append(
                f"**{path} has lost or changed {counted(len(lost), 'row')} of the revision**, so {consequence}. Its "
                "rows are for good: restore them from Git, unless the commits say why not."
            )
    return remarks
