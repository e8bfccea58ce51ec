"""The labels that stand for now, of every clip but those of the pool."""

from collections.abc import Sequence
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.tables.clips import UNLABELLED
from stages.lib.tables.merged import DATASET, MERGED, MergedClip, read_merged
from stages.lib.tables.split import SPLIT, SplitClip, read_split
from tools.lib.clips.known_clips import absence


class LabelledClip(NamedTuple):
    """A clip, its part, its label (`call` or `nocall`), and who gave that: `dataset` or `expert`."""

    clip_id: str
    part: str
    label: str
    source: str


def labels_in_force(split: Sequence[SplitClip], merged: Sequence[MergedClip]) -> list[LabelledClip]:
    """Return the label of every clip of train, valid and test that has one.

    The experts outrank the data set, so that an error that they have corrected is none any more; a clip that they
    dispute has no label. What a label of the pool says, from whomever, is not looked at: it is there to measure the
    model with.

    Parameters
    ----------
    split : sequence of SplitClip
    merged : sequence of MergedClip
        What `merge_labels` has made of the clips of train and valid.
    """
    given = {clip.clip_id: clip for clip in merged}
    labelled = []
    for clip in split:
        if clip.part == "test" and clip.label != UNLABELLED:
            labelled.append(LabelledClip(clip.clip_id, clip.part, clip.label, DATASET))
        elif clip.part in ("train", "valid") and clip.clip_id in given:
            labelled.append(
                LabelledClip(clip.clip_id, clip.part, given[clip.clip_id].label, given[clip.clip_id].source)
            )
    return labelled


def read_labels_in_force() -> list[LabelledClip]:
    """Return these labels as the pipeline has left them."""
    refuse(absence([SPLIT, MERGED], "dvc pull, or dvc repro merge_labels"))
    return labels_in_force(read_split(), read_merged())
