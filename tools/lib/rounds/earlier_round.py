"""The state of a closed round, from Git and DVC: its commit, the answers given then, and the scores of the pool."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from stages.lib.tables.expert import EXPERT, cells_of, read_rows
from stages.lib.tables.pool import POOL_SCORES, PoolClip, read_pool
from tools.lib.review.accuracy_change import LOCK, holds_digest
from tools.lib.revisions import git, git_text, snapshot
from tools.lib.rounds.rounds_table import ROUNDS, Round


def commit_of(closed: Round) -> str:
    """Return the commit of a closed round; after a squash merge, the one that brought its row."""
    return closed.commit if is_there(closed.commit) else closing_commit(closed)


def is_there(commit: str) -> bool:
    """Tell whether this clone has a commit."""
    return git("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0


def closing_commit(closed: Round) -> str:
    """Return the commit that brought the row of a closed round; empty if none did."""
    brought = git_text("log", "--reverse", "--format=%H", f"-S{closed.commit}", "--", str(ROUNDS))
    return brought.partition("\n")[0]


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
    return closed.commit.encode() in rounds and holds_digest(lock, rounds)


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
