"""Putting a data set to use again gives the params that it was drawn with."""

from pathlib import Path

import pytest
import yaml

from stages import split
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.clips import recording_of
from stages.lib.tables.held_out import read_held_out
from stages.lib.tables.split import SPLIT
from tests.stages.conftest import write_data_set
from tests.support.edit import replace_in
from tools.lib.annotations.put_to_use import advise, use
from tools.lib.params_file import set_params
from tools.lib.split.hold_out import hold_out

TABLE = Path("data/tiny/clips.csv")
NO_POOL = {"train": 0.5, "valid": 0.2, "pool": 0.1, "test": 0.2}  # With seed 9 no recording falls to the pool.
A_LIST = {"train": 15, "valid": 8, "pool": 8, "test": [f"sea{number:02d}.wav" for number in (11, 2, 5, 7)]}
COUNTS = {"seed": 1, "train": 20, "valid": 4, "pool": 4, "test": 4}
SHARES = {"seed": 1, "train": 0.2, "valid": 0.2, "pool": 0.3, "test": 0.3}


def test_a_data_set_that_has_lost_its_calls_is_refused_in_a_sentence(tmp_path, monkeypatch):
    write_data_set(tmp_path, recording_count=12)
    monkeypatch.chdir(tmp_path)
    TABLE.write_text(TABLE.read_text().replace(",call,", ",nocall,"))
    fault = f"{TABLE}: has 0 calls and 48 no-calls; annotate at least one of each, better four"
    assert advise(TABLE) == fault
    with pytest.raises(InputFaults) as refusal:
        use(TABLE)
    assert refusal.value.lines == [fault]


def test_a_data_set_that_has_lost_the_calls_to_train_on_keeps_valid_params(tmp_path, monkeypatch):
    write_data_set(tmp_path, recording_count=12)
    monkeypatch.chdir(tmp_path)
    held_out = {recording_of(clip.clip_id) for clip in read_held_out()}
    rows = TABLE.read_text().splitlines(keepends=True)
    rows = [row if row.partition("_")[0] in held_out else row.replace(",call,", ",nocall,") for row in rows]
    TABLE.write_text("".join(rows))
    use(TABLE)
    with pytest.raises(InputFaults, match="train: not one call clip is left .* or draw others with"):
        split.main()


@pytest.mark.parametrize("drawn", [NO_POOL, A_LIST], ids=["shares without a pool", "a list of test recordings"])
@pytest.mark.parametrize("meanwhile", [COUNTS, SHARES], ids=["counts", "shares"])
def test_a_data_set_is_split_as_before_after_another_was_in_use(tmp_path, monkeypatch, drawn, meanwhile):
    write_data_set(tmp_path, recording_count=12)
    monkeypatch.chdir(tmp_path)
    set_params({("split", key): value for key, value in {**drawn, "seed": 9}.items()})
    hold_out(again=True)
    split.main()
    before = SPLIT.read_bytes()
    set_params({("split", key): value for key, value in meanwhile.items()})
    replace_in(Path("params.yaml"), "dataset: tiny", "dataset: other")
    use(TABLE)
    split.main()
    assert SPLIT.read_bytes() == before
    assert yaml.safe_load(Path("params.yaml").read_text())["data"]["dataset"] == "tiny"
