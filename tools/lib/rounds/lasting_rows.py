"""Find rows of tables that only ever grow, but that were changed or removed since a revision."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.expert import EXPERT, answers_of, read_rows, settle
from stages.lib.tables.held_out import HELD_OUT, HeldOutClip, read_held_out
from stages.lib.tables.reviews import REVIEWS, Review, read_reviews
from stages.lib.tables.settled import SETTLED, SettledClip, read_settled
from tools.lib.draws.runs_table import RUNS, read_runs
from tools.lib.rounds.rounds_table import ROUNDS, read_rounds


def draws(path: Path) -> Iterable[frozenset[HeldOutClip]]:
    """Return the clips that each data set holds out: no other clip joins them."""
    by_dataset = defaultdict(set)
    for clip in read_held_out(path):
        by_dataset[clip.dataset].add(clip)
    return map(frozenset, by_dataset.values())


def drawn_reviews(path: Path) -> list[Review]:
    """Return the windows that were drawn at random: the others can still be drawn."""
    return [review for review in read_reviews(path) if review.drawn]


def rightly_settled(path: Path) -> list[SettledClip]:
    """Return the settled clips on whose label the experts still agree: the next round replaces the others."""
    by_experts = settle(answers_of(read_rows(EXPERT)[0]))
    return [clip._replace(line=0) for clip in read_settled(path) if by_experts.get(clip.clip_id) == clip.label]


# Each with what depends on its rows.
LASTING: dict[Path, tuple[Callable[[Path], Iterable[Hashable]], str]] = {
    HELD_OUT: (draws, "figures before and after are not about the same clips"),
    ROUNDS: (read_rounds, "figures of closed rounds are lost"),
    SETTLED: (rightly_settled, "the baseline learns from other labels than the experts have settled"),
    RUNS: (read_runs, "the field report gives other figures"),
    REVIEWS: (drawn_reviews, "the field report gives other figures"),
}


def lost_rows(folder: Path) -> list[str]:
    """Return a remark for each table that has lost rows, or whose rows have changed, since a snapshot."""
    remarks = []
    for path, (read, consequence) in LASTING.items():
        try:
            lost = (folder / path).exists() and set(read(folder / path)) - set(read(path))
        except InputFaults:
            remarks.append(f"{path} cannot be read here or at the revision, so its rows are not compared.")
            continue
        if lost:
            remarks.append(
                f"**{path} differs from the revision in rows that are for good**, so {consequence}. Restore them from "
                "Git, unless the commits say why not."
            )
    return remarks
