import joblib
import pytest

from stages.lib.runtime.faults import InputFaults, refuse


def test_nothing_wrong_is_not_refused():
    assert refuse([]) is None


def test_all_faults_are_refused_together():
    with pytest.raises(InputFaults) as refusal:
        refuse(fault for fault in ("first", "second"))
    assert refusal.value.lines == ["first", "second"]
    assert str(refusal.value) == "first\nsecond"


def test_each_fault_is_one_line_whatever_a_file_is_called():
    with pytest.raises(InputFaults) as refusal:
        refuse(["new\nline.wav: is empty", "old\r\nline.wav: is empty"])
    assert str(refusal.value).splitlines() == ["new\\nline.wav: is empty", "old\\r\\nline.wav: is empty"]


def test_faults_found_by_another_process_arrive_whole():
    calls = [joblib.delayed(refuse)(["first", "second"])] * 2
    with pytest.raises(InputFaults) as refusal:
        joblib.Parallel(n_jobs=2)(calls)
    assert refusal.value.lines == ["first", "second"]
