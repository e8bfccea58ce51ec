"""Counts for the section `split` of params.yaml that a data set can be divided by."""

from collections.abc import Sequence
from fractions import Fraction

from stages.lib.clips import CALL, UNLABELLED, Clip
from stages.lib.split_params import ORDER_OF_CHOICE
from stages.split import empty_classes, group_clips, split_by_count

# The study's clips, its training part divided as params.yaml does.
STUDY = {"train": 1254, "valid": 140, "pool": 176, "test": 201}
LEAST = 2  # A part without a call, or without any other clip, is of no use.


def suggested_counts(
    clips: Sequence[Clip], seed: int, group_by: str, parts: Sequence[str] = ORDER_OF_CHOICE
) -> dict[str, int] | None:
    """Return as many clips for each part as in the proportions of the study, and for training what is then left.

    That is less than all others, because recordings are not divided.

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
    groups = group_clips(clips, group_by)
    labelled = [clip for clip in clips if clip.label != UNLABELLED]
    calls = sum(clip.label == CALL for clip in labelled)
    if not 0 < calls < len(labelled):
        return None
    whole = sum(STUDY[part] for part in parts)
    counts = {part: max(LEAST, len(labelled) * STUDY[part] // whole) for part in parts if part != "train"}
    taken, _ = split_by_count(groups, counts, seed)
    rest = [group for group in groups if not {*group.calls, *group.nocalls} & set(taken)]
    calls_left, nocalls_left = sum(len(group.calls) for group in rest), sum(len(group.nocalls) for group in rest)
    # The proportion of labels is the same in all parts; what is rounded may ask for one clip more.
    of_calls, of_nocalls = Fraction(calls, len(labelled)), Fraction(len(labelled) - calls, len(labelled))
    counts["train"] = int(min(calls_left / of_calls, nocalls_left / of_nocalls)) - 1
    if counts["train"] < LEAST:
        return None
    divided, faults = split_by_count(groups, counts, seed)
    lacking = [fault for fault in empty_classes(clips, divided) if fault.partition(":")[0] in parts]
    return None if faults or lacking else counts
