"""Counts for the section `split` of params.yaml that a data set can be divided by."""

from collections.abc import Container, Mapping, Sequence
from fractions import Fraction

from stages.lib.split.drawing import empty_classes, group_clips, split_by_count
from stages.lib.split.params import ORDER_OF_CHOICE
from stages.lib.tables.clips import CALL, UNLABELLED, Clip

# The study's clips, its training part divided as params.yaml does.
STUDY = {"train": 1254, "valid": 140, "pool": 176, "test": 201}
LEAST = 2  # A part without a call, or without any other clip, is of no use.


def suggested_counts(
    clips: Sequence[Clip], seed: int, group_by: str, parts: Sequence[str] = ORDER_OF_CHOICE
) -> dict[str, int] | None:
    """Return as many clips for each part as in the proportions of the study, and for training what is then left.

    That is less than all others, because recordings are not divided. Where it would be less than half of the labelled
    clips, none of these goes to the pool: their labels would only measure those that the model gives itself, and
    clips without labels are in the pool besides.

    Parameters
    ----------
    clips : sequence of Clip
    seed : int
        Of the split.
    group_by : str
        `recording` or `site`.
    parts : sequence of str
        Those to divide the clips among, `train` the last.

    Returns
    -------
    dict or None
        None where there are too few recordings, or sites, to divide.
    """
    labelled = [clip for clip in clips if clip.label != UNLABELLED]
    whole = sum(STUDY[part] for part in parts)
    wanted = {part: max(LEAST, len(labelled) * STUDY[part] // whole) for part in parts if part != "train"}
    counts = with_training(labelled, wanted, seed, group_by)
    if counts and counts["train"] >= len(labelled) / 2:
        return counts
    return with_training(labelled, wanted | {"pool": 0}, seed, group_by) or counts


def with_training(
    labelled: Sequence[Clip], wanted: Mapping[str, int], seed: int, group_by: str
) -> dict[str, int] | None:
    """Return the counts that are wanted, and how many clips are then left to train on; None where any part lacks."""
    calls = sum(clip.label == CALL for clip in labelled)
    if not 0 < calls < len(labelled):
        return None
    groups = group_clips(labelled, group_by)
    taken, _ = split_by_count(groups, wanted, seed)
    counts = {**wanted, "train": left_to_train_on(labelled, taken, group_by)}
    if counts["train"] < LEAST:
        return None
    divided, faults = split_by_count(groups, counts, seed)
    needed = [part for part in ("train", "valid", "test") if part in counts]
    return None if faults or empty_classes(labelled, divided, needed) else counts


def left_to_train_on(clips: Sequence[Clip], taken: Container[str], group_by: str) -> int:
    """Return how many labelled clips the recordings (or sites) without a clip that is taken leave to train on."""
    groups = group_clips(clips, group_by)
    rest = [group for group in groups if not any(clip_id in taken for clip_id in group.calls + group.nocalls)]
    calls, nocalls = sum(len(group.calls) for group in groups), sum(len(group.nocalls) for group in groups)
    calls_left, nocalls_left = sum(len(group.calls) for group in rest), sum(len(group.nocalls) for group in rest)
    # The proportion of labels is the same in all parts; what is rounded may ask for one clip more.
    of_calls, of_nocalls = Fraction(calls, calls + nocalls), Fraction(nocalls, calls + nocalls)
    return int(min(calls_left / of_calls, nocalls_left / of_nocalls)) - 1
