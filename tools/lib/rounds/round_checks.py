"""Compare the tables of closed rounds with the commits and the answers that they come from."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from stages.lib.cards.field_results import FIELD
from stages.lib.cards.markdown import code
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.expert import EXPERT, answers_of, read_rows, settle
from stages.lib.tables.settled import SETTLED, read_settled
from stages.lib.tables.undecided import UNDECIDED, read_undecided
from tools.lib.revisions import SHORT, full_name, git_text, snapshot
from tools.lib.rounds.earlier_round import closing_commit, is_there
from tools.lib.rounds.rounds_table import METRICS, ROUNDS, Round, figures, outcome, read_rounds

A_DAY = timedelta(days=1)  # People in two time zones may differ by one.


def rounds_remarks(rounds: Iterable[Round]) -> list[str]:
    """List the cells of closed rounds that differ from what their commits give, and the rounds without these.

    Only the commit that a row names counts: after a squash merge, the metrics may be those of a later round.
    """
    remarks = []
    for closed in rounds:
        try:
            given = by_commits(closed)
        except (InputFaults, OSError, ValueError, LookupError, TypeError, AttributeError):
            remarks.append(
                f"{ROUNDS}: the figures of round {closed.round} were not checked, because this clone lacks the metrics "
                f"of its commit {code(closed.commit)}"
            )
            continue
        remarks += [
            f"{ROUNDS}: round {closed.round} has {name} {code(getattr(closed, name))}, but its commit "
            f"{code(closed.commit[:SHORT])} and the one that closed it give {code(cell) or 'none'}; write that"
            for name, cell in given.items()
            if not same_figure(getattr(closed, name), cell)
        ]
    return remarks


def by_commits(closed: Round) -> dict[str, str]:
    """Return the cells of a round as Git has them: from the commit that it names, and from the one that closed it."""
    with snapshot(full_name(closed.commit), [*METRICS, FIELD, EXPERT]) as folder:
        given, answers = figures(folder), answers_of(read_rows(folder / EXPERT)[0])
    closing = closing_commit(closed)
    if not closing:
        return given
    with snapshot(f"{closing}^", [ROUNDS]) as folder:
        # A row is new in the commit that closes its round.
        same = [one for one in rounds_in(folder) if one.round == closed.round]
        before = [one.commit for one in same if is_there(one.commit)]
    given["commit"] = (before or [closed.commit])[0]
    with snapshot(closing, [ROUNDS, SETTLED, UNDECIDED]) as folder:
        rows = rounds_in(folder)
        if max(int(one.round) for one in rows) > int(closed.round):
            return given  # A squash merge, whose tables are those of a later round.
        settled = [clip for clip in read_settled(folder / SETTLED) if clip.round == int(closed.round)]
        # Earlier versions had no such table.
        unsure = read_undecided(folder / UNDECIDED) if (folder / UNDECIDED).exists() else []
        undecided = {clip.clip_id for clip in unsure if clip.round == int(closed.round)}
        (row,) = (one for one in rows if one.round == closed.round)
    clip_ids = undecided | {clip.clip_id for clip in settled}
    annotators = [answer.annotator for answer in answers if answer.clip_id in clip_ids]
    first, last = (git_text("show", "--no-patch", "--format=%cs", name).strip() for name in (closed.commit, closing))
    day = row.date if is_between(row.date, first, last) else last
    return given | outcome(settled, annotators) | {"date": day, "agreement": row.agreement}


def rounds_in(folder: Path) -> list[Round]:
    """Return the rounds in a snapshot, which may lack the table."""
    path = folder / ROUNDS
    return read_rounds(path) if path.exists() else []


def is_between(day: str, first: str, last: str) -> bool:
    """Tell whether a text is a date, and not earlier or later than two others."""
    try:
        return date.fromisoformat(first) - A_DAY <= date.fromisoformat(day) <= date.fromisoformat(last) + A_DAY
    except ValueError:
        return False


def decided_remarks() -> list[str]:
    """List the clips that are settled or undecided although the answers now decide otherwise."""
    by_experts = settle(answers_of(read_rows(EXPERT)[0]))
    of_undecided = [
        f"{UNDECIDED}: {code(clip.clip_id)} stays out of the queue as undecided, but "
        + (
            f"the answers in {EXPERT} give {code(by_experts[clip.clip_id] or '')}; the next round removes it"
            if clip.clip_id in by_experts
            else f"has no answer in {EXPERT}; remove the row"
        )
        for clip in read_undecided()
        if by_experts.get(clip.clip_id, "") is not None
    ]
    return of_undecided + [
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
