import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from stages.lib.runtime.inputs import changed_inputs, forget_all, remember_source_code, remembered
from tests.support.edit import replace_in


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "expert.csv"
    path.write_text("clip_id,label\n")
    return path


@pytest.fixture(autouse=True)
def nothing_read():
    forget_all()
    yield
    forget_all()


def test_an_input_that_stays_is_no_fault(table):
    assert remembered(table) == table
    table.read_text()
    assert changed_inputs() == []


def test_an_input_that_nobody_reads_may_change(table):
    table.write_text("clip_id\n")
    assert changed_inputs() == []


def overwrite(path: Path) -> None:
    path.write_text("clip_id,label\nsea_0000000,call\n")


def replace(path: Path) -> None:
    new = path.with_name("new.csv")
    new.write_bytes(path.read_bytes())
    new.replace(path)


@pytest.mark.parametrize("change", [overwrite, replace, Path.unlink])
def test_an_input_that_changes_after_it_was_read_is_named(table, change):
    remembered(table)
    change(table)
    assert len(changed_inputs()) == 1
    assert changed_inputs()[0].startswith(f"{table}: was changed while the stage ran")


def test_an_edit_that_keeps_the_length_is_seen(table):
    remembered(table)
    before = table.stat().st_mtime_ns
    replace_in(table, "label", "LABEL")
    os.utime(table, ns=(before + 1, before + 1))
    assert len(changed_inputs()) == 1


def test_an_input_that_appears_is_named(tmp_path):
    remembered(tmp_path / "late.csv")
    (tmp_path / "late.csv").touch()
    assert len(changed_inputs()) == 1


def test_the_first_state_counts_when_an_input_is_read_twice(table):
    remembered(table)
    overwrite(table)
    remembered(table)
    assert len(changed_inputs()) == 1


def test_source_code_is_an_input(tmp_path, monkeypatch):
    module = tmp_path / "tools" / "made_up.py"
    module.parent.mkdir()
    module.write_text("")
    imported = ModuleType("tools.made_up")
    imported.__file__ = str(module)
    monkeypatch.setitem(sys.modules, "tools.made_up", imported)
    remember_source_code()
    overwrite(module)
    assert [fault.split(":")[0] for fault in changed_inputs()] == [str(module)]
