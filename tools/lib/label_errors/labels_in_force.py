"""The current labels of all clips outside the pool."""

from collections.abc import Sequence
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.tables.clips import UNLABELLED
from stages.lib.tables.merged import DATASET, MERGED, MergedClip, read_merged
from stages.lib.tables.split import SPLIT, SplitClip, read_split
from tools.lib.clips.known_clips import absence


class LabelledClip(NamedTuple):
    """A clip, its part, its label (`call` or `nocall`), and the source of the label: `dataset` or `expert`."""

    clip_id: str
    part: str
    label: str
    source: str


def labels_in_force(split: Sequence[SplitClip], merged: Sequence[MergedClip]) -> list[LabelledClip]:
    """Return the label of every labelled clip in train, valid and test.

    Experts outrank the data set, so errors they have corrected do not appear; a disputed clip has no label. Labels of
    pool clips are ignored: they only serve to measure the model.

    Parameters
    ----------
    split : sequence of SplitClip
    merged : sequence of MergedClip
        The output of `merge_labels` for clips in train and valid.
    """
    given = {clip.clip_id: clip for clip in merged}
    labelled = []
    for clip in split:
        if clip.part == "test" and clip.label != UNLABELLED:
            labelled.append(LabelledClip(clip.clip_id, clip.part, clip.label, DATASET))
        elif clip.part in ("train", "valid") and (known := given.get(clip.clip_id)):
            labelled.append(LabelledClip(clip.clip_id, clip.part, known.label, known.source))
    return labelled


def read_labels_in_force() -> list[LabelledClip]:
    """Read the labels in force from the outputs of the pipeline."""
    refuse(absence([SPLIT, MERGED], "dvc pull, or dvc repro merge_labels"))
    return labels_in_force(read_split(), read_merged())
