import contextlib
import csv
import json
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from experiments.clone import overlay
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.merged import MergedClip
from stages.lib.training.epochs import HISTORY_COLUMNS
from stages.retrain import RetrainParams, labelled_clips, main

CLIPS = [
    MergedClip("a", "call", "dataset", 1.0, "train"),
    MergedClip("b", "nocall", "expert", 1.0, "pool"),
    MergedClip("c", "call", "model", 0.5, "pool"),
    MergedClip("d", "call", "expert", 1.0, "valid"),
]


def test_train_and_pool_clips_are_learnt_from_with_their_weights():
    clips = labelled_clips(CLIPS, ("train", "pool"))
    assert clips[:3] == (["a", "b", "c"], ["call", "nocall", "call"], [1.0, 1.0, 0.5])
    assert clips.by_people.tolist() == [True, True, False]


def test_valid_clips_are_kept_apart():
    assert labelled_clips(CLIPS, ("valid",))[:3] == (["d"], ["call"], [1.0])


@pytest.mark.parametrize("init", ["", "retrained", None])
def test_an_unknown_start_is_refused(init):
    with pytest.raises(ValidationError):
        RetrainParams(init=init)


def test_main_writes_another_model_that_expects_the_same_features(pipeline):
    before, after = (pipeline / "models" / name for name in ("baseline", "retrained"))
    descriptions = [json.loads((folder / "model.json").read_text()) for folder in (before, after)]
    assert descriptions[0]["calibrated_by"] == [4, 4]
    # Each has the temperature that its own scores ask for.
    temperatures = [description.pop("temperature") for description in descriptions]
    assert all(0.05 <= temperature <= 20 for temperature in temperatures)
    assert descriptions[0] == descriptions[1]
    weights = [(folder / "network.weights.h5").read_bytes() for folder in (before, after)]
    assert weights[0] != weights[1]


def test_main_writes_a_history(pipeline):
    with (pipeline / "metrics" / "plots" / "training_retrained.csv").open(newline="") as table:
        header, *rows = csv.reader(table)
    assert tuple(header) == HISTORY_COLUMNS
    assert 1 <= len(rows) <= 2


def test_main_can_start_from_the_weights_of_the_baseline(pipeline, tmp_path, one_process):
    folder = Path(shutil.copytree(pipeline, tmp_path / "folder"))
    overlay(folder / "params.yaml", {"retrain": {"init": "baseline"}})
    weights = folder / "models" / "retrained" / "network.weights.h5"
    from_scratch = weights.read_bytes()
    with contextlib.chdir(folder):
        main()
    assert weights.read_bytes() not in (from_scratch, (folder / "models" / "baseline" / weights.name).read_bytes())


def test_main_without_a_baseline_is_refused(data_set, pipeline):
    (data_set / "features").symlink_to(pipeline / "features")
    shutil.copytree(pipeline / "labels", data_set / "labels", dirs_exist_ok=True)
    with contextlib.chdir(data_set), pytest.raises(InputFaults, match="models/baseline: holds no model"):
        main()
