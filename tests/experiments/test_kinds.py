import importlib
import json
import sys

import numpy as np
import pytest

from experiments import kinds
from experiments.kinds import BOTH, KINDS, NETWORK, PROBE, only, overlay_of, train_kinds
from stages.lib.feature_store import EMBEDDING, SPECTROGRAM, load_clips, open_features, write_index
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model

CLIPS = [f"sea{number:02d}_0000000" for number in range(24)]
LABELS = ["call", "nocall"] * 12
PARAMS = TrainParams(seed=3, epochs=2, batch_size=8, networks=2, learning_rate=0.001)


@pytest.fixture
def features(tmp_path, monkeypatch):
    """Features of both views, in which calls differ from no-calls a little."""
    folder = tmp_path / "features"
    folder.mkdir()
    random = np.random.default_rng(0)
    shapes = {SPECTROGRAM: (16, 16), EMBEDDING: (6,)}
    shards = {}
    for clip_id, label in zip(CLIPS, LABELS, strict=True):
        names = tuple(f"{clip_id}.{view}.npy" for view in shapes)
        for name, shape in zip(names, shapes.values(), strict=True):
            level = 0.5 if label == "call" else 0.0
            np.save(folder / name, (random.normal(size=(1, *shape)) + level).astype(np.float16))
        shards[names] = [clip_id]
    write_index(folder, list(shapes), shards)
    description = {"params": {"views": list(shapes)}, "shapes": {view: list(shape) for view, shape in shapes.items()}}
    (folder / "features.json").write_text(json.dumps(description | {"pretrained": {"size": 6}}))
    monkeypatch.setattr(kinds, "CACHE", tmp_path / "cache")
    return open_features(folder)


@pytest.fixture
def parts():
    return LabelledClips.unweighted(CLIPS[:16], LABELS[:16]), LabelledClips.unweighted(CLIPS[16:], LABELS[16:])


def test_each_kind_sees_its_own_views(features):
    for kind, views in KINDS.items():
        seen = only(features, kind)
        assert seen.views == views
        assert seen.description["params"]["views"] == list(views)
        assert ("pretrained" in seen.description) == (EMBEDDING in views)
        for view in views:
            np.testing.assert_array_equal(load_clips(seen, CLIPS, view), load_clips(features, CLIPS, view))


@pytest.mark.prove
def test_the_kinds_are_the_models_that_the_pipeline_trains(features, parts):
    trained = train_kinds(list(KINDS), features, *parts, PARAMS)
    for kind, model in trained.items():
        seen = only(features, kind)
        expected, _ = train_new_model(seen, *parts, PARAMS)
        assert model.temperature == expected.temperature
        np.testing.assert_array_equal(
            calibrated_log_odds(model, seen, CLIPS), calibrated_log_odds(expected, seen, CLIPS), kind
        )


@pytest.mark.prove
def test_a_network_is_trained_once_for_the_same_labels_and_again_for_others(features, parts, tmp_path):
    train_kinds([NETWORK, BOTH], features, *parts, PARAMS)
    (kept,) = (tmp_path / "cache" / "networks").iterdir()
    before = kept.stat().st_mtime_ns
    train_kinds([PROBE, BOTH], features, *parts, PARAMS)
    assert [path.stat().st_mtime_ns for path in (tmp_path / "cache" / "networks").iterdir()] == [before]
    train, valid = parts
    other = train._replace(labels=[*train.labels[:-1], "call"])
    train_kinds([NETWORK], features, other, valid, PARAMS)
    train_kinds([NETWORK], features, train, valid, PARAMS.model_copy(update={"seed": 4}))
    assert len(list((tmp_path / "cache" / "networks").iterdir())) == 3


@pytest.mark.prove
def test_a_network_is_trained_again_after_the_code_of_its_training_or_calibration_has_changed(
    features, parts, tmp_path, monkeypatch
):
    code_of, changed = kinds.code_of, "nothing"
    monkeypatch.setattr(kinds, "code_of", lambda path: code_of(path) + ("changed" if path.stem == changed else ""))
    for count, changed in enumerate(["nothing", "calibration", "epochs", "recipe", "scoring"], start=1):
        train_kinds([NETWORK], features, *parts, PARAMS)
        assert len(list((tmp_path / "cache" / "networks").iterdir())) == count, changed


def test_a_probe_alone_trains_no_network(features, parts, tmp_path):
    assert list(train_kinds([PROBE], features, *parts, PARAMS)) == [PROBE]
    assert not (tmp_path / "cache").exists()


def test_the_params_name_a_pretrained_model_where_one_is_needed():
    assert overlay_of([NETWORK])["featurize"] == {"views": [SPECTROGRAM], "pretrained": "none"}
    assert overlay_of([PROBE])["featurize"] == {"views": [EMBEDDING], "pretrained": "birdnet"}
    assert overlay_of(list(KINDS))["featurize"]["views"] == [SPECTROGRAM, EMBEDDING]


@pytest.mark.parametrize("name", ["real.run", "real.unheard", "detection.run"])
def test_without_the_pretrained_model_a_command_says_in_a_sentence_how_it_comes(name, tmp_path, monkeypatch):
    module = importlib.import_module(f"experiments.{name}")
    monkeypatch.setattr(kinds, "PRETRAINED", tmp_path)
    monkeypatch.setattr(module, "exit_without", lambda _: None)
    monkeypatch.setattr(sys, "argv", [name])
    with pytest.raises(SystemExit, match="birdnet --accept-licence, or leave it out with --kinds network"):
        module.main()


@pytest.mark.parametrize(
    ("name", "folder"),
    [("real.run", "RECORDINGS"), ("real.unheard", "RECORDINGS"), ("detection.run", "LONG_RECORDINGS")],
)
def test_without_the_recordings_a_command_says_so_and_stops(name, folder, tmp_path, monkeypatch):
    module = importlib.import_module(f"experiments.{name}")
    monkeypatch.setattr(module, folder, tmp_path / "real")
    monkeypatch.setattr(sys, "argv", [name])
    with pytest.raises(SystemExit, match="does not exist, so nothing was run"):
        module.main()


def test_comments_and_docstrings_are_not_what_a_network_depends_on(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""One."""\n\n\ndef twice(x):\n    """Double."""\n    return 2 * x\n')
    first = kinds.code_of(module)
    module.write_text('"""Two."""\n\n\ndef twice(x):\n    # Once more.\n    return 2 * x\n')
    assert kinds.code_of(module) == first
    module.write_text('"""Two."""\n\n\ndef twice(x):\n    return 3 * x\n')
    assert kinds.code_of(module) != first
