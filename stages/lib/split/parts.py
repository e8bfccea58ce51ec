"""The part of every clip, given the held-out clips."""

import hashlib
from collections.abc import Container, Mapping, Sequence

from stages.lib.split.drawing import UNHEARD, drawn_part, fill, group_clips, group_name, unlabelled_pool
from stages.lib.split.grouping import Group
from stages.lib.split.params import SplitParams
from stages.lib.tables.clips import Clip, recording_of
from stages.lib.tables.split import PARTS


def parts_of(clips: Sequence[Clip], params: SplitParams, held_out: Mapping[str, str]) -> dict[str, str]:
    """Assign clips to parts.

    Parameters
    ----------
    clips : sequence of Clip
    params : SplitParams
        The params with which `held_out` was drawn; only the size of the training part may differ.
    held_out : mapping
        From the id of a clip that was held out when the data set was put to use to `valid`, `pool` or `test`. No other
        clip is ever valid or test.

    Returns
    -------
    dict
        From clip id to part. Labelled clips that training does not need have no part. Nor do clips added to a recording
        (or site) after it was held out for valid or test.
    """
    groups = group_clips(clips, params.group_by)
    unheard = groups_of(UNHEARD, clips, params, held_out)
    heard = [group for group in groups if group.name not in unheard]
    may_be = {part: labelled(groups if part in UNHEARD else heard) for part in PARTS}
    parts = {clip_id: part for clip_id, part in held_out.items() if clip_id in may_be[part]}
    if params.by_share:
        parts |= by_share(heard, params, parts)
    else:
        pooled = groups_of({"pool"}, clips, params, held_out)
        parts |= by_count([group for group in heard if group.name not in pooled], params)
    return parts | unlabelled_pool(heard, parts)


def labelled(groups: Sequence[Group]) -> set[str]:
    """Return the clips that have a label."""
    return {clip_id for group in groups for clip_id in group.calls + group.nocalls}


def groups_of(
    of_parts: Container[str], clips: Sequence[Clip], params: SplitParams, held_out: Mapping[str, str]
) -> set[str]:
    """Return the names of the groups in which a recording has a clip held out for these parts."""
    recordings = {recording_of(clip_id) for clip_id, part in held_out.items() if part in of_parts}
    listed = set(params.test) if isinstance(params.test, list) and "test" in of_parts else set()
    return {
        group_name(clip, params.group_by)
        for clip in clips
        if clip.recording_id in recordings or clip.recording in listed
    }


def by_count(groups: Sequence[Group], params: SplitParams) -> dict[str, str]:
    """Return the clips to train on: as many as requested, or all of them if there are fewer.

    Groups are sorted by a hash of their names, so that one more recording moves few others.
    """
    in_order = sorted(groups, key=lambda group: hashlib.sha256(f"{params.seed}:{group.name}".encode()).digest())
    parts, _ = fill(in_order, {"train": min(params.train, len(labelled(groups)))})
    return parts


def by_share(groups: Sequence[Group], params: SplitParams, parts: Mapping[str, str]) -> dict[str, str]:
    """Return the part of each group's labelled clips, selected by the hash of the group's name.

    A group whose hash selects valid or test but which is not held out was added after the draw, so it is trained on.
    """
    drawn = {group.name: drawn_part(group.name, params.chosen, params.seed) for group in groups}
    return {
        clip_id: "train" if part in UNHEARD else part
        for group in groups
        for clip_id in group.calls + group.nocalls
        if (part := drawn[group.name]) and clip_id not in parts
    }
