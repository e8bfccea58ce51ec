import json

import numpy as np
import pytest

from stages.lib.feature_store import load_clips, open_features
from stages.lib.model.model_folder import Model, load_model, save_model
from stages.lib.model.network import FILTERS, build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.model.scoring import calibrated_log_odds, embedding_of, log_odds_of
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.faults import InputFaults

CLIP_IDS = [f"clip{number:02d}" for number in range(70)]
PARAMS = {"fft_size": 128, "hop_size": 50, "pcen": True}


@pytest.fixture
def features(tmp_path, write_features):
    """Open a folder of 70 clips of noise: more than a batch."""
    random = np.random.default_rng(0)
    write_features(tmp_path / "features", {clip_id: random.standard_normal((40, 41)) for clip_id in CLIP_IDS}, **PARAMS)
    return open_features(tmp_path / "features")


@pytest.fixture
def model(features):
    """Return a model with random weights."""
    pin(0)
    normalisation = Normalisation.learn([load_clips(features, CLIP_IDS)])
    return Model(build_network((40, 41)), features.description, normalisation, temperature=1.7)


def test_a_saved_model_gives_the_same_scores(tmp_path, features, model):
    save_model(tmp_path / "model", model)
    scores = log_odds_of(model, features, CLIP_IDS)
    np.testing.assert_array_equal(log_odds_of(load_model(tmp_path / "model", features), features, CLIP_IDS), scores)
    assert len(set(scores)) > 1


def test_a_saved_model_keeps_what_it_was_calibrated_by(tmp_path, features, model):
    save_model(tmp_path / "model", model._replace(calibrated_by=(12, 9)))
    assert load_model(tmp_path / "model", features).calibrated_by == (12, 9)


def test_a_model_of_an_older_version_is_refused(tmp_path, features, model):
    save_model(tmp_path / "model", model)
    description = json.loads((tmp_path / "model" / "model.json").read_text())
    del description["networks"]
    (tmp_path / "model" / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputFaults, match="was trained by an older version of this program; run dvc repro"):
        load_model(tmp_path / "model", features)


def test_a_saved_model_has_the_same_bytes_every_time(tmp_path, model):
    for name in ("first", "second"):
        save_model(tmp_path / name, model)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert len(files) == 2
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_log_odds_are_in_the_order_asked_for(features, model):
    log_odds = log_odds_of(model, features, CLIP_IDS)
    assert (log_odds.shape, log_odds.dtype) == ((70,), np.float32)
    np.testing.assert_allclose(log_odds_of(model, features, CLIP_IDS[::-1]), log_odds[::-1], atol=1e-5)


def test_calibrated_log_odds_are_those_of_the_model_over_its_temperature(features, model):
    log_odds = calibrated_log_odds(model, features, CLIP_IDS)
    assert log_odds.dtype == np.float64
    np.testing.assert_allclose(1.7 * log_odds, log_odds_of(model, features, CLIP_IDS), rtol=1e-6)


def test_no_clips_have_no_scores(features, model):
    assert log_odds_of(model, features, []).shape == (0,)
    # The mean and the maximum of each of the last filters.
    assert embedding_of(model, features, []).shape == (0, 2 * FILTERS[-1])


def test_a_folder_without_model_is_refused(tmp_path, features):
    with pytest.raises(InputFaults) as refusal:
        load_model(tmp_path / "model", features)
    assert refusal.value.lines == [f"{tmp_path / 'model'}: holds no model; run dvc repro, or dvc pull"]


def test_features_made_otherwise_are_refused_with_the_params_that_differ(tmp_path, features, model):
    save_model(tmp_path / "model", model)
    description = json.loads((features.folder / "features.json").read_text())
    description["params"] |= {"fft_size": 256, "pcen": False}
    (features.folder / "features.json").write_text(json.dumps(description))
    with pytest.raises(InputFaults) as refusal:
        load_model(tmp_path / "model", open_features(features.folder))
    (fault,) = refusal.value.lines
    assert fault.startswith(f"{tmp_path / 'model'}: was trained on other features than those in {features.folder}")
    assert "fft_size 128 there, 256 here" in fault
    assert "pcen True there, False here" in fault
    assert "hop_size" not in fault


def test_features_of_another_shape_are_refused_with_both_shapes(tmp_path, features, model, write_features):
    save_model(tmp_path / "model", model)
    write_features(tmp_path / "others", {"clip": np.zeros((40, 50))}, **{**PARAMS, "hop_size": 41})
    with pytest.raises(InputFaults) as refusal:
        load_model(tmp_path / "model", open_features(tmp_path / "others"))
    (fault,) = refusal.value.lines
    assert "hop_size 50 there, 41 here" in fault
    assert "{'spectrogram': [40, 41]} there, {'spectrogram': [40, 50]} here" in fault
