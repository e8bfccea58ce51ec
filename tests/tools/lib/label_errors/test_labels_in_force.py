from stages.lib.tables.merged import MergedClip
from stages.lib.tables.split import SplitClip
from tools.lib.label_errors.labels_in_force import LabelledClip, labels_in_force

SPLIT = [
    SplitClip("corrected", "train", "call"),
    SplitClip("disputed", "train", "call"),
    SplitClip("pool", "pool", "call"),
    SplitClip("test", "test", "nocall"),
    SplitClip("valid", "valid", "nocall"),
]
MERGED = [
    MergedClip("corrected", "nocall", "expert", 1.0, "train"),
    MergedClip("pool", "nocall", "expert", 1.0, "pool"),
    MergedClip("valid", "nocall", "dataset", 1.0, "valid"),
]


def test_experts_outrank_the_data_set_and_neither_disputed_clips_nor_the_pool_are_labelled():
    assert labels_in_force(SPLIT, MERGED) == [
        LabelledClip("corrected", "train", "nocall", "expert"),
        LabelledClip("test", "test", "nocall", "dataset"),
        LabelledClip("valid", "valid", "nocall", "dataset"),
    ]


def test_the_labels_that_the_pool_has_change_nothing():
    others = [clip._replace(label="") if clip.part == "pool" else clip for clip in SPLIT]
    without = [clip for clip in MERGED if clip.part != "pool"]
    assert labels_in_force(others, without) == labels_in_force(SPLIT, MERGED)
