"""The experiment on missing sound, with the model of a small run."""

import pytest

from experiments.clone import run_in
from experiments.missing_sound import CHANGES


@pytest.mark.prove
def test_every_change_has_a_row_and_none_makes_calls_of_no_calls(finished):
    result = run_in(finished, "python", "-m", "experiments.missing_sound")
    assert result.returncode == 0, result.stderr
    _, _, *lines = result.stdout.strip().splitlines()
    rows = {
        name.strip(): (int(calls), int(nocalls)) for _, name, calls, nocalls, _ in (line.split("|") for line in lines)
    }
    assert list(rows) == list(CHANGES)
    assert rows["offset of 0.2"] == rows["unchanged clips"]
    for name, (_, nocalls) in rows.items():
        before = rows["with the next 0.75 s" if name.startswith("the same") else "unchanged clips"][1]
        assert nocalls <= before + 2, name
