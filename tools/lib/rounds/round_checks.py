"""Compare the tables of closed rounds with the commits and the answers that they come from."""

from collections.abc import Iterable

from stages.lib.cards.field_results import FIELD
from stages.lib.cards.markdown import code
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.expert import EXPERT, answers_of, read_rows, settle
from stages.lib.tables.settled import SETTLED, read_settled
from tools.lib.revisions import full_name, snapshot
from tools.lib.rounds.rounds_table import METRICS, ROUNDS, Round, figures

SHORT = 7  # Digits of a commit.


def figures_remarks(rounds: Iterable[Round]) -> list[str]:
    """List the figures of closed rounds that differ from the metrics at their commits, and the rounds without these.

    Only the commit that a row names counts: after a squash merge, the metrics may be those of a later round.
    """
    remarks = []
    for closed in rounds:
        try:
            with snapshot(full_name(closed.commit), [*METRICS, FIELD]) as folder:
                measured = figures(folder)
        except (InputFaults, OSError, ValueError, LookupError, TypeError, AttributeError):
            remarks.append(
                f"{ROUNDS}: the figures of round {closed.round} were not checked, because this clone lacks the metrics "
                f"of its commit {code(closed.commit)}"
            )
            continue
        remarks += [
            f"{ROUNDS}: round {closed.round} has {name} {code(getattr(closed, name))}, but the metrics at its commit "
            f"{code(closed.commit[:SHORT])} give {code(cell) or 'none'}; write that"
            for name, cell in measured.items()
            if not same_figure(getattr(closed, name), cell)
        ]
    return remarks


def settled_remarks() -> list[str]:
    """List the settled clips whose label is not what the answers decide now."""
    by_experts = settle(answers_of(read_rows(EXPERT)[0]))
    return [
        f"{SETTLED}:{clip.line}: {code(clip.clip_id)} is settled as {code(clip.label)}, but the answers in {EXPERT} "
        f"give {code(by_experts.get(clip.clip_id) or '') or 'no label'}; undo the row if it was changed by hand; if "
        "answers have changed since, the next round settles the clip again"
        for clip in read_settled()
        if by_experts.get(clip.clip_id) != clip.label
    ]


def same_figure(one: str, other: str) -> bool:
    """Tell whether two cells hold the same text or number: spreadsheets write 1.0 as 1."""
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False
