"""Tables of events as the programs of the field write them, and as spreadsheets and R save them again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.lib.annotations.kinds import kind_of
from tools.lib.formats.annotations import read_annotations
from tools.lib.formats.event import Annotations

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


def read(folder: Path, text: str, name: str = "bay.csv", words: tuple[str, ...] = ()) -> Annotations:
    (folder / name).write_text(text, newline="")
    return read_annotations(folder / name, words)


def events(annotations: Annotations) -> list[tuple]:
    assert annotations.faults == []
    return [(event.recording, event.start_s, event.end_s, *event.words) for event in annotations.events]


FORMATS = {
    "Ketos": "filename,start,end,label\nsea/a.wav,1.5,2.5,S01\n",
    "Ketos with numbers of annotations": "filename,annot_id,start,end,label\nsea/a.wav,0,1.5,2.5,S01\n",
    "OpenSoundscape": "file,start_time,end_time,annotation\nsea/a.wav,1.5,2.5,S01\n",
    "OpenSoundscape of Raven": (
        "audio_file,raven_file,annotation,start_time,end_time\nsea/a.wav,sea/a.selections.txt,S01,1.5,2.5\n"
    ),
    "BirdNET CSV": (
        "Start (s),End (s),Scientific name,Common name,Confidence,File\n1.5,2.5,Orcinus orca,S01,0.9,sea/a.wav\n"
    ),
    "BirdNET for Raven": (
        f"{RAVEN}\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
        "1\tSpectrogram 1\t1\t601.5\t602.5\t0\t9\tS01\torca1\t0.9\tsea/a.wav\t1.5\n"
    ),
    "Kaleidoscope": (
        "INDIR,FOLDER,IN FILE,CHANNEL,OFFSET,DURATION,Fmin,DATE,TIME,HOUR,AUTO ID*,MANUAL ID\n"
        "D:\\in,sea,a.wav,0,1.5,1.0,500,2019-07-05,14:00:00,14,NoID,S01\n"
    ),
    "APLOSE": (
        "dataset,filename,start_time,end_time,start_frequency,end_frequency,annotation,annotator,start_datetime,"
        "end_datetime,is_box\n"
        "set,sea/a.wav,1.5,2.5,0,9,S01,val,2019-07-05T14:00:01+00:00,2019-07-05T14:00:02+00:00,1\n"
    ),
    "Raven with commas": (
        "Selection,Begin Time (s),End Time (s),Begin File,File Offset (s),Annotation\n1,9,10,sea/a.wav,1.5,S01\n"
    ),
    "Raven from R": (
        '"","Selection","Begin.Time..s.","End.Time..s.","Begin.Path","File.Offset..s.","Annotation","Notes"\n'
        '"1",1,9,10,"sea/a.wav",1.5,"S01",NA\n'
    ),
    "Raven from R with tabs and row numbers": (
        '"Selection"\t"Begin.Time..s."\t"End.Time..s."\t"Begin.Path"\t"File.Offset..s."\t"Annotation"\n'
        '"7"\t1\t9\t10\t"sea/a.wav"\t1.5\t"S01"\n'
    ),
    "R with blanks": '"sound.files" "selec" "start" "end" "label"\n"1" "sea/a.wav" 1 1.5 2.5 "S01"\n',
    "Raven after a blank line": (
        "\n\nBegin Time (s)\tEnd Time (s)\tBegin Path\tFile Offset (s)\tLabel\n9\t10\tsea/a.wav\t1.5\tS01\n"
    ),
    "crowsetta": "label,onset_s,offset_s,notated_path\nS01,1.5,2.5,sea/a.wav\n",
    "warbleR": "sound.files,selec,start,end,label\nsea/a.wav,1,1.5,2.5,S01\n",
    "this project's detections": "recording,start_s,end_s,p_call,label\nsea/a.wav,1.500000,2.500000,0.9,S01\n",
    "semicolons": "filename;start;end;label\nsea/a.wav;1,5;2,5;S01\n",
    "Excel": "sep=;\nfilename;start;end;label\nsea/a.wav;1,5;2,5;S01\n",
    "tabs and decimal commas": "filename\tstart_s\tduration_s\tlabel\nsea/a.wav\t1,5\t1,0\tS01\n",
    "decimal commas in quotation marks": 'filename,start,end,label\nsea/a.wav,"1,5","2,5",S01\n',
    "hours, minutes and seconds": "filename,start,end,label\nsea/a.wav,00:00:01.5,0:00:02.5,S01\n",
    "minutes and seconds": "filename;start;end;label\nsea/a.wav;00:01,5;0:02,5;S01\n",
    "empty cells at the end": "filename,start,end,label,,\nsea/a.wav,1.5,2.5,S01,,\n",
    "short rows": "filename,start,end,label,note\nsea/a.wav,1.5,2.5,S01\n",
}


@pytest.mark.parametrize("text", FORMATS.values(), ids=FORMATS)
def test_the_tables_of_the_field_say_the_same(tmp_path, text):
    assert events(read(tmp_path, text)) == [("sea/a.wav", 1.5, 2.5, "S01")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_quoted_note_may_go_on_over_lines(tmp_path, end):
    text = f'filename,start,end,label,note{end}a.wav,1,2,S01,"faint,{end}near ""the"" boat"{end}b.wav,3,4,S02,{end}'
    annotations = read(tmp_path, text)
    assert events(annotations) == [("a.wav", 1, 2, "S01"), ("b.wav", 3, 4, "S02")]
    assert [event.source for event in annotations.events] == [f"{tmp_path}/bay.csv:2", f"{tmp_path}/bay.csv:4"]


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|"])
def test_a_quotation_mark_that_is_not_closed_spoils_no_other_row(tmp_path, separator):
    rows = ["filename,start,end,label,note", 'a.wav,1,2,S01,"', "b.wav,3,4,S02,x", 'c.wav,5,6,S03,9" pipe']
    assert events(read(tmp_path, "\n".join(rows).replace(",", separator))) == [
        ("a.wav", 1, 2, "S01"),
        ("b.wav", 3, 4, "S02"),
        ("c.wav", 5, 6, "S03"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        (
            "filename,start,end,label\na.wav,1,2,call\na.wav,12,5,0,8\n",
            3,
            "write points, or separate the cells by semi",
        ),
        ("filename,start_s,duration_s\na.wav,12,5,0,8\n", 2, "write points"),
        ("Soundfile,FileBeginSec,FileEndSec\na.wav,12,5,13,5\n", 2, "write points"),
        (f"{RAVEN}\n1\tS\t1\t1\t2\t0\t9\tS01\n", 2, "name every column in the header"),
    ],
)
def test_cells_beyond_the_header_are_refused(tmp_path, text, line, remedy):
    (fault,) = read(tmp_path, text).faults
    assert fault.startswith(f"{tmp_path}/bay.csv:{line}: has ")
    assert remedy in fault


@pytest.mark.parametrize(
    "times",
    [
        [("1,234", "1,235"), ("12.5", "13.5")],  # a comma that may separate thousands
        [("1.234,5", "1.235,5")],
        [("0:61:00", "0:62:00")],
        [("2019-07-05", "2019-07-06")],
        [("", "3")],
        [("3", "2")],
        [("-1", "2")],
    ],
)
def test_times_that_may_mean_something_else_are_refused(tmp_path, times):
    rows = "".join(f"a.wav;{begin};{end}\n" for begin, end in times)
    faults = read(tmp_path, f"filename;start;end\n{rows}").faults
    assert [fault.partition(": ")[0] for fault in faults] == [f"{tmp_path}/bay.csv:2"]
    assert f"begins at {times[0][0]!r} and ends at {times[0][1]!r}; write seconds, such as 12.5" in faults[0]


def test_a_row_without_times_and_words_says_that_its_recording_was_listened_to(tmp_path):
    annotations = read(tmp_path, "file,start_time,end_time,label\na.wav,NaN,NaN,NaN\nb.wav,1,2,call\n")
    assert events(annotations) == [("b.wav", 1, 2, "call")]
    assert annotations.origins.keys() == {"a.wav", "b.wav"}


@pytest.mark.parametrize("name", ["a.BirdNET.results.csv", "a.csv", "a_labels.csv", "a.selections.csv"])
def test_a_table_without_a_column_for_the_recording_is_about_the_one_of_its_name(tmp_path, name):
    annotations = read(tmp_path, "Start (s),End (s),Common name\n1,2,S01\n", name)
    assert events(annotations) == [("a", 1, 2, "S01")]
    assert annotations.notes == [
        f"{tmp_path}/{name}: has no column for the recording, so it is assigned to 'a' by its file name"
    ]


def test_a_table_that_names_no_recording_in_any_way_is_refused(tmp_path):
    (fault,) = read(tmp_path, "start,end,label\n1,2,S01\n", "annotations.csv").faults
    assert fault.startswith(f"{tmp_path}/annotations.csv:1: there is no column for the recording, and the table is not")


@pytest.mark.parametrize(
    ("columns", "cells", "kind"),
    [
        ("label,species", "call,HW", "other"),
        ("label,Species", "call,KW", "call"),
        ("Sound Type", "boat", "other"),
        ("Call Type,Class", "S01,HW", "other"),
        ("Tags", "S01", None),
        ("Class", "KW", "call"),
        ("Common Name,Species Code", "Killer Whale,orca1", "call"),
        ("annotation,is_box", "call,0", "unsure"),
        ("annotation,is_box", "HW,0", "other"),
        ("annotation,is_box", "call,1", "call"),
        ("MANUAL ID,AUTO ID", ",KW", "unsure"),
        ("MANUAL ID,AUTO ID", "KW,NoID", "call"),
        # It is asked whether these mean that there is no call, or that nobody wrote anything.
        *[("label", word, None) for word in ("none", "None", "NA", "nan", "NULL", "n/a")],
        *[("label,species", words, None) for words in ("none,KW", "call,none", "NA,NaN")],
        *[("label,species", words, "call") for words in ("call,NA", "null,KW")],
        ("MANUAL ID,AUTO ID", "none,KW", None),
        ("MANUAL ID,AUTO ID", "NA,KW", "unsure"),
    ],
)
def test_every_column_of_words_counts(tmp_path, columns, cells, kind):
    (event,) = read(tmp_path, f"filename,start,end,{columns}\na.wav,1,2,{cells}\n").events
    assert kind_of(event.words, {}) == kind


@pytest.mark.parametrize(
    ("columns", "rows", "asked"),
    [
        ("Kind", ["boat", "orca"], "'Kind'"),
        ("Kind,Quality", ["orca,good", "orca,poor"], "'Kind', 'Quality'"),
        ("orca,noise", ["1,0", "0,1"], "'orca', 'noise'"),
        ("orca", ["True", "False"], "'orca'"),
        ("Kind,Annotation", ["boat,", "orca,"], "'Kind'"),
    ],
)
def test_words_in_a_column_of_another_name_are_asked_about(tmp_path, columns, rows, asked):
    text = f"filename,start,end,{columns}\n" + "".join(f"a.wav,{n},{n + 1},{row}\n" for n, row in enumerate(rows))
    (fault,) = read(tmp_path, text).faults
    assert fault.startswith(f"{tmp_path}/bay.csv:1: it is unclear which column names the sounds: {asked}; add ")
    column = columns.partition(",")[0]
    stated = read(tmp_path, text, words=(column.upper(),))
    assert [event[3:] for event in events(stated)] == [(row.partition(",")[0],) for row in rows]
    assert [event[3:] for event in events(read(tmp_path, text, words=("none",)))] == [("",)] * len(rows)


@pytest.mark.parametrize(
    "columns",
    [
        "Channel,Notes,Begin Date Time,Begin Clock Time\na.wav,1,2,1,faint boat,2019/07/05 14:00:00,14:00:00.5",
        "Low Freq (Hz),Peak Freq (Hz),Score\na.wav,1,2,50.5,1e3,-0.5",
        "annotator,source\na.wav,1,2,val,github: x",
    ],
)
def test_columns_that_never_hold_words_are_not_asked_about(tmp_path, columns):
    assert events(read(tmp_path, f"filename,start,end,{columns}\n")) == [("a.wav", 1, 2, "")]


def test_a_column_that_is_stated_counts_before_those_that_are_known(tmp_path):
    text = "filename,start,end,label,Kind\na.wav,1,2,faint,S01\n"
    assert events(read(tmp_path, text, words=("Kind",))) == [("a.wav", 1, 2, "S01")]


# Raven's sequences.

SEQUENCE = f"{RAVEN}\tBegin File\tEnd File\tFile Offset (s)\tAnnotation\n"


def test_a_selection_that_ends_in_the_next_file_lies_in_both(tmp_path):
    text = SEQUENCE + "1\tS 1\t1\t29\t40\t0\t9\ta.wav\tb.wav\t29\tS01\n2\tS 1\t1\t50\t51\t0\t9\tb.wav\tb.wav\t20\tS01\n"
    assert events(read(tmp_path, text)) == [
        ("a.wav", 29, 40, "S01"),
        ("b.wav", 0, 10, "S01"),
        ("b.wav", 20, 21, "S01"),
    ]


def test_how_much_of_it_lies_there_is_told_by_the_length_of_the_first_where_the_table_does_not(tmp_path):
    annotations = read(tmp_path, SEQUENCE + "1\tS 1\t1\t29\t40\t0\t9\ta.wav\tb.wav\t29\tS01\n")
    assert [(event.recording, event.before) for event in annotations.events] == [
        ("a.wav", None),
        ("b.wav", ("a.wav", 29.0)),
    ]
    assert annotations.origins.keys() == {"a.wav", "b.wav"}


def test_files_of_several_sequences_in_one_table_are_not_joined(tmp_path):
    rows = [("29", "31", "a.wav", "29"), ("40", "41", "b.wav", "10"), ("40", "41", "z.wav", "10")]
    text = SEQUENCE.replace("End File\t", "") + "".join(
        f"{number}\tS 1\t1\t{begin}\t{end}\t0\t9\t{name}\t{offset}\tS01\n"
        for number, (begin, end, name, offset) in enumerate(rows, 1)
    )
    assert len(events(read(tmp_path, text))) == 3


@pytest.mark.parametrize(
    ("name", "asked"), [("b.Table.1.selections.txt", False), ("b.wav.txt", False), ("sea.Table.1.selections.txt", True)]
)
def test_times_without_offset_are_of_the_one_file_only_where_the_table_is_named_after_it(tmp_path, name, asked):
    faults = read(tmp_path, f"{RAVEN}\tBegin File\n1\tS 1\t1\t31\t32\t0\t9\tb.wav\n", name).faults
    assert [fault.partition(", is not")[0] for fault in faults] == [
        f"{tmp_path}/{name}:1: names only the file b.wav"
    ] * asked


@pytest.mark.parametrize(
    ("rows", "faults"), [("", []), ("1\tS 1\t1\tx\ty\t0\t9\tb.wav\n", ["begins at 'x' and ends at 'y'"])]
)
def test_a_selection_table_without_an_event_names_no_file(tmp_path, rows, faults):
    read_now = read(tmp_path, f"{RAVEN}\tBegin File\n{rows}", "bay.selections.txt")
    assert read_now.events == []
    assert [fault in said for fault, said in zip(faults, read_now.faults, strict=True)] == [True] * len(faults)


# Whatever a file holds.

PIECES = ["filename", "Begin Time (s)", "end", "File Offset (s)", "End File", "label", "MANUAL ID", "Selection", "View"]
PIECES += ["Begin File", "a.wav", "sea/b.wav", "1.5", "2,5", "0:01", "NA", "call", "HW?"]
PIECES += ['"', '"S01"', "\t", ",", ";", "\n", "\n", " ", "\\"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join))
def test_any_text_is_read_or_refused_in_sentences(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    annotations = read_annotations(path)
    assert all(event.recording and 0 <= event.start_s <= event.end_s for event in annotations.events)
    assert {event.recording for event in annotations.events} <= annotations.origins.keys()
    assert all(fault.startswith(f"{path}:") for fault in annotations.faults)


def test_a_line_that_is_longer_than_any_cell_is_no_table(tmp_path):
    (fault,) = read(tmp_path, '{"a": "' + "x" * 200_000 + '", "b": 1}\n').faults
    assert "is not in a known annotation format" in fault
    assert len(fault) < 1000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.Table.1.selections.txt",
            "Selection\tView\tBegin Time (s)\tEnd Time (s)\tBegin Path\tFile Offset (s)\tLabel\tScore\t"
            "Continues\tVerdict\n"
            "1\tS\t1\t2\ta.wav\t1\tcall\t0.9\t\t\n2\tS\t3\t4\ta.wav\t3\tcall\t0.9\tb.wav\tnocall faint\n"
            "3\tS\t5\t6\ta.wav\t5\tcall\t0.9\t\tUnsure\n4\tS\t7\t8\ta.wav\t7\tcall\t0.9\t\tnocal\n",
        ),
        (
            "a.csv",
            "recording,start_s,end_s,p_call,continues,verdict\na.wav,1,2,0.9,,\na.wav,3,4,0.9,b.wav,nocall faint\n"
            "a.wav,5,6,0.9,,Unsure\na.wav,7,8,0.9,,nocal\n",
        ),
        ("a.txt", "1\t2\t0.93\n3\t4\t0.93 nocall faint\n5\t6\t0.93 Unsure\n7\t8\t0.93 nocal\n"),
    ],
)
def test_the_verdict_about_a_detection_outranks_its_label(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    annotations = read_annotations(path)
    assert annotations.faults == []
    assert [(one.recording, one.start_s) for one in annotations.events] in (
        [("a.wav", 1), ("a.wav", 3), ("a.wav", 5), ("a.wav", 7)],
        [("a", 1), ("a", 3), ("a", 5), ("a", 7)],
    )
    kinds = [kind_of(one.words, {}) for one in annotations.events]
    # A detection that nobody has answered is no call, and neither is a verdict that is misspelt.
    assert kinds == ["unsure", "nocall", "unsure", None]


def test_a_row_that_a_person_has_added_to_detections_is_a_call(tmp_path):
    text = "recording,start_s,end_s,p_call,continues,verdict\na.wav,1,2,,,\na.wav,3,4,,,call\n"
    assert [kind_of(one.words, {}) for one in read(tmp_path, text).events] == ["call", "call"]


def test_a_column_named_verdict_in_other_tables_is_no_verdict_of_ours(tmp_path):
    text = "filename,start,end,label,verdict\na.wav,1,2,S01,checked\n"
    assert events(read(tmp_path, text)) == [("a.wav", 1, 2, "S01")]


@pytest.mark.parametrize(
    ("name", "text", "pair"),
    [
        ("bay.csv", "filename,start,end,label,label\na.wav,1,2,call,nocall\n", "'label' repeats 'label'"),
        ("bay.tsv", "filename\tLabel\tstart\tend\tlabel\na.wav\tcall\t1\t2\tnocall\n", "'label' repeats 'Label'"),
        ("bay.csv", "filename;start;Start (s);end;Start_S\na.wav;2;2;3;2\n", "'Start_S' repeats 'Start (s)'"),
        ("bay.txt", f"{RAVEN}\tNote\tnote\n1\tS 1\t1\t1\t2\t0\t9\tx\ty\n", "'note' repeats 'Note'"),
        (
            "bay.csv",
            "Soundfile,FileBeginSec,FileEndSec,ClassSpecies,KW,KW_certain,KW\na.wav,1,2,KW,1,1,0\n",
            "'KW' repeats 'KW'",
        ),
    ],
)
def test_a_column_that_is_named_twice_is_refused(tmp_path, name, text, pair):
    assert read(tmp_path, text, name).faults == [
        f"{tmp_path / name}:1: column {pair}; rename or remove one of them",
    ]


def test_columns_without_a_name_may_repeat(tmp_path):
    text = "filename,start,end,label,,\na.wav,1,2,call,x,y\n"
    assert events(read(tmp_path, text)) == [("a.wav", 1.0, 2.0, "call")]
