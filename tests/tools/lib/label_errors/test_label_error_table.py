import pytest

from stages.lib.runtime.faults import InputFaults
from tools.lib.label_errors.label_error_table import LabelError, read_label_errors, write_label_errors


def test_what_is_written_is_read_back_in_its_order(tmp_path):
    errors = [LabelError("b_0000000", "call", 0.01, 0.01), LabelError("a_0000000", "nocall", 0.75, 0.25)]
    write_label_errors(tmp_path / "errors.csv", errors)
    assert read_label_errors(tmp_path / "errors.csv") == errors


def test_every_row_that_the_tool_cannot_have_written_is_named(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("clip_id,label,p_call,quality\na,maybe,0.1,0.1\nb,call,much,0.1\nc,call,0.1,nan\nd,call,0.1,0.1\n")
    with pytest.raises(InputFaults) as faults:
        read_label_errors(path)
    remedy = "run python -m tools.find_label_errors"
    assert faults.value.lines == [
        f"{path}:2: unknown label 'maybe'; {remedy}",
        f"{path}:3: p_call 'much' is not a number from 0 to 1; {remedy}",
        f"{path}:4: quality 'nan' is not a number from 0 to 1; {remedy}",
    ]
