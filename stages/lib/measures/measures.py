"""Measures of a model on test clips."""

import numpy as np

from stages.lib.intervals.bootstrap import proportion_of_clips

CLASS_NAMES = ("calls", "nocalls")
THRESHOLD = 0.5  # For p_call; for log-odds it is 0.
OUTCOME_COLUMNS = ("clip_id", "recording", "truth", "prediction")  # Of metrics/plots/confusion_*.csv.
# The measures to compare, in the order of all lists of differences.
COMPARED = ("accuracy", "sensitivity", "specificity", "roc_auc", "average_precision")
# The networks of a training share their batches. Other batches move all of them together, by about as much as other
# weights move one of them (measured: docs/results.md, "Training spread").
BATCHES_SHARE = 1.0


def confusion(is_call: np.ndarray, called: np.ndarray) -> np.ndarray:
    """Return the confusion matrix in the study's layout.

    Parameters
    ----------
    is_call, called : ndarray of bool, shape (clips,)
        The truth and the model's decision.

    Returns
    -------
    ndarray of int, shape (2, 2)
        Rows are the truth, columns the model's decision; calls first, then no-calls.
    """
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(~is_call, ~called, labels=[False, True])


def class_table(is_call: np.ndarray, called: np.ndarray) -> dict:
    """Return precision, recall, f1 and support by class, with the macro and weighted averages."""
    from sklearn.metrics import classification_report

    report = classification_report(
        ~is_call, ~called, labels=[False, True], target_names=CLASS_NAMES, output_dict=True, zero_division=0.0
    )
    names = {"calls": "calls", "nocalls": "nocalls", "macro avg": "macro_avg", "weighted avg": "weighted_avg"}
    return {
        name: {
            "precision": round(report[key]["precision"], 6),
            "recall": round(report[key]["recall"], 6),
            "f1": round(report[key]["f1-score"], 6),
            "support": int(report[key]["support"]),
        }
        for key, name in names.items()
    }


def measure(is_call: np.ndarray, log_odds: np.ndarray, unit_of: np.ndarray) -> dict:
    """Measure one model.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
        At least one call and one no-call.
    log_odds : ndarray of float, shape (clips,)
        log(p_call / (1 - p_call)) as the network gives it. Rounding it or converting it to a probability would create
        ties.
    unit_of : ndarray of int, shape (clips,)
        The independent unit of each clip, as `drawing_units` returns it.

    Returns
    -------
    dict
        Numbers rounded to six decimals; `intervals` contains the 95 % Wilson intervals.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    called = log_odds > 0
    table = confusion(is_call, called)
    (calls_as_calls, calls_as_nocalls), (nocalls_as_calls, nocalls_as_nocalls) = table.tolist()
    right = called == is_call
    proportions = {
        "accuracy": proportion_of_clips(right, unit_of),
        "sensitivity": proportion_of_clips(right[is_call], unit_of[is_call]),
        "specificity": proportion_of_clips(right[~is_call], unit_of[~is_call]),
    }
    return {
        **{name: value for name, (value, _, _) in proportions.items()},
        "roc_auc": round(float(roc_auc_score(is_call, log_odds)), 6),
        "average_precision": round(float(average_precision_score(is_call, log_odds)), 6),
        "intervals": {name: {"low": low, "high": high} for name, (_, low, high) in proportions.items()},
        **class_table(is_call, called),
        "confusion": {
            "calls_as_calls": calls_as_calls,
            "calls_as_nocalls": calls_as_nocalls,
            "nocalls_as_calls": nocalls_as_calls,
            "nocalls_as_nocalls": nocalls_as_nocalls,
        },
    }


def training_spread(is_call: np.ndarray, log_odds: np.ndarray) -> dict[str, float | None]:
    """Estimate how much another training seed would change each measure in `COMPARED`.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    log_odds : ndarray of float, shape (clips, networks)

    Returns
    -------
    dict
        One standard deviation of each measure, from how much the networks differ; None for each if there is only one
        network. The model averages log-odds, not measures; docs/results.md says how well the approximation holds.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, chapter 3: the variance of the mean of a group is that of
    the group plus that of its members divided by their number.
    """
    networks = log_odds.shape[1]
    if networks == 1:
        return dict.fromkeys(COMPARED)
    all_clips = np.ones((1, len(is_call)), int)
    values = np.concatenate([compared_values(is_call, of_network, all_clips) for of_network in log_odds.T])
    spreads = values.std(axis=0, ddof=1) * np.sqrt(BATCHES_SHARE + 1 / networks)
    return {name: round(float(spread), 6) for name, spread in zip(COMPARED, spreads, strict=True)}


def compared_values(is_call: np.ndarray, log_odds: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the measures in `COMPARED` for many samples of the same clips at once.

    scikit-learn measures one sample at a time. For the thousand samples of a bootstrap, this is a hundred times faster.

    Parameters
    ----------
    is_call : ndarray of bool, shape (clips,)
    log_odds : ndarray of float, shape (clips,)
    drawn : ndarray of int, shape (samples, clips)
        How often each sample contains each clip.

    Returns
    -------
    ndarray, shape (samples, 5)
        For a sample without calls or without no-calls, all measures but the accuracy are NaN.

    References
    ----------
    `roc_auc_score` and `average_precision_score` of scikit-learn, with `drawn` as `sample_weight`.
    """
    right = (log_odds > 0) == is_call
    calls, nocalls = drawn @ is_call, drawn @ ~is_call
    order = np.argsort(-log_odds, kind="stable")
    # Clips with equal scores pass a threshold together.
    last_of_equals = np.flatnonzero(np.diff(log_odds[order], append=-np.inf))
    found = np.cumsum(drawn[:, order] * is_call[order], axis=1)[:, last_of_equals]
    false_alarms = np.cumsum(drawn[:, order] * ~is_call[order], axis=1)[:, last_of_equals]
    with np.errstate(invalid="ignore"):
        recall, fall_out = found / calls[:, None], false_alarms / nocalls[:, None]
        # Before any clip has passed the threshold, recall does not rise, so any precision will do.
        precision = found / np.maximum(found + false_alarms, 1)
        measures = [
            drawn @ right / drawn.sum(axis=1),
            drawn @ (right & is_call) / calls,
            drawn @ (right & ~is_call) / nocalls,
            np.trapezoid(np.insert(recall, 0, 0, axis=1), np.insert(fall_out, 0, 0, axis=1), axis=1),
            (np.diff(recall, axis=1, prepend=0) * precision).sum(axis=1),
        ]
    values = np.column_stack(measures)
    values[(calls == 0) | (nocalls == 0), 1:] = np.nan
    return values
