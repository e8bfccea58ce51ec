"""Suggest counts for the section `split` of params.yaml."""

from collections.abc import Container, Mapping, Sequence

from stages.lib.split.drawing import empty_classes, group_clips, split_by_count
from stages.lib.split.params import ORDER_OF_CHOICE
from stages.lib.tables.clips import CALL, UNLABELLED, Clip

# The study's clips, with its training part divided as in params.yaml.
STUDY = {"train": 1254, "valid": 140, "pool": 176, "test": 201}
LEAST = 2  # A part needs a call and a no-call.


def suggested_counts(
    clips: Sequence[Clip], seed: int, group_by: str, parts: Sequence[str] = ORDER_OF_CHOICE
) -> dict[str, int] | None:
    """Suggest the size of each part in the study's proportions, and the rest for training.

    The rest is smaller than the difference, because recordings are not divided. If it is less than half of the
    labelled clips, none of them goes to the pool: there, their labels would only measure the model's own labels, and
    unlabelled clips are in the pool anyway.

    Parameters
    ----------
    clips : sequence of Clip
    seed : int
        The seed of the split.
    group_by : str
        `recording` or `site`.
    parts : sequence of str
        The parts to fill, `train` last.

    Returns
    -------
    dict or None
        None if there are too few recordings, or sites, to divide.
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
    """Return the given counts with the number of clips left for training; None if a part would be too small."""
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
    """Return the number of labelled clips left for training, from recordings (or sites) without a taken clip."""
    groups = group_clips(clips, group_by)
    rest = [group for group in groups if not any(clip_id in taken for clip_id in group.calls + group.nocalls)]
    calls, nocalls = sum(len(group.calls) for group in groups), sum(len(group.nocalls) for group in groups)
    calls_left, nocalls_left = sum(len(group.calls) for group in rest), sum(len(group.nocalls) for group in rest)
    # All parts have the same proportion of labels; rounding may need one clip more.
    return min(calls_left * (calls + nocalls) // calls, nocalls_left * (calls + nocalls) // nocalls) - 1
