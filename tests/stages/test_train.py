import csv
import json

from stages.lib.feature_store import load_clips, open_features
from stages.lib.model.model_folder import load_model
from stages.lib.model.normalisation import Normalisation
from stages.lib.tables.split import SplitClip, read_split
from stages.lib.training.epochs import HISTORY_COLUMNS
from stages.train import labelled_clips

CLIPS = [
    SplitClip("a", "train", "call"),
    SplitClip("b", "pool", "call"),
    SplitClip("c", "train", "nocall"),
    SplitClip("d", "test", "call"),
    SplitClip("e", "valid", "nocall"),
]


def test_only_clips_of_the_part_are_learnt_from():
    assert labelled_clips(CLIPS, "train")[:3] == (["a", "c"], ["call", "nocall"], [1.0, 1.0])
    assert labelled_clips(CLIPS, "valid")[:3] == (["e"], ["nocall"], [1.0])


def test_main_writes_a_model_that_fits_the_features(pipeline):
    features = open_features(pipeline / "features")
    assert load_model(pipeline / "models" / "baseline", features).features == features.description


def test_main_learns_the_normalisation_from_the_training_clips_alone(pipeline):
    features = open_features(pipeline / "features")
    train = [clip.clip_id for clip in read_split(pipeline / "labels" / "split.csv") if clip.part == "train"]
    expected = Normalisation.learn([load_clips(features, train)]).as_json()
    description = json.loads((pipeline / "models" / "baseline" / "model.json").read_text())
    assert {name: description[name] for name in expected} == expected


def test_main_writes_a_history_of_at_most_as_many_epochs_as_asked_for(pipeline):
    with (pipeline / "metrics" / "plots" / "training_baseline.csv").open(newline="") as table:
        header, *rows = csv.reader(table)
    assert tuple(header) == HISTORY_COLUMNS
    assert 1 <= len(rows) <= 2
