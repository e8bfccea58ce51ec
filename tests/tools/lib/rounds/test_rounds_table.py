import json
from pathlib import Path

import pytest

from tools.lib.rounds.rounds_table import describe_round

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
    }
    Path("metrics").mkdir()
    for name, content in metrics.items():
        Path(f"metrics/{name}.json").write_text(json.dumps(content))
    closed = describe_round(1, [], ["val"], None, "abc")
    assert (closed.model_label_error, closed.measured_by) == (rate, measured_by)
