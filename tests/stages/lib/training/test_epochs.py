import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow
from sklearn.metrics import roc_auc_score

from experiments.clone import REPOSITORY, environment
from stages.lib.feature_store import load_clips, open_features
from stages.lib.model.calibration import fit_temperature
from stages.lib.model.model_folder import Model
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.model.scoring import log_odds_of
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.faults import InputFaults
from stages.lib.training.epochs import HISTORY_COLUMNS, cross_entropy, train_model
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import calibrate

TRAIN_AND_SAVE = """
import sys
from pathlib import Path
from stages.lib.runtime.determinism import pin
from stages.lib.feature_store import load_clips, open_features
from stages.lib.model.model_folder import Model, save_model
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.training.epochs import train_model
from stages.lib.training.inputs import LabelledClips, TrainParams

features = open_features(Path("features"))
clip_ids = list(features.places)
pin(1)
model = Model(
    build_network((40, 41), 3), features.description, Normalisation.learn([load_clips(features, clip_ids)])
)
labels = ["call" if "_call" in clip_id else "nocall" for clip_id in clip_ids]
clips = LabelledClips(clip_ids, labels, [1.0] * len(labels))
params = TrainParams(seed=1, epochs=2, batch_size=8, networks=1, learning_rate=0.001)
train_model(model, features, clips, clips, params)
save_model(Path(sys.argv[1]), model)
"""


@pytest.fixture
def features(tmp_path, write_features):
    """Open a folder of 80 clips of noise, half of them with a loud band."""
    random = np.random.default_rng(0)
    arrays = {}
    for number in range(80):
        label = ("call", "nocall")[number % 2]
        array = random.standard_normal((40, 41))
        array[10:16] += 4 * (label == "call")
        arrays[f"clip{number:02d}_{label}"] = array
    write_features(tmp_path / "features", arrays, fft_size=128)
    return open_features(tmp_path / "features")


def labelled(clip_ids: list[str]) -> LabelledClips:
    labels = ["call" if "_call" in clip_id else "nocall" for clip_id in clip_ids]
    return LabelledClips(clip_ids, labels, [1.0] * len(labels))


def test_a_call_is_one_and_a_nocall_zero():
    targets = LabelledClips(["a", "b"], ["call", "nocall"], [1.0, 1.0]).targets
    assert (targets.tolist(), targets.dtype) == ([[1.0], [0.0]], np.float32)


def test_training_learns_an_obvious_difference_and_says_how(features):
    clip_ids = list(features.places)
    train, valid, test = labelled(clip_ids[:48]), labelled(clip_ids[48:64]), labelled(clip_ids[64:])
    pin(0)
    model = Model(
        build_network((40, 41)), features.description, Normalisation.learn([load_clips(features, train.clip_ids)])
    )
    params = TrainParams(seed=0, epochs=12, batch_size=8, networks=1, learning_rate=0.003)
    history = train_model(model, features, train, valid, params)
    assert roc_auc_score(test.targets[:, 0], log_odds_of(model, features, test.clip_ids)) > 0.95
    temperature = fit_temperature(log_odds_of(model, features, valid.clip_ids), valid.targets[:, 0] == 1)
    assert calibrate(model, features, valid) == model._replace(temperature=temperature, calibrated_by=(8, 8))
    assert [row[0] for row in history] == list(range(1, len(history) + 1))
    assert {len(row) for row in history} == {len(HISTORY_COLUMNS)}
    assert float(history[-1][1]) < float(history[0][1])


def test_the_cross_entropy_agrees_with_keras():
    draws = np.random.default_rng(0)
    log_odds = draws.normal(0, 3, (50, 1)).astype(np.float32)
    targets = (draws.random((50, 1)) < 0.5).astype(np.float32)
    expected = keras.losses.binary_crossentropy(targets, 1 / (1 + np.exp(-log_odds)))
    np.testing.assert_allclose(cross_entropy(targets, log_odds), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("log_odds", [-1000.0, 1000.0])
def test_the_cross_entropy_of_a_sure_answer_is_finite(log_odds):
    values = cross_entropy(np.float32([[0], [1]]), np.float32([[log_odds], [log_odds]])).numpy()
    assert sorted(values) == [0, 1000]


# Makers of processors approximate these differently.
APPROXIMATE = {"Rsqrt", "RsqrtGrad", "Reciprocal", "ReciprocalGrad", "Inv", "InvGrad"}


def operations_of_a_step(network: keras.Model, loss) -> set[str]:
    """Return the types of operation by which TensorFlow computes the gradient of a loss."""

    @tensorflow.function
    def step(arrays, targets):
        with tensorflow.GradientTape() as tape:
            value = loss(targets, network(arrays, training=True))
        return tape.gradient(value, network.trainable_variables)

    graph = step.get_concrete_function(tensorflow.ones((2, 40, 41)), tensorflow.ones((2, 1))).graph.as_graph_def()
    bodies = [graph.node, *(function.node_def for function in graph.library.function)]
    return {node.op for body in bodies for node in body}


def test_training_uses_no_operation_that_processors_approximate():
    operations = operations_of_a_step(build_network((40, 41)), cross_entropy)
    assert {"Sqrt", "Softplus", "RealDiv"} <= operations
    assert not operations & APPROXIMATE


def test_keras_own_layer_and_loss_would_use_such_operations():
    network = keras.Sequential(
        [keras.Input((40, 41)), keras.layers.BatchNormalization(), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    assert operations_of_a_step(network, keras.losses.binary_crossentropy) & APPROXIMATE == {"Rsqrt", "Reciprocal"}


@pytest.mark.prove
@pytest.mark.usefixtures("features")
def test_training_on_one_core_and_on_all_gives_the_same_bytes(tmp_path):
    cores = [str(core) for core in sorted(os.sched_getaffinity(0))]
    processes = [
        subprocess.Popen(
            ["taskset", "--cpu-list", ",".join(of_process), sys.executable, "-c", TRAIN_AND_SAVE, name],
            cwd=tmp_path,
            env={**environment(), "PYTHONPATH": str(REPOSITORY)},
        )
        for name, of_process in (("first", cores[:1]), ("second", cores))
    ]
    assert [process.wait() for process in processes] == [0, 0]
    first, second = ((tmp_path / name / "network.weights.h5").read_bytes() for name in ("first", "second"))
    assert first == second


@pytest.mark.parametrize("learning_rate, weight", [(0.001, 1e39), (1.0, 1e36)])
def test_a_training_whose_loss_is_no_longer_a_number_is_refused(features, learning_rate, weight):
    clip_ids = list(features.places)
    pin(1)
    normalisation = Normalisation.learn([load_clips(features, clip_ids)])
    model = Model(build_network((40, 41)), features.description, normalisation)
    clips = labelled(clip_ids)._replace(weights=[weight] + [1.0] * 79)
    params = TrainParams(seed=1, epochs=2, batch_size=8, networks=1, learning_rate=learning_rate)
    with pytest.raises(InputFaults, match="^params.yaml: .* train.learning_rate .* merge_labels.review_weight"):
        train_model(model, features, clips, labelled([]), params)
