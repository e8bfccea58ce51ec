"""The state of a closed round, from Git and DVC: its commit, its metrics, the answers given then, the pool's scores."""

import tempfile
from collections.abc import Iterable, Sequence
from hashlib import md5
from pathlib import Path

from stages.lib.cards.field_results import FIELD
from stages.lib.cards.markdown import code
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.expert import EXPERT, answers_of, cells_of, read_rows, settle
from stages.lib.tables.pool import POOL_SCORES, PoolClip, read_pool
from stages.lib.tables.settled import SETTLED, read_settled
from tools.lib.review.accuracy_change import LOCK
from tools.lib.revisions import full_name, git, git_text, snapshot
from tools.lib.rounds.rounds_table import METRICS, ROUNDS, Round, figures

SHORT = 7  # Digits of a commit.


def commit_of(closed: Round) -> str:
    """Return the commit of a closed round; after a squash merge, the one that brought its row."""
    if git("cat-file", "-e", f"{closed.commit}^{{commit}}").returncode == 0:
        return closed.commit
    brought = git_text("log", "--reverse", "--format=%H", f"-S{closed.commit}", "--", str(ROUNDS))
    return brought.partition("\n")[0]


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
        present = closed._asdict()
        remarks += [
            f"{ROUNDS}: round {closed.round} has {name} {code(present[name])}, but the metrics at its commit "
            f"{code(closed.commit[:SHORT])} give {code(cell) or 'none'}; write that"
            for name, cell in measured.items()
            if not same_figure(present[name], cell)
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


def asked_about(pool: Sequence[PoolClip], last_commit: str | None) -> set[str]:
    """Return the pool clips in the queue, and those answered since the commit of the last round.

    The queue alone would miss answers to an earlier queue of the same round, which other params have replaced since.
    """
    answered = {cells_of(row) for row in read_rows(EXPERT)[0]}
    if last_commit:
        with snapshot(last_commit, [EXPERT]) as folder:
            then = folder / EXPERT
            answered -= {cells_of(row) for row in read_rows(then)[0]} if then.exists() else set()
    clip_ids = {clip_id for clip_id, *_ in answered}
    return {clip.clip_id for clip in pool if clip.queued or clip.clip_id in clip_ids}


def scored_after(closed: Round, commit: str) -> bool:
    """Tell whether the scores at a commit are of a later round, for example because a squash merge has begun one.

    Only `score_pool` reads the rounds, and dvc.lock holds the digest of what it read.
    """
    rounds, lock = (git("show", f"{commit}:./{path}").stdout for path in (ROUNDS, LOCK))
    return closed.commit.encode() in rounds and md5(rounds, usedforsecurity=False).hexdigest().encode() in lock


def decisions_of(pool: Sequence[PoolClip]) -> dict[str, str]:
    """Return the baseline's decision for each pool clip."""
    return {clip.clip_id: clip.decision for clip in pool}


def decisions_at(commit: str) -> dict[str, str]:
    """Return the decisions of the baseline at another commit; empty if DVC no longer has its scores."""
    import dvc.api
    from dvc.exceptions import DvcException

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / POOL_SCORES.name
        try:
            path.write_text(dvc.api.read(str(POOL_SCORES), rev=commit), encoding="utf-8")
        except (DvcException, OSError):
            return {}
        return decisions_of(read_pool(path))
