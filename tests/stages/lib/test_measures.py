import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from stages.lib.measures import COMPARED, class_table, compared_values, confusion, measure


def answers(matrix: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and answers that make a confusion matrix."""
    (hits, misses), (false_alarms, rejections) = matrix
    is_call = np.repeat([True, False], [hits + misses, false_alarms + rejections])
    return is_call, np.repeat([True, False, True, False], [hits, misses, false_alarms, rejections])


STUDY = [[80, 21], [14, 86]]


def test_the_confusion_matrix_has_the_truth_in_rows_and_calls_first():
    assert confusion(*answers(STUDY)).tolist() == STUDY


def test_the_confusion_matrix_has_four_cells_even_where_one_class_is_never_answered():
    assert confusion(*answers([[0, 3], [0, 4]])).tolist() == [[0, 3], [0, 4]]


def test_the_measures_of_the_study_come_out():
    is_call, called = answers(STUDY)
    measures = measure(is_call, np.where(called, 0.9, 0.1))
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
    measures = measure(is_call, np.where(called, 0.9, 0.1))
    for name in ("accuracy", "sensitivity", "specificity"):
        assert measures["intervals"][name]["low"] < measures[name] < measures["intervals"][name]["high"]


def test_a_score_of_one_half_is_no_call():
    assert measure(np.array([True, False]), np.array([0.5, 0.5]))["confusion"] == {
        "calls_as_calls": 0,
        "calls_as_nocalls": 1,
        "nocalls_as_calls": 0,
        "nocalls_as_nocalls": 1,
    }


def test_a_perfect_model_has_ones_everywhere():
    measures = measure(np.array([True, True, False]), np.array([0.9, 0.8, 0.1]))
    names = ("accuracy", "sensitivity", "specificity", "roc_auc", "average_precision")
    assert [measures[name] for name in names] == [1] * 5


def test_the_area_under_the_curve_is_the_share_of_pairs_in_the_right_order():
    measures = measure(np.array([True, True, False, False]), np.array([0.9, 0.3, 0.6, 0.1]))
    assert measures["roc_auc"] == 0.75
    # Calls come first and third: (1/1 + 2/3) / 2.
    assert measures["average_precision"] == pytest.approx(5 / 6, abs=1e-6)


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
    is_call, p_call = random.random(60) < 0.4, random.random(60)
    measures = measure(is_call, p_call)
    (values,) = compared_values(is_call, p_call, every_clip_once(is_call))
    assert values == pytest.approx([measures[name] for name in COMPARED], abs=1e-6)
    assert measures["roc_auc"] == pytest.approx(roc_auc_score(is_call, p_call), abs=1e-6)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10), st.integers(0, 3)), min_size=1, max_size=30))
def test_the_compared_values_of_a_sample_are_those_of_scikit_learn(clips):
    is_call, tenths, drawn = map(np.array, zip(*clips, strict=True))
    p_call = tenths / 10
    if not drawn.any():
        return
    values = compared_values(is_call, p_call, np.stack([drawn, 2 * drawn]))
    np.testing.assert_allclose(values[0], values[1])
    right = (p_call > 0.5) == is_call
    assert values[0, 0] == pytest.approx(np.average(right, weights=drawn))
    if drawn[is_call].any() and drawn[~is_call].any():
        assert values[0, 1:] == pytest.approx(
            [
                np.average(right[is_call], weights=drawn[is_call]),
                np.average(right[~is_call], weights=drawn[~is_call]),
                roc_auc_score(is_call, p_call, sample_weight=drawn),
                average_precision_score(is_call, p_call, sample_weight=drawn),
            ]
        )
    else:
        assert np.isnan(values[0, 1:]).all()


@pytest.mark.parametrize("truth", [True, False])
def test_clips_of_one_class_leave_all_but_the_accuracy_undefined(truth):
    is_call = np.array([truth, truth])
    (values,) = compared_values(is_call, np.array([0.9, 0.1]), every_clip_once(is_call))
    assert values[0] == 0.5
    assert np.isnan(values[1:]).all()
