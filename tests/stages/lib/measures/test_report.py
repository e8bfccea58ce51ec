import numpy as np
import pytest

from stages.lib.measures.report import full_report, model_report

BEFORE = """\
Before

              precision    recall  f1-score   support

       calls       0.85      0.79      0.82       101
     nocalls       0.80      0.86      0.83       100

    accuracy                           0.83       201
   macro avg       0.83      0.83      0.83       201
weighted avg       0.83      0.83      0.83       201

[[80 21]
 [14 86]]
acc: 0.8259
sensitivity: 0.7921
specificity: 0.8600
"""
AFTER = """\
After

              precision    recall  f1-score   support

       calls       0.89      0.77      0.83       101
     nocalls       0.80      0.90      0.85       100

    accuracy                           0.84       201
   macro avg       0.84      0.84      0.84       201
weighted avg       0.84      0.84      0.84       201

[[78 23]
 [10 90]]
acc: 0.8358
sensitivity: 0.7723
specificity: 0.9000
"""


def answers(matrix: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and answers that make a confusion matrix."""
    (hits, misses), (false_alarms, rejections) = matrix
    is_call = np.repeat([True, False], [hits + misses, false_alarms + rejections])
    return is_call, np.repeat([True, False, True, False], [hits, misses, false_alarms, rejections])


@pytest.mark.parametrize(
    ("title", "matrix", "expected"),
    [("Before", [[80, 21], [14, 86]], BEFORE), ("After", [[78, 23], [10, 90]], AFTER)],
)
def test_the_tables_of_the_study_come_out_digit_for_digit(title, matrix, expected):
    assert model_report(title, *answers(matrix)) == expected


def test_remarks_stand_before_the_verdict():
    is_call, called = answers([[80, 21], [14, 86]])
    change = {"accuracy": 0.0, "intervals": {"accuracy": {"low": 0.0, "high": 0.0}}, "permutation_p": 1.0}
    report = full_report(is_call, called, called, change, ["The test clips are few."])
    assert report.splitlines()[-3:-1] == ["The test clips are few.", ""]
    assert report.endswith("is no larger than chance.\n")


def test_the_full_report_holds_both_models_and_the_verdict():
    is_call, before = answers([[80, 21], [14, 86]])
    _, after = answers([[78, 23], [10, 90]])
    change = {"accuracy": 2 / 201, "intervals": {"accuracy": {"low": -0.02, "high": 0.04}}, "permutation_p": 0.82}
    report = full_report(is_call, before, after, change)
    assert report.index(BEFORE.split("\n", 1)[1]) < report.index(AFTER.split("\n", 1)[1])
    assert report.endswith("is no larger than chance.\n")
