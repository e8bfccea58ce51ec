from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from tests.support.edit import replaced
from tools.lib.params_file import set_params, with_values, yaml_text

PARAMS = """\
# Every choice.

data:
  dataset: synthetic      # the folder data/<dataset>/

split:                    # counts of clips, or shares
  seed: 2020
  train: 1254
  test: 201               # or a list of recordings

train:
  seed: 2020
"""


def test_values_are_changed_and_nothing_else():
    changed = with_values(PARAMS, {("data", "dataset"): "bay", ("split", "test"): 16, ("split", "train"): 87})
    expected = PARAMS
    for old, new in {"dataset: synthetic": "dataset: bay", "test: 201": "test: 16", "train: 1254": "train: 87"}.items():
        expected = replaced(expected, old, new)
    assert changed == expected


@pytest.mark.parametrize("name", ["2020", "on", "bay", "1e3", "0o17"])
def test_a_name_stays_a_name(name):
    assert YAML(typ="safe").load(with_values(PARAMS, {("data", "dataset"): name}))["data"]["dataset"] == name


@pytest.mark.parametrize("recordings", ["[a.wav, b.wav]", "\n    - a.wav\n    - b.wav", "\n  - a.wav"])
def test_a_list_of_recordings_gives_way(recordings):
    text = replaced(PARAMS, "test: 201               # or a list of recordings", f"test: {recordings}")
    expected = yaml.safe_load(PARAMS) | {"split": {**yaml.safe_load(PARAMS)["split"], "test": 16}}
    changed = with_values(text, {("split", "test"): 16})
    assert yaml.safe_load(changed) == expected
    assert changed.count("#") == text.count("#")


@pytest.mark.parametrize("views", [["embedding"], ["spectrogram", "embedding"]])
def test_a_list_is_written_in_brackets_and_a_mapping_on_lines_of_its_own(views):
    changed = with_values(PARAMS, {("split", "train"): views})
    assert changed == replaced(PARAMS, "train: 1254", f"train: [{', '.join(views)}]")
    assert yaml_text({"labels": {"S0*": "call"}, "words": []}) == "labels:\n  S0*: call\nwords: []\n"


def test_a_long_list_stays_on_its_line():
    names = [f"2019/07/05/recording {number:03d}.wav" for number in range(40)]
    changed = with_values(PARAMS, {("split", "test"): names})
    assert yaml.safe_load(changed)["split"] == {"seed": 2020, "train": 1254, "test": names}
    assert len(changed.splitlines()) == len(PARAMS.splitlines())


def test_a_file_is_written(tmp_path: Path):
    path = tmp_path / "params.yaml"
    path.write_text("data:\n  dataset: reef # which\n")
    set_params({("data", "dataset"): "bay"}, path)
    assert path.read_text() == "data:\n  dataset: bay # which\n"
