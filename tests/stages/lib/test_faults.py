import pytest

from stages.lib.faults import InputFaults, refuse, run


def test_nothing_wrong_is_not_refused():
    assert refuse([]) is None


def test_all_faults_are_refused_together():
    with pytest.raises(InputFaults) as refusal:
        refuse(fault for fault in ("first", "second"))
    assert refusal.value.lines == ["first", "second"]
    assert str(refusal.value) == "first\nsecond"


def test_run_prints_a_line_a_fault_and_exits_with_status_1(capsys):
    with pytest.raises(SystemExit) as end:
        run(lambda: refuse(["labels/expert.csv:2: first", "labels/expert.csv:3: second"]))
    assert end.value.code == 1
    assert capsys.readouterr() == ("", "labels/expert.csv:2: first\nlabels/expert.csv:3: second\n")


def test_run_without_faults_ends_well(capsys):
    run(lambda: print("done"))
    assert capsys.readouterr() == ("done\n", "")


def test_run_does_not_hide_a_fault_of_the_program():
    with pytest.raises(ZeroDivisionError):
        run(lambda: print(1 / 0))
