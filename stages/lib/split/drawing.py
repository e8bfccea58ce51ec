"""The draw of test, pool and valid when a data set is put to use: by whole recordings or sites."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from stages.lib.split.grouping import Group, choose_groups
from stages.lib.split.params import ORDER_OF_CHOICE, SplitParams
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED, Clip

# A recording or site of these parts is never heard in training.
UNHEARD = {"valid", "test"}


def draw(clips: Sequence[Clip], params: SplitParams) -> tuple[dict[str, str], list[str]]:
    """Draw the labelled clips of a data set that are held out; the rest is for training.

    Returns
    -------
    held_out : dict
        From clip id to `valid`, `pool` or `test`.
    faults : list of str
        The requests that could not be met; each begins with the name of its part.
    """
    listed = params.test if isinstance(params.test, list) else []
    test_names, faults = listed_test(clips, listed, params.group_by)
    groups = group_clips(clips, params.group_by)
    rest = [group for group in groups if group.name not in test_names]
    if params.by_share:
        parts = split_by_share(rest, params.chosen, params.seed)
    else:
        sizes = {part: int(size) for part, size in params.chosen.items() if part != "train"}
        parts, shortages = split_by_count(rest, sizes, params.seed)
        faults += shortages
    for group in groups:
        if group.name in test_names:
            parts |= dict.fromkeys(group.calls + group.nocalls, "test")
    return {clip_id: part for clip_id, part in parts.items() if part != "train"}, faults


def group_clips(clips: Sequence[Clip], group_by: str) -> list[Group]:
    """Group the clips that must stay together: by recording, or by site (by recording if the site is empty)."""
    by_name: dict[str, dict[str, list[str]]] = defaultdict(lambda: {CALL: [], NOCALL: [], UNLABELLED: []})
    for clip in clips:
        by_name[group_name(clip, group_by)][clip.label].append(clip.clip_id)
    return [
        Group(name, *(tuple(sorted(ids[label])) for label in (CALL, NOCALL, UNLABELLED)))
        for name, ids in sorted(by_name.items())
    ]


def group_name(clip: Clip, group_by: str) -> str:
    """Return the name of a clip's group."""
    return clip.site if group_by == "site" and clip.site else clip.recording


def split_by_count(groups: Sequence[Group], sizes: Mapping[str, int], seed: int) -> tuple[dict[str, str], list[str]]:
    """Fill parts from groups in a random order.

    Groups without labelled clips have no effect. The seed determines the order; parameters and results as for `fill`.
    """
    with_labels = [group for group in groups if group.calls or group.nocalls]
    order = np.random.default_rng(seed).permutation(len(with_labels))
    return fill([with_labels[position] for position in order], sizes)


def fill(groups: Sequence[Group], sizes: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """Fill parts with exactly the requested number of labelled clips, in the groups' ratio of calls to no-calls.

    Parameters
    ----------
    groups : sequence of Group
        Earlier ones are preferred.
    sizes : dict
        Number of clips by part.

    Returns
    -------
    parts : dict
        From clip id to part. Surplus clips have no part.
    faults : list of str
        The requests that could not be met.
    """
    rest = list(groups)
    calls = sum(len(group.calls) for group in groups)
    labelled = calls + sum(len(group.nocalls) for group in groups)
    parts: dict[str, str] = {}
    faults = []
    wanted_so_far = calls_so_far = 0
    for part in ORDER_OF_CHOICE:
        if part not in sizes:
            continue
        wanted = sizes[part]
        # Rounding the running sum ensures that the parts together never ask for more calls than there are.
        wanted_so_far += wanted
        wanted_calls = (round(Fraction(wanted_so_far * calls, labelled)) if labelled else 0) - calls_so_far
        calls_so_far += wanted_calls
        chosen = choose_groups(rest, wanted_calls, wanted - wanted_calls)
        taken = {group.name for group in chosen}
        rest = [group for group in rest if group.name not in taken]
        ids = [clip_id for group in chosen for clip_id in group.calls][:wanted_calls]
        ids += [clip_id for group in chosen for clip_id in group.nocalls][: wanted - wanted_calls]
        if len(ids) < wanted:
            faults.append(
                f"{part}: {wanted} labelled clips requested ({wanted_calls} calls, {wanted - wanted_calls} nocalls), "
                f"{len(ids)} available"
            )
        parts |= dict.fromkeys(ids, part)
    return parts, faults


def split_by_share(groups: Sequence[Group], shares: dict[str, float], seed: int) -> dict[str, str]:
    """Draw the part of each group from a hash of its name, so that new recordings never move an old one.

    Parameters
    ----------
    groups : sequence of Group
    shares : dict
        Expected share of the groups by part, each in (0, 1).
    seed : int

    Returns
    -------
    dict
        From the id of a labelled clip to its part.
    """
    parts: dict[str, str] = {}
    for group in groups:
        part = drawn_part(group.name, shares, seed)
        if part:
            parts |= dict.fromkeys(group.calls + group.nocalls, part)
    return parts


def unlabelled_pool(groups: Sequence[Group], parts: dict[str, str]) -> dict[str, str]:
    """Return the part of the unlabelled clips: the pool, unless their group is held out.

    Parameters
    ----------
    groups : sequence of Group
    parts : dict
        From the id of a labelled clip to its part. The unlabelled clips of a held-out group get no part.
    """
    return {
        clip_id: "pool"
        for group in groups
        if not {parts.get(labelled) for labelled in group.calls + group.nocalls} & UNHEARD
        for clip_id in group.unlabelled
    }


def drawn_part(name: str, shares: dict[str, float], seed: int) -> str | None:
    """Return the part selected by the hash of a group's name; None if it lies beyond the last share."""
    position = Fraction(int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:8]), 2**64)
    for part, share in shares.items():
        position -= Fraction(str(share))
        if position < 0:
            return part
    return None


def listed_test(clips: Sequence[Clip], recordings: Sequence[str], group_by: str) -> tuple[set[str], list[str]]:
    """Return the names of the listed recordings' groups, and what is wrong with the list."""
    known = {clip.recording for clip in clips}
    faults = [f"test: recording {name} has no clip in clips.csv" for name in recordings if name not in known]
    names = {group_name(clip, group_by) for clip in clips if clip.recording in recordings}
    divided = {
        (clip.recording, clip.site)
        for clip in clips
        if group_name(clip, group_by) in names and clip.recording not in recordings
    }
    faults += [f"test: list {recording} too, because its site {site} is listed" for recording, site in divided]
    return names, sorted(faults)


def empty_classes(clips: Sequence[Clip], parts: dict[str, str], needed: Sequence[str]) -> list[str]:
    """List the needed parts that have no calls or no no-calls, so that they are useless for training or testing."""
    present = {(parts.get(clip.clip_id), clip.label) for clip in clips}
    return [
        f"{part}: not one {label} clip" for part in needed for label in (CALL, NOCALL) if (part, label) not in present
    ]
