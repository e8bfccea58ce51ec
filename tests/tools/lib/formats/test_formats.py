"""One small file of each format, in the form that its program documents, and what is read from it."""

import re
from math import inf
from pathlib import Path

import pytest

from tools.lib.annotations.kinds import kind_of
from tools.lib.formats.annotations import read_annotations
from tools.lib.formats.event import Annotations
from tools.lib.recordings.recording_name import Origin

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"
DCLDE = "Soundfile,Dataset,Provider,ClassSpecies,KW,KW_certain,Ecotype,AnnotationLevel,FileBeginSec,FileEndSec,UTC\n"
HOW = (
    "write seconds, such as 12.5, or hours, minutes and seconds, such as 0:00:12.5, the same way in all rows, "
    "or remove the row"
)
POD_CAST = "dataset\twav_filename\tstart_time_s\tduration_s\tlocation\tdate\tpst_or_master_tape_identifier\n"


def read(
    folder: Path, text: str, name: str = "bay.txt", encoding: str = "utf-8", words: tuple[str, ...] = ()
) -> Annotations:
    (folder / name).write_bytes(text.encode(encoding))
    return read_annotations(folder / name, words)


def events(annotations: Annotations) -> list[tuple]:
    assert annotations.faults == []
    return [(*event[1:4], event.words[0]) for event in annotations.events]


# The examples of docs/data.md.

PAGE = (Path(__file__).parents[4] / "docs" / "data.md").read_text(encoding="utf-8")
FORMATS = PAGE.split("\n## Formats\n")[1].split("\n- ")[0]
EXAMPLES = {
    cells[1].strip(): "".join(f"{line}\n" for line in re.findall(r"`([^`]+)`", cells[2])).replace("→", "\t")
    for row in FORMATS.splitlines()
    if len(cells := row.split("|")) > 3 and "`calls/`" not in row and "---" not in row and "| example |" not in row
}


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES)
def test_each_example_of_the_documentation_is_the_same_event(tmp_path, text):
    ((recording, *times, word),) = events(read(tmp_path, text, "a.txt"))
    assert (recording.removesuffix(".wav"), times) == ("a", [1.5, 2.5])
    assert word in ("S01", "call", "")


def test_the_documentation_has_an_example_of_each_format():
    assert len(EXAMPLES) == 10


# Raven.


def test_a_raven_selection_counts_once_however_many_views_it_has(tmp_path):
    text = f"{RAVEN}\tAnnotation\n1\tWaveform 1\t1\t2.5\t3.5\t0\t9\tS01\n1\tSpectrogram 1\t1\t2.5\t3.5\t0\t9\tS01\n"
    annotations = read(tmp_path, text, "bay.Table.1.selections.txt")
    assert events(annotations) == [("bay", 2.5, 3.5, "S01")]
    assert annotations.events[0].source == f"{tmp_path}/bay.Table.1.selections.txt:2"


def test_a_raven_table_needs_no_label(tmp_path):
    assert events(read(tmp_path, f"{RAVEN}\n1\tSpectrogram 1\t1\t2.5\t3.5\t0\t9\n")) == [("bay", 2.5, 3.5, "")]


def test_times_of_a_raven_sequence_count_from_the_start_of_each_file(tmp_path):
    text = f"{RAVEN}\tBegin File\tFile Offset (s)\n"
    text += "1\tSpectrogram 1\t1\t10.0\t11.0\t0\t9\tfirst.wav\t10.0\n"
    text += "2\tSpectrogram 1\t1\t610.0\t612.0\t0\t9\tC:\\sea\\second.wav\t10.0\n"
    assert events(read(tmp_path, text)) == [("first.wav", 10.0, 11.0, ""), ("C:\\sea\\second.wav", 10.0, 12.0, "")]


def test_a_raven_sequence_without_offsets_is_refused(tmp_path):
    text = f"{RAVEN}\tBegin File\n1\tS\t1\t1\t2\t0\t9\tfirst.wav\n2\tS\t1\t610\t612\t0\t9\tsecond.wav\n"
    (fault,) = read(tmp_path, text).faults
    assert fault.startswith(f"{tmp_path}/bay.txt:1: names 2 files, but has no column File Offset (s)")


def test_a_raven_sequence_without_an_offset_or_a_file_in_some_row_is_refused(tmp_path):
    text = f"{RAVEN}\tBegin File\tFile Offset (s)\n1\tS\t1\t1\t2\t0\t9\tfirst.wav\t1\n"
    text += "2\tS\t1\t610\t612\t0\t9\tsecond.wav\t\n3\tS\t1\t620\t622\t0\t9\t\t20\n"
    assert read(tmp_path, text).faults == [
        f"{tmp_path}/bay.txt:3: has no File Offset (s), which a table of several files needs; add the column "
        "File Offset (s) in Raven and save the table again",
        f"{tmp_path}/bay.txt:4: names no recording; fill in its file name, or remove the row",
    ]


def test_a_raven_table_without_selections_says_that_its_recording_was_listened_to(tmp_path):
    annotations = read(tmp_path, f"{RAVEN}\n", "quiet.Table.1.selections.txt")
    assert (annotations.events, annotations.origins) == ([], {"quiet": Origin()})


# Pod.Cast.


def test_a_pod_cast_table_has_site_and_date(tmp_path):
    text = POD_CAST + "round2\tOS_1.wav\t49.765\t2.45\torcasound_lab\t7/5/2019\t08:24:00\n"
    annotations = read(tmp_path, text)
    assert events(annotations) == [("OS_1.wav", 49.765, 52.215, "")]
    assert annotations.origins == {"OS_1.wav": Origin("orcasound_lab", "2019-07-05T08:24:00")}


@pytest.mark.parametrize("duration", ["0.0", "0.01"])
def test_a_pod_cast_recording_without_calls_is_one_row_that_lasts_no_time(tmp_path, duration):
    annotations = read(tmp_path, POD_CAST + f"round7\tquiet.wav\t0.0\t{duration}\tport\t2020-09-27\tx\n")
    assert (annotations.events, annotations.origins) == ([], {"quiet.wav": Origin("port", "2020-09-27")})


@pytest.mark.parametrize("last", ["duration", "end"])
def test_a_row_with_a_word_is_an_event_even_if_it_lasts_no_time(tmp_path, last):
    """People mark a sound by a point; one without a word at the start says that there is none."""
    ends = {"duration": ("0", "0.01", "0"), "end": ("5", "7.01", "0")}[last]
    text = f"filename,start,{last},label\na.wav,5,{ends[0]},S01\nb.wav,7,{ends[1]},nocall\nquiet.wav,0,{ends[2]},\n"
    annotations = read(tmp_path, text)
    assert [(one.recording, one.start_s, *one.words) for one in annotations.events] == [
        ("a.wav", 5, "S01"),
        ("b.wav", 7, "nocall"),
    ]
    assert list(annotations.origins) == ["a.wav", "b.wav", "quiet.wav"]


@pytest.mark.parametrize("begin", ["start_time_s", "start_s", "start"])
def test_short_names_of_columns_and_a_label_column_are_understood(tmp_path, begin):
    text = f"filename,{begin},duration_s,label\nbay.flac,1,2,call\nbay.flac,5,20,nocall\n"
    assert events(read(tmp_path, text)) == [("bay.flac", 1, 3, "call"), ("bay.flac", 5, 25, "nocall")]


def test_every_bad_row_of_a_pod_cast_table_is_named(tmp_path):
    faults = read(tmp_path, POD_CAST + "r\ta.wav\tsoon\t1\t\t\t\nr\t\t1\t1\t\t\t\nr\tb.wav\t1\t-1\t\t\t\n").faults
    assert faults == [
        f"{tmp_path}/bay.txt:2: begins at 'soon' and lasts '1'; {HOW}",
        f"{tmp_path}/bay.txt:3: names no recording; fill in its file name, or remove the row",
        f"{tmp_path}/bay.txt:4: begins at '1' and lasts '-1'; {HOW}",
    ]


# DCLDE.


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ("KW,1,1,SRKW,Call", "call"),
        ("KW,TRUE,TRUE,NA,Detection", "call"),
        ("KW,1,NA,SRKW,Call", "call"),
        ("KW,1,0,NA,Call", "unsure"),
        ("KW,1,1,SRKW,File", "unsure"),
        ("HW,0,0,NA,Call", "HW"),
        ("AB,0,NA,NA,File", "AB"),
        ("NA,NA,NA,NA,Call", "unsure"),
    ],
)
def test_dclde_has_classes_and_certainty(tmp_path, columns, text):
    row = f"AMAR1.20200101T000000Z.flac,Carmanah,JASCO,{columns},10.5,12.0,2020-01-01 00:00:10\n"
    annotations = read(tmp_path, DCLDE + row, "annotations.csv")
    assert events(annotations) == [("AMAR1.20200101T000000Z.flac", 10.5, 12.0, text)]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("SRKW,,1,NA,Call", ("SRKW",)),
        ("SRKW,,0,NA,Call", ("SRKW", "unsure")),
        ("SRKW,,1,NA,File", ("SRKW", "unsure")),
        ("SRKW,1,0,NA,Call", ("unsure",)),
        ("HW,0,0,NA,File", ("HW",)),
    ],
)
def test_a_dclde_class_that_is_an_ecotype_is_uncertain_where_the_table_says_so(tmp_path, columns, words):
    (event,) = read(tmp_path, DCLDE + f"a.flac,C,J,{columns},10.5,12.0,\n").events
    assert event.words == words


def test_a_stated_column_counts_beside_the_class_of_a_dclde_table(tmp_path):
    rows = "".join(f"a.flac,C,J,{cells},Call,10.5,12.0,\n" for cells in ("KW,1,1,TKW", "KW,1,0,SRKW", "HW,0,0,NA"))
    found = read(tmp_path, DCLDE + rows, words=("ecotype", "none")).events
    assert [event.words for event in found] == [("call", "TKW"), ("unsure", "SRKW"), ("HW",)]
    assert [kind_of(event.words, {"TKW": "other"}) for event in found] == ["other", "unsure", "other"]


def test_a_dclde_recording_has_the_site_of_its_data_set_and_begins_before_its_events(tmp_path):
    row = "a.flac,Carmanah,JASCO,KW,1,1,SRKW,Call,70.0,72.0,2020-01-01 00:01:10\n"
    assert read(tmp_path, DCLDE + row).origins == {"a.flac": Origin("Carmanah", "2020-01-01T00:00:00Z")}


def test_a_dclde_row_about_a_file_needs_no_times(tmp_path):
    assert events(read(tmp_path, DCLDE + "a.flac,C,J,AB,0,NA,NA,File,NA,NA,NA\n")) == [("a.flac", 0, inf, "AB")]


def test_a_dclde_row_about_a_call_does(tmp_path):
    faults = read(tmp_path, DCLDE + "a.flac,C,J,KW,1,1,NA,Call,NA,NA,NA\na.flac,C,J,KW,1,1,NA,Call,9,8,NA\n").faults
    assert [fault.partition(": ")[0] for fault in faults] == [f"{tmp_path}/bay.txt:2", f"{tmp_path}/bay.txt:3"]


# Audacity.


def test_an_audacity_track_is_of_the_recording_of_its_name(tmp_path):
    text = "1.000000\t2.500000\tS01\n\\\t500.0\t4000.0\n7.25\t7.25\n"
    assert events(read(tmp_path, text, "5066.190705140000.txt")) == [
        ("5066.190705140000", 1.0, 2.5, "S01"),
        ("5066.190705140000", 7.25, 7.25, ""),
    ]


def test_an_empty_audacity_track_says_that_its_recording_was_listened_to(tmp_path):
    assert read(tmp_path, "", "quiet.txt") == Annotations([], {"quiet": Origin()}, [])


# All.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_endings_and_a_byte_order_mark_do_no_harm(tmp_path, encoding, end):
    text = (POD_CAST + "r\ta.wav\t1\t2\t\t\t\n").replace("\n", end)
    assert events(read(tmp_path, text, encoding=encoding)) == [("a.wav", 1, 3, "")]


@pytest.mark.parametrize("text", ["Dear Val\nhere are the calls.\n", "{}"])
def test_what_is_not_recognised_is_refused_with_what_is(tmp_path, text):
    (fault,) = read(tmp_path, text).faults
    assert fault.startswith(f"{tmp_path}/bay.txt: is not in a known annotation format")
    assert all(name in fault for name in ("Raven", "Pod.Cast", "DCLDE", "Audacity", "calls and nocalls"))


@pytest.mark.parametrize(
    ("header", "nearest", "lacks"),
    [
        ("time,species", "a table of events", "a column for the start of an event, in seconds (such as start_s) and "),
        ("filename,start,label", "a table of events", "a column for its end (end_s) or duration (duration_s)"),
        ("filename,end,label", "a table of events", "a column for the start of an event, in seconds (such as start_s)"),
        ("Selection\tView\tBegin Time (s)\tAnnotation", "a Raven selection table", "End Time (s)"),
        ("Soundfile,FileBeginSec,KW", "the DCLDE killer-whale CSV", "FileEndSec"),
    ],
)
def test_of_a_table_that_is_not_understood_the_header_is_shown_and_what_it_lacks(tmp_path, header, nearest, lacks):
    (fault,) = read(tmp_path, f"\n{header}\n1\t2\n").faults
    first = header.replace("\t", ",").split(",")[0]
    assert fault.startswith(f"{tmp_path}/bay.txt:2: is not in a known annotation format: its columns are '{first}'")
    assert fault.partition(f"to be {nearest} it lacks ")[2].startswith(lacks)


@pytest.mark.parametrize(
    ("start", "what"),
    [(b"PK\x03\x04", "a spreadsheet"), (b"\xd0\xcf\x11\xe0", "an old Excel spreadsheet"), (b"RIFF\0\0", "a recording")],
)
def test_a_file_that_is_no_text_is_named_for_what_it_is(tmp_path, start, what):
    (tmp_path / "calls.xlsx").write_bytes(start + b"\n\n\xff\0")
    (fault,) = read_annotations(tmp_path / "calls.xlsx").faults
    assert fault.startswith(f"{tmp_path}/calls.xlsx: is {what}")


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    assert "is not in a known annotation format" in read_annotations(tmp_path).faults[0]
    assert "there is no such file" in read_annotations(tmp_path / "no.tsv").faults[0]


@pytest.mark.parametrize(("encoding", "reason"), [("utf-16", "UTF-16"), ("latin-1", "not UTF-8 text")])
def test_another_encoding_is_refused(tmp_path, encoding, reason):
    (fault,) = read(tmp_path, "1\t2\tÖl\n", encoding=encoding).faults
    assert fault.startswith(f"{tmp_path}/bay.txt:1: {reason}")
