"""The whole pipeline on the embeddings of a pretrained model, alone and beside the spectrogram."""

import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.clone import REPOSITORY, environment, overlay
from stages import evaluate, featurize
from stages.lib.feature_store import load_clips, open_features
from stages.lib.features.embedding import window_embeddings
from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.model_folder import BASELINE, RETRAINED, load_model, save_model
from stages.lib.model.scoring import embedding_of, log_odds_of
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import read_params
from stages.lib.training.epochs import HISTORY_COLUMNS
from tests.stages.conftest import SAMPLE_RATE, run_pipeline
from tests.support.tiny_pretrained import SIZE, put_in_place
from tools.lib.detection.detector import features_of as features_at
from tools.lib.detection.detector import open_detector, score_views

RECORDING = Path("data/tiny/recordings/sea03.wav")
VIEWS = (["embedding"], ["spectrogram", "embedding"])


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """A folder in which all stages have run with a probe."""
    return run_with(tmp_path_factory.mktemp("probe"), VIEWS[0])


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A folder in which all stages have run with networks and a probe."""
    return run_with(tmp_path_factory.mktemp("both"), VIEWS[1])


def run_with(folder, views):
    put_in_place(folder)
    return run_pipeline(folder, views=views, pretrained="tiny", speeds=[1.0, 2.0])


@pytest.fixture
def runs(probed, both):
    return {"probe": probed, "both": both}


@pytest.mark.parametrize("name", ["probe", "both"])
def test_the_embeddings_of_every_clip_are_kept(runs, name):
    with contextlib.chdir(runs[name]):
        features, params = open_features(), read_params("featurize", FeatureParams)
        assert features.description["shapes"]["embedding"] == [2 * SIZE]
        assert features.description["pretrained"]["licence"] == "CC0"
        (kept,) = load_clips(features, ["sea03_0000500"], "embedding")
        (expected,) = window_embeddings(RECORDING, [0.5], params)
    np.testing.assert_array_equal(kept, expected)


@pytest.mark.parametrize("name", ["probe", "both"])
def test_a_tone_is_learnt(runs, name):
    metrics = json.loads((runs[name] / "metrics" / "evaluation.json").read_text())
    assert metrics["after"]["roc_auc"] == 1
    assert (runs[name] / "labels" / "queue.csv").exists()


def test_a_probe_is_a_folder_of_two_files_that_repeat(probed, tmp_path):
    with contextlib.chdir(probed):
        model = load_model(RETRAINED, open_features())
    assert (model.network, model.normalisation) == (None, None)
    save_model(tmp_path / "again", model)
    files = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (probed / RETRAINED).iterdir()}
    assert set(files) == {"probe.npy", "model.json"}


def test_a_probe_needs_no_seed_and_says_so(probed):
    metrics = json.loads((probed / "metrics" / "evaluation.json").read_text())
    assert metrics["after"]["training_spread"]["accuracy"] == 0
    assert "No effect of other training seeds on the change" in (probed / "metrics/report.txt").read_text()


def test_a_probe_is_calibrated_by_the_clips_that_it_learns_from(probed):
    metrics = json.loads((probed / "metrics" / "evaluation.json").read_text())
    assert (metrics["before"]["calibration"]["calls"], metrics["before"]["calibration"]["nocalls"]) == (12, 12)


def test_the_history_of_a_probe_is_one_row(probed):
    with (probed / "metrics" / "plots" / "training_retrained.csv").open(newline="") as table:
        header, row = csv.reader(table)
    assert tuple(header) == HISTORY_COLUMNS
    assert row[0] == "1"
    assert float(row[1]) < 0.7


def test_both_are_the_mean_of_the_two(both):
    with contextlib.chdir(both):
        features = open_features()
        model = load_model(BASELINE, features)
        clip_ids = list(features.places)
        together = log_odds_of(model, features, clip_ids)
        network = log_odds_of(model._replace(probe=None), features, clip_ids)
        probe = log_odds_of(model._replace(network=None), features, clip_ids)
    np.testing.assert_allclose(together, (network + probe) / 2, atol=1e-5)
    assert np.abs(network - probe).max() > 0.1


def test_clips_alike_are_told_by_the_pretrained_embedding(both):
    with contextlib.chdir(both):
        features = open_features()
        clip_ids = list(features.places)
        embedding = embedding_of(load_model(BASELINE, features), features, [clip_ids[3], clip_ids[0]])
        np.testing.assert_array_equal(embedding, load_clips(features, [clip_ids[3], clip_ids[0]], "embedding"))


@pytest.mark.parametrize("name", ["probe", "both"])
def test_a_detector_gives_a_clip_the_score_that_the_pipeline_gives_it(runs, name):
    with contextlib.chdir(runs[name]):
        features = open_features()
        expected = log_odds_of(load_model(RETRAINED, features), features, ["sea03_0000500"])
        detector = open_detector(RETRAINED)
        views = features_at(RECORDING, [0.5], detector.params)
        p_call = score_views(detector.model, views)
    np.testing.assert_allclose(p_call, 1 / (1 + np.exp(-expected / detector.model.temperature)), atol=2e-6)


def test_a_detector_refuses_another_pretrained_model_of_that_name(probed, tmp_path):
    folder = shutil.copytree(probed, tmp_path / "copy")
    path = folder / "models" / "pretrained" / "tiny" / "pretrained.json"
    path.write_text(path.read_text().replace("CC0", "CC BY 4.0"))
    with contextlib.chdir(folder), pytest.raises(InputFaults, match="was trained on another models/pretrained/tiny"):
        open_detector(RETRAINED)


def test_a_network_alone_searches_without_the_pretrained_model_that_the_params_still_name(pipeline, tmp_path):
    folder = shutil.copytree(pipeline, tmp_path / "copy")
    path = folder / RETRAINED / "model.json"
    path.write_text(path.read_text().replace('"pretrained": "none"', '"pretrained": "away"'))
    with contextlib.chdir(folder):
        assert open_detector(RETRAINED).params.pretrained == "away"


def test_only_what_is_new_is_computed(probed, tmp_path, one_process):
    folder = shutil.copytree(probed, tmp_path / "copy")
    embeddings = {path.name: path.stat().st_ino for path in (folder / "features").glob("*.npy")}
    with contextlib.chdir(folder):
        overlay(folder / "params.yaml", {"featurize": {"views": ["embedding", "spectrogram"]}})
        featurize.main()
        now = {path.name: path.stat().st_ino for path in (folder / "features").glob("*.npy")}
        assert embeddings.items() <= now.items()
        assert len(now) == 24
        overlay(folder / "params.yaml", {"featurize": {"speeds": [4.0]}})
        featurize.main()
        left = {path.name: path.stat().st_ino for path in (folder / "features").glob("*.npy")}
    assert len(left.items() & now.items()) == 12
    assert not left.items() & embeddings.items()


def test_models_of_other_views_are_refused(probed, tmp_path, one_process):
    folder = shutil.copytree(probed, tmp_path / "copy")
    with contextlib.chdir(folder):
        overlay(folder / "params.yaml", {"featurize": {"views": ["spectrogram"]}})
        featurize.main()
        with pytest.raises(InputFaults, match="was trained on other features than those in features"):
            evaluate.main()


def test_a_pretrained_model_that_is_not_there_is_a_fault(data_set):
    overlay(data_set / "params.yaml", {"featurize": {"views": ["embedding"], "pretrained": "whale"}})
    with pytest.raises(InputFaults) as refusal:
        featurize.main()
    assert refusal.value.lines == [
        "models/pretrained/whale/pretrained.json: there is no such file; run git checkout models/pretrained/whale.dvc "
        "and dvc pull --force models/pretrained/whale.dvc, or bring it with python -m tools.add_pretrained"
    ]
    assert not (data_set / "features").exists()


def test_a_recording_of_another_rate_is_played_at_the_speed_that_was_asked_for(probed, tmp_path):
    """The same sound at twice the rate has nearly the same embedding."""
    with contextlib.chdir(probed):
        params = read_params("featurize", FeatureParams)
        samples, _ = soundfile.read(RECORDING)
        spectrum = np.fft.rfft(samples)
        doubled = 2 * np.fft.irfft(np.pad(spectrum, (0, len(samples) // 2)), 2 * len(samples))
        soundfile.write(tmp_path / "doubled.wav", doubled, 2 * SAMPLE_RATE, subtype="FLOAT")
        first = window_embeddings(RECORDING, [0.5], params)
        second = window_embeddings(tmp_path / "doubled.wav", [0.5], params)
    np.testing.assert_allclose(first[:, 2:8], second[:, 2:8], atol=0.3)


EMBED_AND_TRAIN = """
import sys
from pathlib import Path
import numpy as np
from stages.lib.feature_store import load_clips, open_features, recordings_of
from stages.lib.features.embedding import window_embeddings
from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.probe import train_probe
from stages.lib.runtime.params import read_params

params = read_params("featurize", FeatureParams)
embeddings = window_embeddings(Path("data/tiny/recordings/sea03.wav"), [0.0, 0.5, 1.0, 1.5], params)
features = open_features()
clip_ids = list(features.places)
is_call = np.array([clip_id.endswith("500") for clip_id in clip_ids])
known = load_clips(features, clip_ids, "embedding")
trained = train_probe(known, is_call, np.ones(len(clip_ids)), recordings_of(features, clip_ids))
print(embeddings.tobytes().hex(), trained.probe.coefficients.tobytes().hex(), trained.temperature)
"""


@pytest.mark.prove
def test_embeddings_and_probes_are_the_same_bytes_on_one_core_and_on_all(probed):
    cores = [str(core) for core in sorted(os.sched_getaffinity(0))]
    said = [
        subprocess.run(
            ["taskset", "--cpu-list", ",".join(of_process), sys.executable, "-c", EMBED_AND_TRAIN],
            cwd=probed,
            env={**environment(), "PYTHONPATH": str(REPOSITORY)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for of_process in (cores[:1], cores)
    ]
    assert said[0] == said[1] != ""
