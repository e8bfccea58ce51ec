from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from stages.lib.faults import InputFaults
from stages.lib.params import DataParams, Section, read_params


class BandParams(Section):
    low: Annotated[float, Field(ge=0, le=1)]
    high: Annotated[float, Field(ge=0, le=1)]
    rounds: int


RIGHT = "data:\n  dataset: synthetic\nscore_pool:  # the band\n  low: 0.4\n  high: 1\n  rounds: 3\n"


def read_text(tmp_path: Path, text: str, section: str = "score_pool", kind: type[Section] = BandParams) -> Section:
    path = tmp_path / "params.yaml"
    path.write_bytes(text.encode())
    return read_params(section, kind, path)


def faults_of(tmp_path: Path, text: str, **options: object) -> list[str]:
    """Return the faults without the folder."""
    with pytest.raises(InputFaults) as refusal:
        read_text(tmp_path, text, **options)
    return [fault.removeprefix(f"{tmp_path}/") for fault in refusal.value.lines]


def test_a_section_is_read(tmp_path):
    assert read_text(tmp_path, RIGHT) == BandParams(low=0.4, high=1, rounds=3)


def test_params_yaml_of_the_present_folder_is_read(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text(RIGHT)
    monkeypatch.chdir(tmp_path)
    assert read_params("data", DataParams).folder == Path("data/synthetic")


def test_a_section_cannot_be_changed():
    band = BandParams(low=0.4, high=0.6, rounds=3)
    with pytest.raises(ValidationError):
        band.low = 0.1


def test_an_unknown_section_is_refused_with_a_suggestion(tmp_path):
    faults = faults_of(tmp_path, RIGHT + "score_pol:\n  low: 1\n")
    assert faults == ["params.yaml:7: unknown section 'score_pol'; did you mean 'score_pool'?"]


def test_a_section_like_no_other_is_refused_with_all_that_are_known(tmp_path):
    faults = faults_of(tmp_path, RIGHT + "zzz: 1\n")
    assert faults[0].startswith("params.yaml:7: unknown section 'zzz'; known are data, featurize, split")


def test_a_section_named_by_a_number_is_refused(tmp_path):
    faults = faults_of(tmp_path, RIGHT + "1: 2\n")
    assert [fault.startswith("params.yaml:7: unknown section") for fault in faults] == [True]


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path):
    faults = faults_of(tmp_path, RIGHT + "  hihg: 0.5\n")
    assert faults == ["params.yaml:7: unknown key score_pool.hihg; did you mean 'high'?"]


def test_a_missing_key_is_refused_with_the_line_of_its_section(tmp_path):
    assert faults_of(tmp_path, RIGHT.replace("  high: 1\n", "")) == ["params.yaml:3: score_pool.high is missing"]


def test_a_missing_section_is_refused_key_by_key(tmp_path):
    faults = faults_of(tmp_path, "data:\n  dataset: synthetic\n")
    assert [fault.split(" ", 1)[1] for fault in faults] == [
        f"score_pool.{name} is missing" for name in ("low", "high", "rounds")
    ]
    assert all(fault.startswith("params.yaml:1: ") for fault in faults)


@pytest.mark.parametrize("value", ["three", "'3'", "3.5", "true", "[3]", "null"])
def test_a_value_of_the_wrong_type_is_refused(tmp_path, value):
    faults = faults_of(tmp_path, RIGHT.replace("rounds: 3", f"rounds: {value}"))
    assert [fault.startswith("params.yaml:6: score_pool.rounds: ") for fault in faults] == [True]


@pytest.mark.parametrize("value", ["-0.1", "1.1", ".nan", ".inf"])
def test_a_value_out_of_range_is_refused(tmp_path, value):
    faults = faults_of(tmp_path, RIGHT.replace("low: 0.4", f"low: {value}"))
    assert [fault.startswith("params.yaml:4: score_pool.low: ") for fault in faults] == [True]


def test_a_refused_value_is_shown(tmp_path):
    assert faults_of(tmp_path, RIGHT.replace("low: 0.4", "low: 1.5")) == [
        "params.yaml:4: score_pool.low: input should be less than or equal to 1, not 1.5"
    ]


def test_all_faults_of_a_section_are_listed_at_once(tmp_path):
    faults = faults_of(tmp_path, "score_pool:\n  low: 7\n  rounds: x\n  colour: red\n")
    assert sorted(fault.split(":")[1] for fault in faults) == ["1", "2", "3", "4"]


def test_a_section_that_is_no_mapping_is_refused(tmp_path):
    assert [fault.startswith("params.yaml:1: score_pool") for fault in faults_of(tmp_path, "score_pool: 5\n")] == [True]


@pytest.mark.parametrize("second_line", ["\tlow: 1", "  low: {a: 1"])
def test_text_that_is_not_yaml_is_refused_with_its_line(tmp_path, second_line):
    faults = faults_of(tmp_path, f"score_pool:\n{second_line}\n")
    assert len(faults) == 1
    assert "not YAML" in faults[0]
    assert faults[0].startswith(("params.yaml:2: ", "params.yaml:3: "))


@pytest.mark.parametrize("text", ["", "- 1\n", "synthetic\n"])
def test_a_file_without_sections_is_refused(tmp_path, text):
    assert [fault.startswith("params.yaml") for fault in faults_of(tmp_path, text)] == [True]


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "params.yaml").write_bytes(b"data:\n  dataset: \xff\n")
    with pytest.raises(InputFaults, match="params.yaml"):
        read_params("data", DataParams, tmp_path / "params.yaml")


def test_a_missing_file_is_refused(tmp_path):
    path = tmp_path / "params.yaml"
    with pytest.raises(InputFaults) as refusal:
        read_params("data", DataParams, path)
    assert refusal.value.lines == [f"{path}: there is no such file; stages run in the folder that holds it"]


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "''", "."])
def test_a_data_set_that_is_no_folder_below_data_is_refused(tmp_path, name):
    faults = faults_of(tmp_path, f"data:\n  dataset: {name}\n", section="data", kind=DataParams)
    assert [fault.startswith("params.yaml:2: data.dataset: ") for fault in faults] == [True]
