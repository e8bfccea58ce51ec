"""Close a round of labelling, so that the next baseline learns from it: `python -m tools.next_round`.

Run it when the answers and the outputs of `dvc repro` are committed. Clips that the experts have settled go to
`labels/settled.csv`, which `split` reads: they move from the pool to the training part. Clips that nobody could decide
go to `labels/undecided.csv`, so they are not asked about again. `labels/rounds.csv` gets a row, and the queue is
emptied. All answers stay in `labels/expert.csv`.
"""

import json
from collections.abc import Collection, Mapping, Sequence

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from stages.lib.tables.answer_rules import read_answers
from stages.lib.tables.expert import COLUMNS as EXPERT_COLUMNS
from stages.lib.tables.expert import EXPERT, QUEUE, settle
from stages.lib.tables.pool import read_pool
from stages.lib.tables.settled import SETTLED, SettledClip, in_use, read_settled, write_settled
from stages.lib.tables.split import read_split
from stages.lib.tables.undecided import UNDECIDED, UndecidedClip, read_undecided, round_now, write_undecided
from tools.lib.clips.known_clips import clips_table, note_all_answered
from tools.lib.command_parser import command_parser
from tools.lib.review.accuracy_change import EVALUATION
from tools.lib.revisions import full_name, git_text
from tools.lib.rounds.earlier_round import asked_about, commit_of, decisions_at, decisions_of, scored_after
from tools.lib.rounds.rounds_table import ROUNDS, Round, describe_round, read_rounds, write_rounds
from tools.lib.rounds.stopping_advice import advice, agreement
from tools.lib.wording import counted


def settle_round(
    settled_before: Sequence[SettledClip], by_experts: Mapping[str, str | None], number: int
) -> tuple[list[SettledClip], list[SettledClip]]:
    """Return all settled clips at the end of a round, and the new ones among them.

    Parameters
    ----------
    settled_before : sequence of SettledClip
    by_experts : mapping
        From clip id to the experts' label, None if they disagree. A settled clip that they now disagree about is no
        longer settled.
    number : int
        The number of the round.
    """
    kept = [clip._replace(line=0) for clip in settled_before if by_experts.get(clip.clip_id) == clip.label]
    known = {clip.clip_id for clip in kept}
    new = [
        SettledClip(clip_id, label, number) for clip_id, label in by_experts.items() if label and clip_id not in known
    ]
    return kept + new, new


def still_undecided(
    before: Sequence[UndecidedClip], asked: Collection[str], by_experts: Mapping[str, str | None], number: int
) -> tuple[list[UndecidedClip], list[UndecidedClip]]:
    """Return all undecided clips at the end of a round, and the new ones among them.

    Parameters
    ----------
    before : sequence of UndecidedClip
        Clips that the experts have settled since are dropped.
    asked : collection of str
        Ids of the pool clips that this round asked about, as `asked_about` returns them. So a clip whose row was
        removed is added again only after it was asked about again.
    by_experts : mapping
        As for `settle_round`.
    number : int
        The number of the round.
    """
    kept = [clip for clip in before if by_experts.get(clip.clip_id) is None]
    known = {clip.clip_id for clip in kept}
    new = [
        UndecidedClip(clip_id, number)
        for clip_id in sorted(asked)
        if clip_id not in known and clip_id in by_experts and not by_experts[clip_id]
    ]
    return kept + new, new


def state_faults() -> list[str]:
    """List the reasons why the metrics do not belong to a commit."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    faults = [
        f"{name}: has uncommitted changes; commit them, so that the round can name its commit"
        for name in git_text("diff", "--name-only", "HEAD").splitlines()
    ]
    untracked = ("ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory", "--")
    faults += [
        f"{name}: is not in Git; run git add (dvc add for recordings) and commit it, so that the round can name its "
        "commit"
        for name in git_text(*untracked, str(clips_table().parent)).splitlines()
    ]
    try:
        with Repo() as repository:
            # Only this pipeline and its data set: `dvc repro` does not run the others.
            stale = [name.removeprefix("dvc.yaml:") for name in repository.status(targets=["dvc.yaml"], with_deps=True)]
    except DvcException as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        return [*faults, f"dvc: {reason}; run dvc repro, and if it fails for this reason, see docs/reproducibility.md"]
    if stale:
        faults.append(f"dvc.lock: {', '.join(stale)} not up to date; run dvc repro, and commit what it writes")
    return faults


def close_round(rounds: Sequence[Round]) -> tuple[Round, int, int]:
    """Write the tables of the next round; return the row of this round, its new undecided clips, and the clips left.

    Parameters
    ----------
    rounds : sequence of Round
        The rounds closed before.

    Returns
    -------
    closed : Round
    undecided : int
        How many clips nobody could tell in this round.
    left : int
        How many pool clips can still be asked about.
    """
    number = round_now()
    part_of = {clip.clip_id: clip.part for clip in read_split()}
    given, faults = read_answers(EXPERT, part_of)
    refuse(faults)
    answers = [answer for answer in given if part_of.get(answer.clip_id, "test") != "test"]
    by_experts = settle(answers)
    settled_before = read_settled()
    used = in_use(settled_before, part_of)
    settled, new = settle_round(used, by_experts, number)
    pool = read_pool()
    last = max(reversed(rounds), key=lambda one: int(one.round), default=None)
    last_commit = commit_of(last) if last else None
    asked = asked_about(pool, last_commit)
    undecided, new_undecided = still_undecided(read_undecided(), asked, by_experts, number)
    if not new and not new_undecided:
        raise InputFaults([f"{EXPERT}: settles no new clip; answer the clips of {QUEUE} first"])
    kappa = None
    if last and last_commit and not scored_after(last, last_commit):
        kappa = agreement(decisions_at(last_commit), decisions_of(pool))
    of_round = {clip.clip_id for clip in new} | {clip.clip_id for clip in new_undecided}
    annotators = [answer.annotator for answer in answers if answer.clip_id in of_round]
    closed = describe_round(number, new, annotators, kappa, full_name("HEAD"))
    note_all_answered()
    # Settled clips that are not in the split are kept.
    write_settled(SETTLED, [*settled, *(clip for clip in settled_before if clip not in used)])
    write_undecided(UNDECIDED, undecided)
    write_table(QUEUE, EXPERT_COLUMNS, [])
    write_rounds(ROUNDS, [*rounds, closed])
    done = {clip.clip_id for clip in settled} | {clip.clip_id for clip in undecided}
    return closed, len(new_undecided), sum(clip.clip_id not in done for clip in pool)


def main() -> None:
    """Close the round, and advise whether another is worth the experts' time."""
    command_parser(__doc__).parse_args()
    refuse(state_faults())
    closed, undecided, left = close_round(read_rounds())
    change = json.loads(EVALUATION.read_text(encoding="utf-8")).get("change")
    not_again = f" {counted(undecided, 'undecided clip')} will not be asked about again ({UNDECIDED})."
    print(
        f"Round {closed.round} is closed: {counted(int(closed.calls), 'call')} and "
        f"{counted(int(closed.nocalls), 'no-call')} settled."
        f"{not_again if undecided else ''}\n\n"
        f"{advice(closed, change, left)}\n\n"
        f"To begin the next round: git commit --all --message 'Close round {closed.round}', then dvc repro."
    )


if __name__ == "__main__":
    run(main)
