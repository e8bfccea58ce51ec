import numpy as np

from stages.lib.measures.plot_rows import outcome_rows, precision_recall_rows, roc_rows

IS_CALL = np.array([True, True, False, False])
LOG_ODDS = np.array([2.0, -1.0, 0.5, -2.0])


def test_the_roc_curve_goes_from_nothing_to_everything():
    rows = roc_rows(IS_CALL, LOG_ODDS)
    assert (rows[0], rows[-1]) == ((0, 0), (1, 1))
    assert (0, 0.5) in rows
    assert rows == sorted(rows)


def test_the_precision_recall_curve_has_the_recall_first():
    rows = precision_recall_rows(IS_CALL, LOG_ODDS)
    assert {(0.5, 1.0), (0.5, 0.5), (1.0, 0.666667)} <= set(rows)


def test_the_confusion_plot_has_name_truth_and_prediction_of_each_clip():
    assert outcome_rows(["a", "b", "c", "d"], ["sea", "sea", "bay", "bay"], IS_CALL, LOG_ODDS) == [
        ("a", "sea", "calls", "calls"),
        ("b", "sea", "calls", "nocalls"),
        ("c", "bay", "nocalls", "calls"),
        ("d", "bay", "nocalls", "nocalls"),
    ]
