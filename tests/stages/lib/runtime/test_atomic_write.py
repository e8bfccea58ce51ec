import json
from pathlib import Path

import pytest

from stages.lib.runtime.atomic_write import atomic_write, remove, write_json, write_text


def write_folder(folder: Path, **texts: str) -> None:
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


class KilledError(Exception):
    pass


def test_a_file_appears_once_the_block_has_ended(tmp_path):
    with atomic_write(tmp_path / "scores.csv") as partial:
        partial.write_text("new")
        assert not (tmp_path / "scores.csv").exists()
    assert contents(tmp_path) == {"scores.csv": "new"}


def test_a_file_is_replaced(tmp_path):
    (tmp_path / "scores.csv").write_text("old")
    with atomic_write(tmp_path / "scores.csv") as partial:
        partial.write_text("new")
    assert contents(tmp_path) == {"scores.csv": "new"}


def test_a_failing_block_leaves_the_old_file_and_no_partial_one(tmp_path):
    (tmp_path / "scores.csv").write_text("old")
    with pytest.raises(KilledError), atomic_write(tmp_path / "scores.csv") as partial:
        partial.write_text("new")
        raise KilledError
    assert contents(tmp_path) == {"scores.csv": "old"}


def test_a_folder_is_replaced_with_all_that_was_in_it(tmp_path):
    write_folder(tmp_path / "model", old="old", both="old")
    with atomic_write(tmp_path / "model") as partial:
        write_folder(partial, new="new", both="new")
    assert contents(tmp_path) == {"model/new": "new", "model/both": "new"}


def test_a_failing_block_leaves_the_old_folder_and_no_partial_one(tmp_path):
    write_folder(tmp_path / "model", old="old")
    with pytest.raises(KilledError), atomic_write(tmp_path / "model") as partial:
        write_folder(partial, new="new")
        raise KilledError
    assert contents(tmp_path) == {"model/old": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_failing_block_without_an_old_output_leaves_nothing(tmp_path):
    with pytest.raises(KilledError), atomic_write(tmp_path / "model") as partial:
        write_folder(partial, new="new")
        raise KilledError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_behind_is_not_taken_over(tmp_path):
    with atomic_write(tmp_path / "model") as partial:
        left_behind = partial
        partial.mkdir()
    write_folder(left_behind, half="half")
    with atomic_write(tmp_path / "model") as partial:
        write_folder(partial, new="new")
    assert contents(tmp_path) == {"model/new": "new"}


def test_the_partial_name_keeps_the_suffix(tmp_path):
    with atomic_write(tmp_path / "shard.npy") as partial:
        partial.touch()
    assert partial.suffix == ".npy"
    assert partial.parent == tmp_path


def test_folders_above_are_made(tmp_path):
    write_text(tmp_path / "metrics" / "plots" / "roc.csv", "x\n")
    assert contents(tmp_path) == {"metrics/plots/roc.csv": "x\n"}


def test_text_is_utf_8_with_lf(tmp_path):
    write_text(tmp_path / "report.txt", "Zürich\n2\n")
    assert (tmp_path / "report.txt").read_bytes() == b"Z\xc3\xbcrich\n2\n"


def test_json_keeps_its_order_with_a_key_a_line(tmp_path):
    write_json(tmp_path / "pool.json", {"pool": 176, "name": "Zürich", "band": {"low": 0.4}})
    text = (tmp_path / "pool.json").read_text(encoding="utf-8")
    assert text == '{\n  "pool": 176,\n  "name": "Zürich",\n  "band": {\n    "low": 0.4\n  }\n}\n'
    assert json.loads(text)["band"] == {"low": 0.4}


def test_remove_takes_away_a_file_a_folder_and_nothing(tmp_path):
    write_folder(tmp_path / "model", old="old")
    (tmp_path / "file").touch()
    for name in ("model", "file", "nothing"):
        remove(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
