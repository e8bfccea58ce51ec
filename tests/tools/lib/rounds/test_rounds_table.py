import json
from pathlib import Path

import pytest

from stages.lib.runtime.faults import InputFaults
from tools.lib.rounds.rounds_table import OF_FIELD, Round, describe_round, of_field, read_rounds, write_rounds

ENDS = {"low": 0.7, "high": 0.9}
EVALUATION = {
    **{model: {"accuracy": 0.8, "intervals": {"accuracy": ENDS}} for model in ("before", "after")},
    "change": {"intervals": {"accuracy": {"low": -0.1, "high": 0.1}}},
}
BY_DATASET = {"checked": 100, "wrong": 10, "rate": 0.1, "rate_low": 0.06, "rate_high": 0.17}


@pytest.mark.parametrize(
    ("audited", "rate", "measured_by"),
    [
        ({"checked": 9, "wrong": 2, "unsure": 1, "rate": 0.3, "rate_low": 0.1, "rate_high": 0.6}, "0.3", "audit"),
        # Answers for clips of one class leave the error of both unknown.
        ({"checked": 5, "wrong": 2, "unsure": 5}, "0.1", "dataset"),
        ({"checked": 0, "wrong": 0, "unsure": 0}, "0.1", "dataset"),
    ],
)
def test_the_error_of_a_round_is_that_of_the_audit_where_it_is_known(tmp_path, monkeypatch, audited, rate, measured_by):
    monkeypatch.chdir(tmp_path)
    metrics = {
        "evaluation": EVALUATION,
        "labels": {"audit_error": {"all": audited}, "model_error": {"all": BY_DATASET}},
        "pool": {"uncertain": 5, "pool": 50},
        "field": {},
    }
    Path("metrics").mkdir()
    for name, content in metrics.items():
        Path(f"metrics/{name}.json").write_text(json.dumps(content))
    closed = describe_round(1, [], ["val"], None, "abc")
    assert (closed.model_label_error, closed.measured_by) == (rate, measured_by)


def test_a_round_keeps_what_a_review_says_of_the_usual_threshold():
    measures = {"precision": 0.4, "false_alarms_per_hour": 3.0, "recall": None}
    ends = {f"{name}_{end}": number for name in measures for end, number in (("low", 0.1), ("high", 9.5))}
    points = [{"threshold": threshold, **measures, **ends} for threshold in (0.3, 0.5)]
    cells = of_field({"run": "0123456789ab", "model": "m", "all": {"points": points}})
    assert set(cells) == set(OF_FIELD)
    assert (cells["field_run"], cells["field_threshold"]) == ("0123456789ab", "0.5")
    assert (cells["false_alarms_per_hour"], cells["false_alarms_per_hour_high"], cells["recall"]) == ("3.0", "9.5", "")


def test_before_the_first_review_nothing_is_known_of_the_field():
    assert of_field({}) == {}


def test_rounds_of_earlier_versions_are_read_and_written_with_the_new_columns(tmp_path):
    path, before = tmp_path / "rounds.csv", Round._fields[: -len(OF_FIELD)]
    path.write_text(f"{','.join(before)}\n{','.join('1' for _ in before)}\n")
    (old,) = read_rounds(path)
    assert (old.round, old.commit, old.field_run) == ("1", "1", "")
    write_rounds(path, [old, old._replace(field_run="0123456789ab")])
    assert [one.field_run for one in read_rounds(path)] == ["", "0123456789ab"]


@pytest.mark.parametrize("number", ["", "R1", "1.5"])
def test_a_row_whose_round_is_no_number_is_refused(tmp_path, number):
    table = tmp_path / "rounds.csv"
    write_rounds(table, [Round(*[number, *["x"] * (len(Round._fields) - 1)])])
    with pytest.raises(InputFaults) as refusal:
        read_rounds(table)
    assert refusal.value.lines == [f"{table}:2: round '{number}' is not a number; restore the row from Git"]
