import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from stages.lib.intervals.proportions import proportion
from stages.lib.measures.measures import COMPARED, class_table, compared_values, confusion, measure


def answers(matrix: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and answers that make a confusion matrix."""
    (hits, misses), (false_alarms, rejections) = matrix
    is_call = np.repeat([True, False], [hits + misses, false_alarms + rejections])
    return is_call, np.repeat([True, False, True, False], [hits, misses, false_alarms, rejections])


STUDY = [[80, 21], [14, 86]]


def log_odds_of(called: np.ndarray) -> np.ndarray:
    return np.where(called, 2.0, -2.0)


def measured(is_call: np.ndarray, log_odds: np.ndarray) -> dict:
    """Measure clips that are independent."""
    return measure(is_call, log_odds, np.arange(len(is_call)))


def test_the_confusion_matrix_has_the_truth_in_rows_and_calls_first():
    assert confusion(*answers(STUDY)).tolist() == STUDY


def test_the_confusion_matrix_has_four_cells_even_where_one_class_is_never_answered():
    assert confusion(*answers([[0, 3], [0, 4]])).tolist() == [[0, 3], [0, 4]]


def test_the_measures_of_the_study_come_out():
    is_call, called = answers(STUDY)
    measures = measured(is_call, log_odds_of(called))
    assert [round(measures[name], 4) for name in ("accuracy", "sensitivity", "specificity")] == [0.8259, 0.7921, 0.86]
    assert measures["confusion"] == {
        "calls_as_calls": 80,
        "calls_as_nocalls": 21,
        "nocalls_as_calls": 14,
        "nocalls_as_nocalls": 86,
    }
    assert measures["calls"]["support"] == 101
    assert measures["nocalls"]["support"] == 100


def test_every_proportion_lies_in_its_interval():
    is_call, called = answers(STUDY)
    measures = measured(is_call, log_odds_of(called))
    for name in ("accuracy", "sensitivity", "specificity"):
        assert measures["intervals"][name]["low"] < measures[name] < measures["intervals"][name]["high"]


def test_log_odds_of_zero_are_no_call():
    assert measured(np.array([True, False]), np.array([0.0, 0.0]))["confusion"] == {
        "calls_as_calls": 0,
        "calls_as_nocalls": 1,
        "nocalls_as_calls": 0,
        "nocalls_as_nocalls": 1,
    }


def test_a_perfect_model_has_ones_everywhere():
    measures = measured(np.array([True, True, False]), np.array([3.0, 2.0, -2.0]))
    names = ("accuracy", "sensitivity", "specificity", "roc_auc", "average_precision")
    assert [measures[name] for name in names] == [1] * 5


def test_the_area_under_the_curve_is_the_share_of_pairs_in_the_right_order():
    measures = measured(np.array([True, True, False, False]), np.array([2.0, -1.0, 0.5, -3.0]))
    assert measures["roc_auc"] == 0.75
    # Calls come first and third: (1/1 + 2/3) / 2.
    assert measures["average_precision"] == pytest.approx(5 / 6, abs=1e-6)


def test_scores_that_are_all_but_certain_keep_their_order():
    # As probabilities of six decimals these are 1, 1, 0, 0, which says less: areas of 0.5.
    measures = measured(np.array([True, False, True, False]), np.array([60.0, 50.0, -50.0, -60.0]))
    assert measures["roc_auc"] == 0.75
    assert measures["average_precision"] == pytest.approx(5 / 6, abs=1e-6)
    values = compared_values(
        np.array([True, False, True, False]), np.array([60.0, 50.0, -50.0, -60.0]), np.ones((1, 4), int)
    )
    assert values[0, 3:] == pytest.approx([0.75, 5 / 6])


def test_clips_of_one_recording_widen_the_intervals():
    # 40 recordings of 5 clips each, all of a recording right or all wrong: they say as much as 40 clips.
    right = np.repeat(np.arange(40) % 10 > 0, 5)
    is_call = np.arange(200) % 2 == 0
    log_odds = log_odds_of(right == is_call)
    by_recording = measure(is_call, log_odds, np.repeat(np.arange(40), 5))["intervals"]["accuracy"]
    by_clip = measured(is_call, log_odds)["intervals"]["accuracy"]
    rate, low, high = proportion(36, 40)
    assert rate == 0.9
    assert [by_recording["low"], by_recording["high"]] == pytest.approx([low, high], abs=0.01)
    assert by_clip["low"] - by_recording["low"] > 0.05


def test_the_class_table_has_precision_recall_and_f1():
    table = class_table(*answers(STUDY))
    precision, recall = 80 / 94, 80 / 101
    assert table["calls"] == {
        "precision": pytest.approx(precision, abs=1e-6),
        "recall": pytest.approx(recall, abs=1e-6),
        "f1": pytest.approx(2 * precision * recall / (precision + recall), abs=1e-6),
        "support": 101,
    }
    assert table["macro_avg"]["recall"] == pytest.approx((80 / 101 + 86 / 100) / 2, abs=1e-6)
    assert table["weighted_avg"]["recall"] == pytest.approx(166 / 201, abs=1e-6)


def every_clip_once(is_call: np.ndarray) -> np.ndarray:
    return np.ones((1, len(is_call)), int)


def test_the_compared_values_are_the_measures():
    random = np.random.default_rng(0)
    is_call, log_odds = random.random(60) < 0.4, random.normal(size=60)
    measures = measured(is_call, log_odds)
    (values,) = compared_values(is_call, log_odds, every_clip_once(is_call))
    assert values == pytest.approx([measures[name] for name in COMPARED], abs=1e-6)
    assert measures["roc_auc"] == pytest.approx(roc_auc_score(is_call, log_odds), abs=1e-6)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10), st.integers(0, 3)), min_size=1, max_size=30))
def test_the_compared_values_of_a_sample_are_those_of_scikit_learn(clips):
    is_call, tenths, drawn = map(np.array, zip(*clips, strict=True))
    log_odds = tenths - 5.0
    if not drawn.any():
        return
    values = compared_values(is_call, log_odds, np.stack([drawn, 2 * drawn]))
    np.testing.assert_allclose(values[0], values[1])
    right = (log_odds > 0) == is_call
    assert values[0, 0] == pytest.approx(np.average(right, weights=drawn))
    if drawn[is_call].any() and drawn[~is_call].any():
        assert values[0, 1:] == pytest.approx(
            [
                np.average(right[is_call], weights=drawn[is_call]),
                np.average(right[~is_call], weights=drawn[~is_call]),
                roc_auc_score(is_call, log_odds, sample_weight=drawn),
                average_precision_score(is_call, log_odds, sample_weight=drawn),
            ]
        )
    else:
        assert np.isnan(values[0, 1:]).all()


@pytest.mark.parametrize("truth", [True, False])
def test_clips_of_one_class_leave_all_but_the_accuracy_undefined(truth):
    is_call = np.array([truth, truth])
    (values,) = compared_values(is_call, np.array([2.0, -2.0]), every_clip_once(is_call))
    assert values[0] == 0.5
    assert np.isnan(values[1:]).all()
