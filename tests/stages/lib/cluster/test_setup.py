import pytest

from stages.lib.cluster.setup import refuse_other_setup, setup
from stages.lib.runtime.faults import InputFaults


def test_the_same_setup_is_not_refused():
    refuse_other_setup(setup())


@pytest.mark.parametrize("name", ["code", "settings", "Python", "processor", "C library", "numpy", "tensorflow"])
def test_another_setup_is_refused_by_name(name):
    with pytest.raises(InputFaults) as refusal:
        refuse_other_setup({**setup(), name: "another"})
    (line,) = refusal.value.lines
    assert f": {name} {setup()[name]} there, another here; start it with make" in line


def test_all_differences_stand_in_one_line():
    with pytest.raises(InputFaults) as refusal:
        refuse_other_setup({**setup(), "numpy": "1.0", "keras": "2.0"})
    (line,) = refusal.value.lines
    assert f"numpy {setup()['numpy']} there, 1.0 here; keras {setup()['keras']} there, 2.0 here; start" in line
