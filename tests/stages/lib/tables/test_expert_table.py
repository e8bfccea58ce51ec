from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.lib.tables.answer_rules import is_date, read_answers
from stages.lib.tables.expert import Answer, distinct, majority, read_rows, settle, write_rows

HEADER = "clip_id,label,annotator,date,note\n"
PARTS = {"a_0000000": "pool", "b_0000000": "train", "c_0000000": "valid", "t_0000000": "test"}


def read(tmp_path: Path, rows: str) -> tuple[list[Answer], list[str]]:
    """Return the answers, and the faults without the folder."""
    path = tmp_path / "expert.csv"
    path.write_text(HEADER + rows)
    answers, faults = read_answers(path, PARTS)
    return answers, [fault.removeprefix(f"{tmp_path}/") for fault in faults]


@pytest.mark.parametrize("label", ["call", "nocall", "unsure"])
@pytest.mark.parametrize("clip_id", ["a_0000000", "b_0000000", "c_0000000"])
def test_an_answer_for_a_pool_train_or_valid_clip_is_read(tmp_path, clip_id, label):
    answers, faults = read(tmp_path, f"{clip_id},{label},val,2026-11-22,S01 faint\n")
    assert (answers, faults) == ([Answer(clip_id, label, "val")], [])


def test_a_table_without_answers_has_no_fault(tmp_path):
    assert read(tmp_path, "") == ([], [])


def test_a_missing_table_is_a_fault(tmp_path):
    _, faults = read_answers(tmp_path / "expert.csv", PARTS)
    assert "there is no such file" in faults[0]


def test_a_row_for_a_test_clip_is_refused(tmp_path):
    _, faults = read(tmp_path, "t_0000000,call,val,2026-11-22,\n")
    assert faults == ["expert.csv:2: clip t_0000000 belongs to the test set, which is frozen; remove the row"]


def test_an_unknown_clip_is_refused(tmp_path):
    _, faults = read(tmp_path, "x_0000000,call,val,2026-11-22,\n")
    assert [fault.startswith("expert.csv:2: there is no clip 'x_0000000'") for fault in faults] == [True]


def test_an_empty_clip_id_is_refused(tmp_path):
    _, faults = read(tmp_path, ",call,val,2026-11-22,\n")
    assert [fault.startswith("expert.csv:2: clip_id is empty") for fault in faults] == [True]


def test_an_empty_label_is_refused(tmp_path):
    _, faults = read(tmp_path, "a_0000000,,val,2026-11-22,\n")
    assert faults == ["expert.csv:2: label is empty; write call, nocall or unsure, or remove the row"]


@pytest.mark.parametrize(("label", "expected"), [("Call", "call"), ("NOCALL", "nocall"), ("Unsure", "unsure")])
def test_labels_may_be_in_capitals(tmp_path, label, expected):
    answers, faults = read(tmp_path, f"a_0000000,{label},val,2026-11-22,\n")
    assert (answers, faults) == ([Answer("a_0000000", expected, "val")], [])


@pytest.mark.parametrize("label", ["Calls", "yes", "no call", "1"])
def test_an_unknown_label_is_refused(tmp_path, label):
    _, faults = read(tmp_path, f"a_0000000,{label},val,2026-11-22,\n")
    assert faults == [f"expert.csv:2: unknown label {label!r}; write call, nocall or unsure"]


def test_an_empty_annotator_is_refused(tmp_path):
    _, faults = read(tmp_path, "a_0000000,call, ,2026-11-22,\n")
    assert faults == ["expert.csv:2: annotator is empty; write the name of the person who listened"]


@pytest.mark.parametrize(
    "date",
    ["", "22.11.2026", "22/11/2026", "22.11.26", "11/22/26", "22-Nov-26", "45983", "2026-11-31", "2026-1-5", "20261122"]
    + ["2026-W47-7", "2026-11-22T10", "2026-11-22 00:00:00", "########", "２０２６-11-22"],
)
def test_a_bad_date_is_refused(tmp_path, date):
    _, faults = read(tmp_path, f"a_0000000,call,val,{date},\n")
    assert [
        fault.startswith(f"expert.csv:2: date {date!r} is not a date; write it like 2026-11-22") for fault in faults
    ] == [True]


@pytest.mark.parametrize("place", range(4))
def test_an_apostrophe_that_a_spreadsheet_has_put_before_a_cell_is_refused_by_its_name(tmp_path, place):
    cells = ["a_0000000", "call", "val", "2026-11-22", "'tis faint"]
    cells[place] = f"'{cells[place]}"
    _, faults = read(tmp_path, ",".join(cells) + "\n")
    name = HEADER.split(",")[place]
    assert faults == [
        f'expert.csv:2: {name} "{cells[place]}" starts with an apostrophe, as spreadsheets put before text; remove it'
    ]


def test_a_clip_whose_recording_begins_with_an_apostrophe_can_be_answered_for(tmp_path):
    path = tmp_path / "expert.csv"
    path.write_text(HEADER + "'t_0000000,call,val,2026-11-22,\n")
    assert read_answers(path, {"'t_0000000": "pool"}) == ([Answer("'t_0000000", "call", "val")], [])


@pytest.mark.parametrize("name", ["val\u200b", "val\xa0v", "\ufeffval", "v\x07al", "val\u202e", "so\xadft"])
def test_an_annotator_with_a_character_that_cannot_be_seen_is_refused(tmp_path, name):
    _, faults = read(tmp_path, f"a_0000000,call,{name},2026-11-22,\n")
    assert faults == [f"expert.csv:2: annotator {name!r} contains an invisible character; type the name again"]


def test_one_name_in_two_spellings_is_one_annotator(tmp_path):
    composed, decomposed = "Jos\u00e9", "Jose\u0301"
    rows = f"a_0000000,call,{composed},2026-11-22,\nb_0000000,call,{decomposed},2026-11-22,\n"
    answers, faults = read(tmp_path, rows)
    assert ({answer.annotator for answer in answers}, faults) == ({composed}, [])
    _, faults = read(tmp_path, rows.replace("b_", "a_"))
    assert [fault.startswith(f"expert.csv:3: {composed!r} already answered") for fault in faults] == [True]


@pytest.mark.parametrize(
    ("one", "other"), [("Val", "val"), ("ÅSA ÖBERG", "åsa öberg"), ("Straße", "STRASSE"), ("Val Veirs", "Val  Veirs")]
)
def test_capitals_and_blanks_make_no_other_annotator(tmp_path, one, other):
    rows = f"a_0000000,call,{one},2026-11-22,\nb_0000000,call,{other},2026-11-22,\n"
    answers, faults = read(tmp_path, rows)
    assert ([answer.annotator for answer in answers], faults) == ([one, one], [])
    _, faults = read(tmp_path, rows.replace("b_", "a_"))
    assert [fault.startswith(f"expert.csv:3: {one!r} already answered") for fault in faults] == [True]
    assert len(distinct(read_rows(tmp_path / "expert.csv")[0])) == 1


def test_a_date_in_the_future_is_refused(tmp_path):
    ahead = datetime.now(UTC) + timedelta(days=2)
    _, faults = read(tmp_path, f"a_0000000,call,val,{ahead:%Y-%m-%d},\nb_0000000,call,val,2206-11-22,\n")
    assert [fault.partition(" date ")[2] for fault in faults] == [
        f"{day!r} is in the future, because it is {date.today()} by this machine's clock; write the day on which the "
        "answer was given"
        for day in (f"{ahead:%Y-%m-%d}", "2206-11-22")
    ]


def test_today_is_no_future_anywhere(tmp_path):
    days = {f"{datetime.now(timezone(timedelta(hours=hours))):%Y-%m-%d}" for hours in range(-12, 15)}
    for day in days:
        assert read(tmp_path, f"a_0000000,call,val,{day},\n")[1] == []


@pytest.mark.parametrize(
    "name", ["Val Veirs", "Åsa Öberg", "O'Neill", "沙羅", "Ирина", "@val", "scott-v", "J. Doe, PhD"]
)
def test_names_of_all_languages_are_right(tmp_path, name):
    answers, faults = read(tmp_path, f'a_0000000,call,"{name}",2026-11-22,\n')
    assert ([answer.annotator for answer in answers], faults) == ([name], [])


def test_a_leap_day_is_a_date():
    assert [is_date("2028-02-29"), is_date("2026-02-29")] == [True, False]


def test_a_second_answer_of_an_annotator_for_a_clip_is_refused_with_both_lines(tmp_path):
    rows = "a_0000000,call,val,2026-11-22,\na_0000000,call,scott,2026-11-22,\na_0000000,nocall,val,2026-11-23,\n"
    _, faults = read(tmp_path, rows)
    assert [fault.startswith("expert.csv:4: ") and "line 2" in fault for fault in faults] == [True]


def test_an_equal_row_is_refused_with_the_tool_that_removes_it(tmp_path):
    _, faults = read(tmp_path, "a_0000000,call,val,2026-11-22,\n" * 2)
    assert [fault.startswith("expert.csv:3: ") and "check_labels --fix" in fault for fault in faults] == [True]


def test_rows_are_distinct_that_differ_in_any_cell(tmp_path):
    path = tmp_path / "expert.csv"
    rows = "a_0000000,call,val,2026-11-22,\na_0000000,call,val,2026-11-22,S01\na_0000000,call,val,2026-11-22,\n"
    path.write_text(HEADER + rows)
    assert [row.line for row in distinct(read_rows(path)[0])] == [2, 3]


def test_the_canonical_form_is_in_the_order_of_clips_and_annotators(tmp_path):
    path = tmp_path / "expert.csv"
    lines = ["note,clip_id,label,annotator,date", '"a, b\r\nc",b_0000000,call,val,2026-11-22']
    lines += [",b_0000000,call,ann,2026-11-22", ",a_0000000,nocall,val,2026-11-22"]
    path.write_text("\r\n".join(lines), encoding="utf-8-sig", newline="")
    canonical = HEADER + (
        'a_0000000,nocall,val,2026-11-22,\nb_0000000,call,ann,2026-11-22,\nb_0000000,call,val,2026-11-22,"a, b\nc"\n'
    )
    for _ in range(2):
        write_rows(path, read_rows(path)[0])
        assert path.read_bytes() == canonical.encode()


def test_answers_of_two_annotators_for_a_clip_are_right(tmp_path):
    _, faults = read(tmp_path, "a_0000000,call,val,2026-11-22,\na_0000000,nocall,scott,2026-11-22,\n")
    assert faults == []


def test_all_faults_are_listed_at_once_with_their_lines(tmp_path):
    rows = (
        "t_0000000,call,val,2026-11-22,\n"
        "a_0000000,orca,,yesterday,\n"
        "\n"
        'b_0000000,call,val,2026-11-22,"two\nlines"\n'
        "b_0000000,call,val,2026-11-22,\n"
        "c_0000000,call\n"
    )
    _, faults = read(tmp_path, rows)
    assert sorted(fault.split(" ")[0] for fault in faults) == [
        "expert.csv:2:",
        "expert.csv:3:",
        "expert.csv:3:",
        "expert.csv:3:",
        "expert.csv:7:",
        "expert.csv:8:",
    ]


@pytest.mark.parametrize(
    ("labels", "winner"),
    [
        (["call"], "call"),
        (["nocall"], "nocall"),
        (["call", "call", "nocall"], "call"),
        (["nocall", "call", "nocall"], "nocall"),
        (["call", "unsure", "unsure"], "call"),
        (["call", "nocall"], None),
        (["call", "nocall", "unsure"], None),
        (["unsure"], None),
        (["unsure", "unsure"], None),
        ([], None),
    ],
)
def test_the_majority_of_answers_that_are_not_unsure_wins(labels, winner):
    assert majority(labels) == winner


def test_each_clip_is_settled_by_its_own_answers():
    answers = [Answer("a", "call", "val"), Answer("b", "unsure", "val"), Answer("a", "call", "scott")]
    assert settle(answers) == {"a": "call", "b": None}


answer_lists = st.lists(
    st.builds(Answer, st.sampled_from("abc"), st.sampled_from(["call", "nocall", "unsure"]), st.sampled_from("vs"))
)


@given(answer_lists, st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(answers, random):
    assert settle(answers) == settle(random.sample(answers, len(answers)))
