"""Real trainings on features among which a few labels are wrong."""

import numpy as np
import pytest

from stages.lib.feature_store import open_features
from stages.lib.model.calibration import probability
from stages.lib.runtime.faults import InputFaults
from stages.lib.training.inputs import LabelledClips, TrainParams
from tests.support.feature_folder import write_features
from tools.lib.label_errors import cross_validation
from tools.lib.label_errors.cross_validation import calibration_apart, out_of_fold_log_odds, refuse_too_many_folds
from tools.lib.label_errors.label_quality import probable_errors

CLIPS, CLIPS_A_RECORDING, PLANTED, FOLDS = 120, 3, 12, 3
RECORDINGS = [f"sea{number // CLIPS_A_RECORDING:02d}" for number in range(CLIPS)]
TRUTH = ["call" if number % 2 else "nocall" for number in range(CLIPS)]
PARAMS = TrainParams(seed=1, epochs=10, batch_size=8, networks=1, learning_rate=0.003)


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """Clips of noise, every other one with a band in it that a network learns to hear, but not always."""
    random = np.random.default_rng(0)
    arrays = random.standard_normal((CLIPS, 40, 41))
    for number, label in enumerate(TRUTH):
        arrays[number, 10:16] += random.uniform(1, 4) * (label == "call")
    folder = tmp_path_factory.mktemp("features") / "features"
    write_features(folder, {f"clip{number:03d}": array for number, array in enumerate(arrays)}, fft_size=128)
    return open_features(folder)


@pytest.fixture(scope="module")
def planted():
    """The positions of the clips whose label is wrong."""
    return set(np.random.default_rng(1).choice(CLIPS, PLANTED, replace=False).tolist())


@pytest.fixture(scope="module")
def clips(features, planted):
    other = {"call": "nocall", "nocall": "call"}
    labels = [other[label] if number in planted else label for number, label in enumerate(TRUTH)]
    return LabelledClips.unweighted(list(features.places), labels)


@pytest.fixture(scope="module")
def log_odds(features, clips):
    return out_of_fold_log_odds(features, clips, RECORDINGS, FOLDS, PARAMS)


@pytest.fixture(scope="module")
def p_call(log_odds):
    return probability(log_odds, 1.0)


@pytest.mark.prove
def test_planted_label_errors_come_first(clips, planted, p_call):
    """By chance a tenth of the first dozen would be planted, and half of it twice in ten thousand trials."""
    errors = probable_errors(clips.clip_ids, clips.labels, p_call)
    wrong = {clips.clip_ids[number] for number in planted}
    assert sum(error.clip_id in wrong for error in errors[:PLANTED]) >= PLANTED / 2
    # And few that are right are suspected.
    assert sum(error.clip_id not in wrong for error in errors) <= 0.1 * CLIPS


def test_errors_are_listed_as_they_are_and_the_worst_first():
    clip_ids, p_call = [f"clip{number:03d}" for number in range(CLIPS)], np.random.default_rng(2).random(CLIPS)
    errors = probable_errors(clip_ids, TRUTH, p_call)
    score_of = dict(zip(clip_ids, p_call, strict=True))
    label_of = dict(zip(clip_ids, TRUTH, strict=True))
    assert errors
    for error in errors:
        assert (error.p_call, error.label) == (score_of[error.clip_id], label_of[error.clip_id])
        assert error.quality == pytest.approx(error.p_call if error.label == "call" else 1 - error.p_call)
    assert [error.quality for error in errors] == sorted(error.quality for error in errors)


@pytest.mark.prove
def test_the_scores_repeat(features, clips, log_odds):
    assert out_of_fold_log_odds(features, clips, RECORDINGS, FOLDS, PARAMS).tolist() == log_odds.tolist()


def test_a_clip_is_scored_by_a_network_that_knows_nothing_of_its_recording(features, clips, monkeypatch):
    """With no training, as only what each network would be trained on is looked at."""
    recording_of = dict(zip(clips.clip_ids, RECORDINGS, strict=True))
    learnt, scored = [], []

    def learn(features, train, valid, params):
        learnt.append([{recording_of[clip_id] for clip_id in part.clip_ids} for part in (train, valid)])
        return None, []

    def score(model, features, clip_ids):
        scored.append({recording_of[clip_id] for clip_id in clip_ids})
        return np.zeros(len(clip_ids))

    monkeypatch.setattr(cross_validation, "train_new_model", learn)
    monkeypatch.setattr(cross_validation, "calibrated_log_odds", score)
    out_of_fold_log_odds(features, clips, RECORDINGS, FOLDS, PARAMS)
    assert len(learnt) == len(scored) == FOLDS
    assert set().union(*scored) == set(RECORDINGS)
    for (train, valid), held_out in zip(learnt, scored, strict=True):
        assert train
        assert valid
        assert not train & valid
        assert not (train | valid) & held_out


def test_a_probe_learns_from_every_clip_of_the_other_recordings(features, clips, monkeypatch):
    """It is calibrated by the clips that it learns from. With eight labels, those set apart would be a third."""
    learnt = []

    def learn(features, train, valid, params):
        learnt.append((len(train.clip_ids), len(valid.clip_ids)))
        return None, []

    monkeypatch.setattr(cross_validation, "train_new_model", learn)
    monkeypatch.setattr(cross_validation, "calibrated_log_odds", lambda *_: 0.0)
    embeddings = features._replace(description={"shapes": {"embedding": [5]}})
    out_of_fold_log_odds(embeddings, clips, RECORDINGS, FOLDS, PARAMS)
    assert sum(count for count, _ in learnt) == (FOLDS - 1) * CLIPS
    assert [apart for _, apart in learnt] == [0] * FOLDS


def test_what_is_set_apart_leaves_both_labels_to_learn_from():
    labels, recordings = ["call", "call", "nocall", "nocall"], ["north", "north", "south", "east"]
    train, valid = calibration_apart(LabelledClips.unweighted(list("abcd"), labels), recordings, 1)
    assert (set(train.labels), len(train.clip_ids) + len(valid.clip_ids)) == ({"call", "nocall"}, 4)


def test_folds_without_both_labels_to_learn_from_are_refused_before_any_training(features):
    labels = ["call"] * 6 + ["nocall"] * 6
    recordings = ["north"] * 6 + ["south"] * 3 + ["east"] * 3
    clips = LabelledClips.unweighted(list(features.places)[:12], labels)
    with pytest.raises(InputFaults, match="--folds 3: .* label more recordings"):
        out_of_fold_log_odds(features, clips, recordings, 3, PARAMS)


@pytest.mark.parametrize("fold_count", [-1, 2, 7])
def test_folds_that_the_clips_do_not_allow_are_refused_with_what_would_do(fold_count):
    labels, recordings = ["call", "nocall"] * 6, [f"sea{number // 2}" for number in range(12)]
    with pytest.raises(InputFaults) as faults:
        refuse_too_many_folds("labels/split.csv", labels, recordings, fold_count)
    allowed = "labels/split.csv allows 3 to 6 (6 call, 6 nocall, 6 recordings); give a number in this range"
    assert faults.value.lines == [f"--folds {fold_count}: {allowed}"]


@pytest.mark.parametrize("labels", [[], ["call"] * 9, ["call", "nocall", "nocall", "nocall", "nocall"]])
def test_too_little_to_learn_from_is_refused(labels):
    with pytest.raises(InputFaults, match="has too few clips for a cross-validation"):
        refuse_too_many_folds("labels/split.csv", labels, [f"sea{number}" for number in range(len(labels))], 3)
