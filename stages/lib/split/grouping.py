"""Choosing whole groups of clips that hold exact numbers of calls and no-calls."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Largest table of `exact_sum`, in cells: a few megabytes, and a second or two of work.
MOST_CELLS = 1_000_000


class Group(NamedTuple):
    """The clips of one recording or site, which must stay on one side of a split.

    Attributes
    ----------
    name : str
    calls, nocalls, unlabelled : tuple of str
        Clip ids by label.
    """

    name: str
    calls: tuple[str, ...]
    nocalls: tuple[str, ...]
    unlabelled: tuple[str, ...]


def choose_groups(groups: Sequence[Group], calls: int, nocalls: int) -> list[Group]:
    """Choose groups that hold exactly the requested calls and no-calls, or a little more.

    Parameters
    ----------
    groups : sequence of Group
        Earlier ones are preferred, so that a shuffled sequence gives a random choice.
    calls, nocalls : int
        Required number of each.

    Returns
    -------
    list of Group
        With at least that many calls and no-calls, and exactly that many if whole groups allow it;
        every useful group if all of them do not suffice.
    """
    labelled = [group for group in groups if group.calls or group.nocalls]
    chosen = first_fit(labelled, calls, nocalls)
    calls_left = calls - sum(len(group.calls) for group in chosen)
    nocalls_left = nocalls - sum(len(group.nocalls) for group in chosen)
    taken = {group.name for group in chosen}
    rest = [group for group in labelled if group.name not in taken]
    if calls_left > sum(len(group.calls) for group in rest) or nocalls_left > sum(len(group.nocalls) for group in rest):
        return chosen + covering(rest, calls_left, nocalls_left)
    last = exact_sum(rest, calls_left, nocalls_left)
    if last is not None:
        return chosen + last
    # The groups taken first may rule out an exact sum.
    afresh = exact_sum(labelled, calls, nocalls) if (calls + 1) * (nocalls + 1) <= MOST_CELLS else None
    return afresh if afresh is not None else chosen + covering(rest, calls_left, nocalls_left)


def first_fit(groups: Sequence[Group], calls: int, nocalls: int) -> list[Group]:
    """Take groups in order while many clips are missing, and leave the rest to `exact_sum`."""
    largest = max((len(group.calls) + len(group.nocalls) for group in groups), default=0)
    plenty = min(4 * largest, int(MOST_CELLS**0.5))
    chosen = []
    for group in groups:
        if calls + nocalls <= plenty:
            break
        if len(group.calls) <= calls and len(group.nocalls) <= nocalls:
            chosen.append(group)
            calls -= len(group.calls)
            nocalls -= len(group.nocalls)
    return chosen


def exact_sum(groups: Sequence[Group], calls: int, nocalls: int) -> list[Group] | None:
    """Find groups whose calls and no-calls add up exactly: the subset-sum problem in two dimensions.

    Returns
    -------
    list of Group or None
        None if no subset does.
    """
    # reached_by[c, n] is the first group with which c calls and n no-calls can be reached. So the way back from there
    # uses earlier groups only, each of them once.
    unreached = len(groups)
    reached_by = np.full((calls + 1, nocalls + 1), unreached)
    reached_by[0, 0] = -1
    for position, group in enumerate(groups):
        if reached_by[calls, nocalls] != unreached:
            break
        c, n = len(group.calls), len(group.nocalls)
        if c > calls or n > nocalls:
            continue
        reachable = reached_by[: calls + 1 - c, : nocalls + 1 - n] < position
        target = reached_by[c:, n:]
        target[reachable & (target == unreached)] = position
    if reached_by[calls, nocalls] == unreached:
        return None
    chosen = []
    while (position := reached_by[calls, nocalls]) >= 0:
        chosen.append(groups[position])
        calls -= len(groups[position].calls)
        nocalls -= len(groups[position].nocalls)
    return chosen


def covering(groups: Sequence[Group], calls: int, nocalls: int) -> list[Group]:
    """Take groups, the least wasteful first, until both numbers are reached."""
    rest, chosen = list(groups), []
    while rest and (calls > 0 or nocalls > 0):
        best = min(rest, key=lambda group: waste(group, calls, nocalls))
        rest.remove(best)
        if (calls > 0 and best.calls) or (nocalls > 0 and best.nocalls):
            chosen.append(best)
            calls -= len(best.calls)
            nocalls -= len(best.nocalls)
    return chosen


def waste(group: Group, calls: int, nocalls: int) -> int:
    """Return the number of surplus clips in a group minus the number of needed ones."""
    useful = min(len(group.calls), max(calls, 0)) + min(len(group.nocalls), max(nocalls, 0))
    return len(group.calls) + len(group.nocalls) - 2 * useful
