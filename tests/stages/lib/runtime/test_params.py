import re
from pathlib import Path
from typing import Annotated

import pytest
import yaml
from dvc.utils.serialize import parse_yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import DataParams, Section, read_flat_params, read_params


class SpeedParams(Section):
    speeds: Annotated[tuple[Annotated[float, Field(ge=0.01)], ...], Field(strict=False, min_length=1)]


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
    assert faults == ["params.yaml:7: a key that is not a name; write a name, or put it in quotation marks"]


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path):
    faults = faults_of(tmp_path, RIGHT + "  hihg: 0.5\n")
    assert faults == ["params.yaml:7: unknown key 'score_pool.hihg'; did you mean 'high'?"]


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


@pytest.mark.parametrize("speeds", ["[0]", "[-1, 0]", "[8, 0]", "[fast]"])
def test_a_wrong_item_is_one_fault_and_not_also_one_of_its_list(tmp_path, speeds):
    text = f"score_pool:\n  speeds: {speeds}\n"
    faults = faults_of(tmp_path, text, kind=SpeedParams)
    assert [fault for fault in faults if "at least 1" in fault] == []
    assert all(fault.startswith("params.yaml:2: score_pool.speeds.") for fault in faults)
    assert len(faults) == (2 if "," in speeds and "-" in speeds else 1)


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


@pytest.mark.parametrize("key", ["1", "true", "null", "[low]", "{low: 1}", "2026-11-22", "0.5"])
def test_a_key_that_is_not_text_is_refused_with_its_line(tmp_path, key):
    faults = faults_of(tmp_path, RIGHT + f"  ? {key}\n  : 1\n")
    assert faults == ["params.yaml:7: a key that is not a name; write a name, or put it in quotation marks"]


def test_keys_that_are_there_twice_are_refused_with_both_lines(tmp_path):
    faults = faults_of(tmp_path, RIGHT + "  low: 0.3\ndata:\n  dataset: other\n")
    assert faults == [
        "params.yaml:7: 'low' is on line 4 already; keep one of them",
        "params.yaml:8: 'data' is on line 1 already; keep one of them",
    ]


@pytest.mark.parametrize("section", ["&a {b: *a}", "&a [*a]"])
def test_a_value_that_holds_itself_is_refused(tmp_path, section):
    faults = faults_of(tmp_path, f"data:\n  dataset: synthetic\nscore_pool: {section}\n")
    assert faults == ["params.yaml:3: *a refers to another value; write out the value"]


def test_a_value_that_stands_for_another_is_refused(tmp_path):
    faults = faults_of(tmp_path, RIGHT.replace("low: 0.4", "low: &half 0.5").replace("high: 1", "high: *half"))
    assert faults == ["params.yaml:5: *half refers to another value; write out the value"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_thousands_of_levels_are_refused(tmp_path, opening):
    faults = faults_of(tmp_path, "score_pool:\n  " + opening * 20_000)
    assert len(faults) == 1
    assert faults[0].startswith("params.yaml:2: more than 10 levels")


@pytest.mark.parametrize(
    "value", ["!!python/object/apply:os.getcwd []", "!!int x", "!!timestamp x", "!!bool x", "!x 1"]
)
def test_a_tag_is_refused_and_nothing_is_made_of_it(tmp_path, value):
    faults = faults_of(tmp_path, RIGHT.replace("rounds: 3", f"rounds: {value}"))
    assert [fault.startswith("params.yaml:6: the tag ") for fault in faults] == [True]


@pytest.mark.parametrize("value", ["2026-13-45", "0x_", "2001-12-14t21:59:43-25:00"])
def test_a_value_that_yaml_cannot_make_is_refused_with_its_line(tmp_path, value):
    faults = faults_of(tmp_path, RIGHT.replace("rounds: 3", f"rounds: {value}"))
    assert faults == [f"params.yaml:6: not YAML: {value!r} is not a value; correct it, or put it in quotation marks"]


@pytest.mark.parametrize("value", ["<<", "="])
def test_a_value_that_means_something_else_to_yaml_is_refused_with_its_line(tmp_path, value):
    faults = faults_of(tmp_path, RIGHT.replace("rounds: 3", f"rounds: {value}"))
    assert [fault.startswith("params.yaml:6: not YAML: ") for fault in faults] == [True]


@pytest.mark.parametrize(("value", "read"), [("010", 10), ("0x10", 16), ("1_0", 10), ("0b11", 3)])
def test_a_number_is_read_as_dvc_reads_it(tmp_path, value, read):
    text = RIGHT.replace("rounds: 3", f"rounds: {value}")
    assert read_text(tmp_path, text).rounds == parse_yaml(text, "params.yaml")["score_pool"]["rounds"] == read


def test_a_time_is_not_a_number(tmp_path):
    faults = faults_of(tmp_path, RIGHT.replace("rounds: 3", "rounds: 1:30"))
    assert faults == ["params.yaml:6: score_pool.rounds: input should be a valid integer, not '1:30'"]


def test_a_number_without_end_is_refused(tmp_path):
    faults = faults_of(tmp_path, RIGHT.replace("rounds: 3", f"rounds: {'9' * 5000}"))
    assert [fault.endswith("999' is not a value; correct it, or put it in quotation marks") for fault in faults] == [
        True
    ]
    assert len(faults[0]) < 150


@pytest.mark.parametrize(
    ("value", "right"),
    [("'0.5'", "0.5"), ("'1'", "1"), ("'1e-3'", "0.001"), ("'1e-300'", f"0.{299 * '0'}1")],
)
def test_a_number_that_is_text_to_yaml_is_refused_with_the_right_way_to_write_it(tmp_path, value, right):
    faults = faults_of(tmp_path, RIGHT.replace("low: 0.4", f"low: {value}"))
    assert [fault.endswith(f" (which is text); write {right}") for fault in faults] == [True]
    assert read_text(tmp_path, RIGHT.replace("low: 0.4", f"low: {right}")).low == float(right)


@pytest.mark.parametrize("value", ["0.001", "1.0e-3", "1e-3", "4E-1", ".5", "+0.5", "1.", "0"])
def test_a_plain_number_is_read(tmp_path, value):
    assert read_text(tmp_path, RIGHT.replace("low: 0.4", f"low: {value}")).low == float(value)


def test_an_empty_section_is_refused_key_by_key(tmp_path):
    faults = faults_of(tmp_path, "data:\n  dataset: synthetic\nscore_pool:\n")
    assert faults == [f"params.yaml:3: score_pool.{name} is missing" for name in ("low", "high", "rounds")]


@pytest.mark.parametrize("value", ["[]", "0", "''", "false", "[low, high]"])
def test_a_section_that_holds_no_keys_is_refused(tmp_path, value):
    faults = faults_of(tmp_path, f"score_pool: {value}\n")
    assert [
        fault.startswith("params.yaml:1: score_pool should hold low, high, rounds, each on") for fault in faults
    ] == [True]


def test_a_character_that_cannot_be_seen_is_refused_with_its_line(tmp_path):
    faults = faults_of(tmp_path, RIGHT.replace("low: 0.4", "low: 0.4\x07"))
    assert faults == ["params.yaml:4: not YAML: an invisible character; remove it"]


def test_a_byte_order_mark_and_crlf_do_no_harm(tmp_path):
    assert read_text(tmp_path, "\ufeff" + RIGHT.replace("\n", "\r\n")) == read_text(tmp_path, RIGHT)


def changed_by_one_letter(name: str) -> st.SearchStrategy[str]:
    """Leave out, double or replace a letter."""
    places = st.integers(0, len(name) - 1)
    return st.one_of(
        places.map(lambda place: name[:place] + name[place + 1 :]),
        places.map(lambda place: name[:place] + name[place] + name[place:]),
        places.map(lambda place: f"{name[:place]}x{name[place + 1 :]}"),
    )


typos = st.sampled_from(["low", "high", "rounds"]).flatmap(
    lambda name: st.tuples(st.just(name), changed_by_one_letter(name).filter(lambda typo: typo not in ("", name)))
)


@given(typos)
def test_a_typo_is_answered_by_the_name_that_was_meant(tmp_path_factory, typo):
    name, written = typo
    faults = faults_of(tmp_path_factory.getbasetemp(), RIGHT.replace(f"  {name}:", f"  {written}:"))
    line = {"low": 4, "high": 5, "rounds": 6}[name]
    assert faults == [
        f"params.yaml:3: score_pool.{name} is missing",
        f"params.yaml:{line}: unknown key 'score_pool.{written}'; did you mean {name!r}?",
    ]


# Values of all kinds, and what YAML reads in many ways.
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates(), st.binary(max_size=5)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
pieces = st.sampled_from(
    [*"[]{}&*!|>'\"%@`#,?:-=~ \n\t", "<<", "a", "low", ": ", "- ", "\n  ", "!!", "0x", "1_", "\x85", "\0"]
)


@given(
    st.one_of(
        values.map(yaml.safe_dump),
        st.dictionaries(st.sampled_from(["score_pool", "data", "low"]), values).map(yaml.safe_dump),
        st.lists(pieces, max_size=30).map("".join),
        st.integers(0, len(RIGHT)).flatmap(
            lambda place: st.lists(pieces, max_size=3).map(lambda new: RIGHT[:place] + "".join(new) + RIGHT[place:])
        ),
    )
)
def test_any_text_is_read_or_refused_with_lines_that_a_person_can_read(tmp_path_factory, text):
    try:
        band = read_text(tmp_path_factory.getbasetemp(), text)
    except InputFaults as refusal:
        place = re.escape(str(tmp_path_factory.getbasetemp() / "params.yaml"))
        assert refusal.lines
        assert all(re.match(rf"{place}:[0-9]+: ", line) and line.isprintable() for line in refusal.lines)
        assert all(len(line) < 500 for line in refusal.lines)
    else:
        assert band.model_dump() == parse_yaml(text, "params.yaml")["score_pool"]


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_with_lines_that_a_person_can_read(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(InputFaults) as refusal:
        read_params("score_pool", BandParams, path)
    assert all(line.isprintable() for line in refusal.value.lines)


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


def test_a_file_that_is_one_section_is_read_and_refused_in_the_same_way(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("low: 0.4\nhigh: 1\nrounds: 3\n")
    assert read_flat_params(BandParams, path) == BandParams(low=0.4, high=1, rounds=3)
    path.write_text("low: 7\nhihg: 1\nrounds: 3\n")
    with pytest.raises(InputFaults) as refusal:
        read_flat_params(BandParams, path)
    assert sorted(refusal.value.lines) == [
        f"{path}:1: high is missing",
        f"{path}:1: low: input should be less than or equal to 1, not 7",
        f"{path}:2: unknown key 'hihg'; did you mean 'high'?",
    ]
