"""Choosing whole groups of clips so that the numbers of calls and no-calls come out exactly."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# The most cells that the table of `exact_sum` may have: a few megabytes, and a second or two.
MOST_CELLS = 1_000_000


class Group(NamedTuple):
    """The clips that must stay on one side of a split: those of one recording, or of one site.

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
    """Choose groups that hold exactly the calls and no-calls asked for, or else a little more.

    Parameters
    ----------
    groups : sequence of Group
        Earlier ones are preferred, so that a shuffled sequence gives a random choice.
    calls, nocalls : int
        How many of each to reach.

    Returns
    -------
    list of Group
        With at least that many calls and no-calls, and exactly that many wherever whole groups allow it;
        every group there is, where they do not suffice.
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
    # The first choice may have ruled an exact one out.
    afresh = exact_sum(labelled, calls, nocalls) if (calls + 1) * (nocalls + 1) <= MOST_CELLS else None
    return afresh if afresh is not None else chosen + covering(rest, calls_left, nocalls_left)


def first_fit(groups: Sequence[Group], calls: int, nocalls: int) -> list[Group]:
    """Take groups as they come while plenty is missing, and leave the last stretch to `exact_sum`."""
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
        None where no subset does.
    """
    # reached_by[c, n] is the first group with which c calls and n no-calls can be reached; so the way back from
    # there uses earlier groups only, each of them once.
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
    """Take groups until both numbers are reached, the one that wastes least first."""
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
    """Return the clips of a group that are too many, less those that are needed."""
    useful = min(len(group.calls), max(calls, 0)) + min(len(group.nocalls), max(nocalls, 0))
    return len(group.calls) + len(group.nocalls) - 2 * useful
