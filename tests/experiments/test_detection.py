import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.metrics import average_precision_score

from experiments.clone import REPOSITORY
from experiments.detection import run
from experiments.detection.matching import Call, match
from experiments.detection.measures import Detected, at_threshold, average_precision, curve, recall_at
from experiments.detection.section import section
from tools.lib.detection.detections import Detection

QUICK = """\
train:
  epochs: 1
split:
  train: 100
  valid: 40
  pool: 40
  test: 40
"""
CALLS = [Call(10, 11), Call(12, 13), Call(30, 31)]

# Which detections are calls.


def test_a_detection_that_overlaps_a_call_finds_it():
    detections = [Detection(9, 10.1, 0.9), Detection(13, 14, 0.8), Detection(30.2, 30.3, 0.7), Detection(40, 41, 0.6)]
    assert match(detections, CALLS) == [True, False, True, False]


def test_a_call_is_found_once_by_the_detection_of_the_highest_score():
    assert match([Detection(10, 10.4, 0.7), Detection(10.6, 11, 0.9)], CALLS) == [False, True]


def test_a_detection_finds_one_call_and_leaves_the_other_to_the_next():
    # It has more time in common with the second.
    both = Detection(10.5, 13, 0.9)
    assert match([both, Detection(10, 10.4, 0.5)], CALLS) == [True, True]
    assert match([both, Detection(12, 13, 0.5)], CALLS) == [True, False]
    assert match([both], CALLS) == [True]


def test_where_there_are_no_calls_nothing_is_found():
    assert match([Detection(0, 900, 1.0)], []) == [False]
    assert match([], CALLS) == []


spans = some.tuples(some.integers(0, 40), some.integers(1, 10), some.floats(0, 1))


@given(some.lists(spans, max_size=12), some.lists(spans, max_size=8))
def test_no_more_is_found_than_there_is_and_nothing_is_found_out_of_reach(detected, called):
    detections = [Detection(begin, begin + length, score) for begin, length, score in detected]
    calls = [Call(begin, begin + length) for begin, length, _ in called]
    found = match(detections, calls)
    assert len(found) == len(detections)
    assert sum(found) <= len(calls)
    for detection, finds in zip(detections, found, strict=True):
        if finds:
            assert any(call.start_s < detection.end_s and detection.start_s < call.end_s for call in calls)


# Two recordings of half an hour: three calls in the first, one of them never found, none in the second.
OUTCOME = Detected(
    np.array([0.9, 0.8, 0.6, 0.6, 0.3]),
    np.array([True, False, True, False, False]),
    np.array([0, 1, 0, 0, 1]),
    np.array([3, 0]),
    np.array([0.5, 0.5]),
)
AS_IT_IS = np.ones((1, 2), int)


def test_the_curve_has_a_place_for_each_score():
    of = curve(OUTCOME, AS_IT_IS)
    assert of.recall == pytest.approx(np.array([[1 / 3, 1 / 3, 2 / 3, 2 / 3]]))
    assert of.precision == pytest.approx(np.array([[1, 1 / 2, 2 / 4, 2 / 5]]))
    assert of.false_alarms_per_hour == pytest.approx(np.array([[0, 1, 2, 3]]))


def test_average_precision_counts_the_call_that_was_never_found():
    assert average_precision(curve(OUTCOME, AS_IT_IS)) == pytest.approx([(1 + 1 / 2) / 3])


def test_recall_at_so_many_false_alarms_an_hour():
    assert recall_at(curve(OUTCOME, AS_IT_IS), [0, 1.9, 2, 100]) == pytest.approx(np.array([[1, 1, 2, 2]]) / 3)
    # The first recording alone has four false alarms an hour where the second call is found.
    assert recall_at(curve(OUTCOME, np.array([[1, 0]])), [1, 2]) == pytest.approx(np.array([[1, 2]]) / 3)


def test_what_is_above_a_threshold():
    assert at_threshold(OUTCOME, AS_IT_IS, 0.6) == pytest.approx(np.array([[1 / 3, 1 / 2, 1]]))
    (everything, nothing) = at_threshold(OUTCOME, np.array([[2, 0], [0, 1]]), 0)
    assert everything == pytest.approx([2 / 3, 2 / 3, 2])
    assert np.isnan(nothing[0])
    assert nothing[1:] == pytest.approx([0, 4])


def test_nothing_detected_is_a_recall_of_nothing():
    nothing = Detected(np.empty(0), np.empty(0, bool), np.empty(0, int), OUTCOME.calls, OUTCOME.hours)
    of = curve(nothing, AS_IT_IS)
    assert average_precision(of) == 0
    assert recall_at(of, [1, 2]).tolist() == [[0, 0]]


@given(some.integers(0, 1000), some.integers(0, 5))
def test_average_precision_is_that_of_scikit_learn_over_all_calls(seed, missed):
    random = np.random.default_rng(seed)
    found = np.append(random.random(30) < 0.4, True)
    outcome = Detected(
        random.integers(0, 12, 31) / 12,
        found,
        random.integers(0, 4, 31),
        np.bincount([0] * (found.sum() + missed), minlength=4),
        np.full(4, 0.25),
    )
    expected = average_precision_score(found, outcome.p_call) * found.sum() / (found.sum() + missed)
    assert average_precision(curve(outcome, np.ones((1, 4), int))) == pytest.approx([expected])


def test_a_recording_that_is_drawn_twice_counts_twice():
    twice = Detected(
        np.tile(OUTCOME.p_call, 2),
        np.tile(OUTCOME.found, 2),
        np.concatenate([OUTCOME.recording, OUTCOME.recording + 2]),
        np.tile(OUTCOME.calls, 2),
        np.tile(OUTCOME.hours, 2),
    )
    drawn = np.array([[2, 1]])
    repeated = np.array([[1, 1, 1, 0]])
    for one, other in zip(curve(OUTCOME, drawn), curve(twice, repeated), strict=True):
        assert one == pytest.approx(other)


# The page.


def test_the_section_holds_each_seed_and_each_threshold():
    text = section({"network": [OUTCOME, OUTCOME], "probe": [OUTCOME, OUTCOME]})
    assert text.startswith(
        "3 calls in 1 of 2 recordings, 1.00 h in total.\n\n| model | split seed | average precision |"
    )
    rows = [line for line in text.splitlines() if line.startswith(("| probe | 0 | 0.50 (", "| network | 1 | 0.50 ("))]
    assert len(rows) == 2
    # At 1 and at 2 false alarms an hour.
    assert rows[0].split(" | ")[3].startswith("0.33 (")
    assert rows[0].split(" | ")[4].startswith("0.67 (")
    assert "| network | **mean** | 0.50 ± 0.00 | 0.33 ± 0.00 |" in text
    assert "| probe | 0 | 1.00 | 0.50 | 0.50 | not reached | not reached |" in text
    assert "| 0.5 | network | 0.67 ± 0.00 | 0.50 ± 0.00 | 2.0 ± 0.0 | 2.0 ± 0.0 | 2.0 ± 0.0 |" in text


def test_annotated_calls_are_read_by_recording(tmp_path):
    table = tmp_path / "annotations.tsv"
    table.write_text(
        "filename\tstart_s\tduration_s\tlabel\na.flac\t1.5\t2\tcall\nb.flac\t0\t900\tnocall\na.flac\t9\t1\tcall\n"
    )
    assert run.read_calls(table) == {"a.flac": [(1.5, 3.5), (9, 10)], "b.flac": []}


@pytest.mark.prove
@pytest.mark.skipif(not run.LONG_RECORDINGS.is_dir(), reason="the real recordings are not part of the repository")
def test_a_short_pass_over_the_real_recordings(tmp_path):
    overlay, page = tmp_path / "quick.yaml", tmp_path / "results.md"
    overlay.write_text(QUICK)
    page.write_text("<!-- detection: begin -->\n<!-- detection: end -->\n")
    command = [sys.executable, "-m", "experiments.detection.run", "--seeds", "1", "--overlay", str(overlay)]
    command += ["--kinds", "network"]
    outcome = subprocess.run(
        [*command, "--page", str(page)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "73 calls in 5 of 10 recordings, 2.50 h in total." in page.read_text()
    assert "| 0.5 | network | 0." in page.read_text()
