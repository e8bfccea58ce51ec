import csv
from datetime import date

import pytest

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import read_table
from stages.lib.tables.expert import COLUMNS
from tools.answer_queue import ANNOTATOR, answer_queue, main

HEADER = "clip_id,label,annotator,date,note\n"


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "queue.csv").write_text(HEADER + "a_0000000,,,,\nb_0000000,,,,\n")
    (tmp_path / "labels" / "expert.csv").write_text(HEADER + "b_0000000,unsure,val,2026-11-22,faint\n")
    return tmp_path


def test_clips_without_truth_are_left_to_people(repository):
    assert answer_queue(repository, {"a_0000000": ""}, "truth") == 0


def test_answers_are_added_to_those_of_others_in_canonical_order(repository):
    """The documentation checks the table next, and the check should find nothing to say."""
    assert answer_queue(repository, {"a_0000000": "call", "b_0000000": "nocall"}, "truth") == 2
    rows = (repository / "labels" / "expert.csv").read_text().splitlines()
    today = date.today().isoformat()
    assert rows[1:] == [
        f"a_0000000,call,truth,{today},",
        f"b_0000000,nocall,truth,{today},",
        "b_0000000,unsure,val,2026-11-22,faint",
    ]


def test_a_second_call_adds_nothing(repository):
    truth = {"a_0000000": "call", "b_0000000": "nocall"}
    answer_queue(repository, truth, "truth")
    before = (repository / "labels" / "expert.csv").read_bytes()
    assert answer_queue(repository, truth, "truth") == 0
    assert (repository / "labels" / "expert.csv").read_bytes() == before


def test_what_a_spreadsheet_would_run_in_a_note_or_a_name_is_neutralised_and_still_the_same_to_us(repository):
    path = repository / "labels" / "expert.csv"
    note = '=HYPERLINK("http://example.org","listen, please")'
    rows = [["a_0000000", "call", "val", "2026-11-22", "-3 dB"], ["b_0000000", "call", "@val", "2026-11-22", note]]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADER.strip().split(","), *rows])  # noqa: TID251
    before = [row.cells for row in read_table(path, COLUMNS)]
    assert answer_queue(repository, {"a_0000000": "call", "b_0000000": "nocall"}, "truth") == 2
    assert [row.cells for row in read_table(path, COLUMNS) if row.cells["annotator"] != "truth"] == before
    with path.open(newline="") as file:
        cells = [cell for record in csv.reader(file) for cell in record]
    assert {"'@val", f"'{note}", "'-3 dB"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@"))]


def test_a_data_set_that_is_not_synthetic_is_refused(repository, monkeypatch):
    (repository / "params.yaml").write_text("data:\n  dataset: right_whale\n")
    monkeypatch.chdir(repository)
    monkeypatch.setattr("sys.argv", ["answer_queue"])
    before = (repository / "labels" / "expert.csv").read_bytes()
    with pytest.raises(InputFaults, match="right_whale"):
        main()
    assert (repository / "labels" / "expert.csv").read_bytes() == before


def test_the_annotator_can_be_told_from_people():
    assert ANNOTATOR == "synthetic-truth"
