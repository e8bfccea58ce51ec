import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stages.lib.model import probe
from stages.lib.model.calibration import fit_temperature
from stages.lib.model.probe import FACTORS, FEWEST_TO_CHOOSE, USUAL_STRENGTH, fit, folds_of, square_roots, train_probe


def clips(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings of 60 channels, of which some tell calls, and what they are; calls and no-calls alternate."""
    random = np.random.default_rng(seed)
    is_call = np.arange(count) % 2 == 0
    embeddings = random.normal(5, 3, (count, 60))
    embeddings[:, :8] += 2 * is_call[:, None]
    return embeddings.astype(np.float16), is_call


def test_it_is_the_logistic_regression_of_scikit_learn():
    embeddings, is_call = clips(100)
    weights = np.random.default_rng(1).uniform(0.1, 2, 100)
    reference = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    calls, nocalls = weights[is_call].sum(), weights[~is_call].sum()
    balanced = np.where(is_call, weights / calls, weights / nocalls) * (calls + nocalls) / 2
    roots = square_roots(embeddings)
    reference.fit(roots, is_call, logisticregression__sample_weight=balanced)
    log_odds = fit(embeddings, is_call, weights, 0.01).log_odds(embeddings)
    assert log_odds.dtype == np.float32
    np.testing.assert_allclose(log_odds, reference.decision_function(roots), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("count", "least"), [(16, 0.6), (60, 0.75), (300, 0.85)])
def test_labels_are_learnt_from(count, least):
    embeddings, is_call = clips(count)
    trained = train_probe(embeddings, is_call, np.ones(count), [f"sea{number}" for number in range(count)])
    others, truth = clips(1000, seed=1)
    assert roc_auc_score(truth, trained.probe.log_odds(others)) > least
    assert trained.calibrated_by == (count / 2, count / 2)


def test_square_roots_keep_their_signs():
    numbers = np.float16([[-4, 0], [0.25, 9]])
    assert square_roots(numbers).tolist() == [[-2, 0], [0.5, 3]]


def test_with_many_labels_the_strength_is_the_one_that_does_best_in_cross_validation():
    embeddings, is_call = clips(160)
    recordings = [f"sea{number // 4}" for number in range(160)]
    trained = train_probe(embeddings, is_call, np.ones(160), recordings)
    folds = folds_of(is_call, recordings)
    losses = {}
    for strength in [USUAL_STRENGTH / 60 * factor for factor in FACTORS]:
        held_out = np.empty(160)
        for fold in set(folds):
            out = folds == fold
            log_odds = fit(embeddings[~out], is_call[~out], np.ones((~out).sum()), strength).log_odds(embeddings[out])
            held_out[out] = log_odds
        temperature = fit_temperature(held_out, is_call)
        losses[strength] = log_loss(is_call, 1 / (1 + np.exp(-held_out / temperature)))
    assert trained.probe.strength == min(losses, key=losses.get)


@pytest.mark.parametrize("count", [8, FEWEST_TO_CHOOSE - 1])
def test_with_few_labels_the_strength_is_the_usual_one(count):
    for seed in range(4):
        embeddings, is_call = clips(count, seed)
        trained = train_probe(embeddings, is_call, np.ones(count), [f"sea{number}" for number in range(count)])
        assert trained.probe.strength == USUAL_STRENGTH / 60


def test_the_scores_are_calibrated_without_validation_clips():
    embeddings, is_call = clips(200)
    trained = train_probe(embeddings, is_call, np.ones(200), [f"sea{number}" for number in range(200)])
    others, truth = clips(4000, seed=2)
    p_call = 1 / (1 + np.exp(-trained.probe.log_odds(others).astype(float) / trained.temperature))
    assert abs(p_call[(p_call > 0.6) & (p_call < 0.9)].mean() - truth[(p_call > 0.6) & (p_call < 0.9)].mean()) < 0.08


def test_no_recording_is_divided_between_folds_where_there_are_enough():
    is_call = np.arange(60) % 2 == 0
    recordings = [f"sea{number // 6}" for number in range(60)]
    folds = folds_of(is_call, recordings)
    assert len(set(folds)) == 10
    assert all(len(set(folds[start : start + 6])) == 1 for start in range(0, 60, 6))


@pytest.mark.parametrize("recordings", [["sea"] * 8, ["calls", "nocalls"] * 4])
def test_clips_of_too_few_recordings_are_divided_by_clip(recordings):
    folds = folds_of(np.arange(8) % 2 == 0, recordings)
    assert len(set(folds)) == 4


def test_four_calls_and_four_no_calls_are_enough():
    embeddings, is_call = clips(8)
    trained = train_probe(embeddings, is_call, np.ones(8), [f"sea{number}" for number in range(8)])
    assert trained.calibrated_by == (4, 4)
    others, truth = clips(1000, seed=1)
    assert roc_auc_score(truth, trained.probe.log_odds(others)) > 0.55


def test_one_clip_of_a_class_leaves_nothing_to_calibrate_by():
    embeddings, is_call = clips(9)
    is_call[1:] = False
    trained = train_probe(embeddings, is_call, np.ones(9), list("abcdefghi"))
    assert (trained.probe.strength, trained.temperature, trained.calibrated_by) == (USUAL_STRENGTH / 60, 1.0, (0, 0))


def test_a_clip_counts_for_its_weight():
    embeddings, is_call = clips(60)
    wrong = is_call.copy()
    wrong[:20] = ~wrong[:20]
    weights = np.where(np.arange(60) < 20, 1e-6, 1.0)
    trusted = fit(embeddings[20:], is_call[20:], np.ones(40), 0.01).log_odds(embeddings)
    weighted = fit(embeddings, wrong, weights, 0.01).log_odds(embeddings)
    assert ((weighted > 0) == is_call).mean() > 0.8
    assert np.corrcoef(trusted, weighted)[0, 1] > 0.95


def test_the_same_labels_give_the_same_bytes():
    embeddings, is_call = clips(40)
    recordings = [f"sea{number}" for number in range(40)]
    first, second = (train_probe(embeddings, is_call, np.ones(40), recordings) for _ in range(2))
    assert first.probe.coefficients.tobytes() == second.probe.coefficients.tobytes()
    assert first[1:] == second[1:]


def test_the_score_of_a_clip_does_not_depend_on_the_clips_beside_it():
    embeddings, is_call = clips(300)
    trained = probe.fit(embeddings, is_call, np.ones(300), 0.01)
    together = trained.log_odds(embeddings)
    alone = np.concatenate([trained.log_odds(embeddings[[row]]) for row in range(300)])
    np.testing.assert_array_equal(together, alone)


def test_more_labels_of_one_class_do_not_push_the_scores_to_its_side():
    embeddings, is_call = clips(120)
    chosen = np.flatnonzero(is_call | (np.arange(120) < 30))
    trained = train_probe(
        embeddings[chosen], is_call[chosen], np.ones(len(chosen)), [f"sea{number}" for number in chosen]
    )
    others, _ = clips(1000, seed=1)
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=trained.probe.strength, max_iter=1000))
    plain.fit(square_roots(embeddings[chosen]), is_call[chosen])
    called = (trained.probe.log_odds(others) > 0).mean()
    assert abs(called - 0.5) < 0.7 * abs((plain.decision_function(square_roots(others)) > 0).mean() - 0.5)


def test_labels_by_the_model_itself_neither_calibrate_nor_choose_the_strength():
    embeddings, is_call = clips(160)
    is_call[60:] = fit(embeddings[:60], is_call[:60], np.ones(60), 0.01).log_odds(embeddings[60:]) > 0
    recordings = [f"sea{number}" for number in range(160)]
    by_people = np.arange(160) < 60
    misled = train_probe(embeddings, is_call, np.ones(160), recordings)
    trained = train_probe(embeddings, is_call, np.ones(160), recordings, by_people)
    assert trained.calibrated_by == (int(is_call[:60].sum()), int((~is_call[:60]).sum()))
    assert trained.probe.strength == USUAL_STRENGTH / 60
    assert trained.temperature > misled.temperature


def test_labels_of_one_class_by_people_leave_nothing_to_calibrate_by():
    embeddings, is_call = clips(40)
    recordings = [f"sea{number}" for number in range(40)]
    trained = train_probe(embeddings, is_call, np.ones(40), recordings, is_call.copy())
    assert (trained.temperature, trained.calibrated_by) == (1.0, (0, 0))
