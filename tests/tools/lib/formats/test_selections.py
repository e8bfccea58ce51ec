from pathlib import Path

import pytest

from experiments.clone import commit
from stages.lib.runtime.faults import InputFaults
from tests.support.edit import replace_in
from tests.support.feature_params import PARAMS
from tests.support.label_repository import (
    HEADER,
    expert_rows,
    make_label_repository,
    without_outputs,
    write_label_files,
)
from tests.support.tool import run_tool
from tools.add_labels import Signature, add_labels
from tools.lib.clips.queue_windows import Window
from tools.lib.formats.raven_table import parse_raven
from tools.lib.formats.selections import DataSetWindows, Selection, queued_clip
from tools.queue_tracks import track_files, write_tracks

SIGNATURE = Signature("ann", "2026-11-22")
RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(write_label_files(tmp_path / "repository"))
    return Path()


def add(name: str, text: str, encoding: str = "utf-8") -> list[str]:
    """Add a file and return the rows that are new."""
    Path(name).write_bytes(text.encode(encoding))
    add_labels([Path(name)], SIGNATURE)
    return [row.replace(",ann,2026-11-22,", ",") for row in expert_rows(Path()) if ",ann," in row]


def faults(name: str, text: str, encoding: str = "utf-8") -> list[str]:
    with pytest.raises(InputFaults) as caught:
        add(name, text, encoding)
    return caught.value.lines


def test_a_label_track_answers_for_the_recording_of_its_name(repository):
    track = "0.0\t3.0\tcall\n\\\t500.0\t4000.0\n4.1\t6.0\tNoCall  S01 faint\n"
    assert add("deep.txt", track) == ["deep_0000000,call,", "deep_0004000,nocall,S01 faint"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("call", "call,"),
        (" UNSURE ", "unsure,"),
        ("nocall: ferry", "nocall,ferry"),
        ("nocall, ferry", "nocall,ferry"),
        ("call,", "call,"),
        ("Call S01: faint", "call,S01: faint"),
    ],
)
def test_the_text_is_a_label_and_perhaps_a_note(repository, text, answer):
    assert add("deep.txt", f"0\t3\t{text}\n") == [f"deep_0000000,{answer}"]


@pytest.mark.parametrize("text", ["no call", "caller", "orca", "call?", "?call", "unsure-S01"])
def test_an_unknown_text_is_refused(repository, text):
    assert faults("deep.txt", f"0\t3\t{text}\n") == [
        f"deep.txt:1: unknown text {text!r}; write call, nocall, unsure, and optionally a note after it"
    ]


@pytest.mark.parametrize("text", ["", "?", "  "])
def test_what_is_not_filled_in_is_passed_over_wherever_it_lies(repository, text):
    assert add("deep.txt", f"0\t3\t{text}\n500\t600\t{text}\n") == []


def test_a_track_with_decimal_commas_is_read_and_one_with_points_too_is_not(repository):
    assert add("deep.txt", "0,000000\t3,000000\tcall\n4,1\t6,9\tnocall\n") == [
        "deep_0000000,call,",
        "deep_0004000,nocall,",
    ]
    assert faults("deep.txt", "0,0\t3\tcall\n4.1\t6.9\tnocall\n")[0].startswith("deep.txt:1: ")


def test_a_raven_table_that_another_program_has_saved_is_read(repository):
    table = '"Selection";"Begin.Time..s.";"End.Time..s.";"Begin.File";"Label"\n1;0,0;3,0;"deep.wav";"NoCall"\n'
    assert add("val.csv", table) == ["deep_0000000,nocall,"]


def test_a_word_that_may_mean_no_call_is_refused_in_a_raven_table_as_in_any_other(repository):
    table = "Begin Time (s)\tEnd Time (s)\tBegin File\tLabel\n0\t3\tdeep.wav\tnone\n4\t7\tdeep.wav\t\n"
    assert faults("val.txt", table) == [
        "val.txt:2: unknown text 'none'; write call, nocall, unsure, and optionally a note after it"
    ]


def test_an_empty_track_holds_nothing(repository):
    assert add("deep.txt", "") == []


def test_windows_line_endings_and_a_byte_order_mark_do_no_harm(repository):
    assert add("deep.txt", "\ufeff0\t3\tcall\r\n4\t7\tnocall\r\n") == ["deep_0000000,call,", "deep_0004000,nocall,"]


def test_several_selections_of_a_clip_are_one_answer_with_all_notes(repository):
    assert add("deep.txt", "0\t1\tcall S01\n1\t2\tcall S02\n2\t3\tcall S01\n") == ["deep_0000000,call,S01; S02"]


def test_selections_that_contradict_each_other_are_refused(repository):
    assert faults("deep.txt", "0\t1\tcall\n1\t2\tunsure\n") == [
        "deep.txt:2: unsure for deep_0000000, but call on line 1; keep one"
    ]


@pytest.mark.parametrize("queue", ["", "deep_0004000,,,,\n"])
def test_a_track_of_an_earlier_queue_is_about_its_own_clips(tmp_path, monkeypatch, queue):
    """It was sent out before the round was closed, or before other clips were queued that overlap with them."""
    monkeypatch.chdir(make_label_repository(tmp_path / "repository"))
    for name in (Path("data/reef/clips.csv"), Path("labels/split.csv")):
        row = "deep_0005000,2019/deep.flac,5,," if name.stem == "clips" else "deep_0005000,pool,"
        name.write_text(f"{name.read_text()}{row}\n")
    Path("labels/queue.csv").write_text(f"{HEADER}deep_0005000,,,,\n")
    commit(Path(), "A queue")
    write_tracks(Path("tracks"))
    track = Path("tracks/deep.txt").read_text()
    assert track == "5.000000\t8.000000\t\n"
    Path("labels/queue.csv").write_text(HEADER + queue)
    commit(Path(), "Another queue")
    assert add("deep.txt", track.replace("\t\n", "\tcall\n")) == ["deep_0005000,call,"]
    # Nothing was asked about a clip of the validation part.
    (fault,) = faults("deep.txt", "8\t11\tcall\n")
    assert "queued" in fault


def test_a_track_about_another_data_set_is_taken_after_the_switch(tmp_path, monkeypatch):
    monkeypatch.chdir(make_label_repository(tmp_path / "repository"))
    write_tracks(Path("tracks"))
    track = Path("tracks/bay.txt").read_text()
    Path("data/cove").mkdir()
    clips = "clip_id,recording,start_s,label,site\ncove_0000000,cove.wav,0,call,\n"
    Path("data/cove/clips.csv").write_text(clips)
    replace_in(Path("params.yaml"), "dataset: reef", "dataset: cove")
    Path("labels/split.csv").write_text("clip_id,part,label\ncove_0000000,pool,call\n")
    Path("labels/queue.csv").write_text(f"{HEADER}cove_0000000,,,,\n")
    assert add("bay.txt", track.replace("\t\n", "\tnocall\n")) == [
        "bay_0003000,nocall,",
        "bay_0010500,nocall,",
    ]


def test_a_selection_that_meets_no_queued_clip_is_refused(repository):
    # The last lies on a clip of the validation part, which is not queued.
    lines = faults("deep.txt", "3\t4\tcall\n2.2\t4\tcall\n500\t501\tcall\n8\t11\tcall\n")
    assert [line.split(" ")[0] for line in lines] == ["deep.txt:1:", "deep.txt:2:", "deep.txt:3:", "deep.txt:4:"]
    assert "python -m tools.queue_tracks" in lines[0]


def test_a_recording_that_is_not_queued_is_refused(repository):
    assert faults("reef.txt", "0\t3\tcall\n")[0].startswith("reef.txt:1: no clip of a recording 'reef' is queued")


@pytest.mark.parametrize("line", ["abc\t3\tcall", "3\t1\tcall", "-1\t2\tcall", "0,5,1\t3\tcall"])
def test_a_line_that_is_no_label_is_refused(repository, line):
    assert faults("deep.txt", f"0\t3\tcall\n{line}\n")[0].startswith("deep.txt:2: ")
    assert faults("deep.txt", f"{line}\n0\t3\tcall\n")[0].startswith("deep.txt:1: ")


def test_all_faults_of_a_track_are_refused_at_once(repository):
    Path("deep.txt").write_text("0\t3\torca\nx\t1\tcall\n500\t501\tcall\n")
    with pytest.raises(InputFaults) as caught:
        add_labels([Path("deep.txt")], Signature(None, "2026-11-22"))
    assert len(caught.value.lines) == 4


def test_text_that_is_not_utf_8_is_refused_with_its_line(repository):
    lines = faults("deep.txt", "0\t3\tcall\n4\t7\tcall é\n", encoding="latin-1")
    assert lines == ["deep.txt:2: not UTF-8 text; save the file as UTF-8"]


def test_the_kind_is_told_by_the_content(repository):
    assert add("deep", "0\t3\tcall\n") == ["deep_0000000,call,"]
    assert add("table.txt", "clip_id\tlabel\tannotator\tdate\tnote\n") == ["deep_0000000,call,"]


def test_each_view_of_a_raven_selection_counts_once(repository):
    rows = "1\tWaveform 1\t1\t0\t3\t0\t9\tcall\tS01\n1\tSpectrogram 1\t1\t0\t3\t0\t9\tcall\tS01\n"
    assert add("deep.Table.1.selections.txt", f"{RAVEN}\tLabel\tNote\n{rows}") == ["deep_0000000,call,S01"]


@pytest.mark.parametrize("label", ["Label", "Annotation", "Species", "annotation"])
@pytest.mark.parametrize("note", ["Note", "Notes", "Comments"])
def test_the_columns_of_raven_have_several_names(repository, label, note):
    text = f"{RAVEN}\t{label}\t{note}\n1\tSpectrogram 1\t1\t4\t7\t0\t9\tnocall wind\tferry\n"
    assert add("deep.Table.1.selections.txt", text) == ["deep_0004000,nocall,wind; ferry"]


def test_raven_names_the_recording_in_a_column(repository):
    text = f"{RAVEN}\tBegin File\tLabel\n1\tSpectrogram 1\t1\t0\t3\t0\t9\tdeep.wav\tcall\n"
    assert add("val.txt", text) == ["deep_0000000,call,"]


def test_of_several_files_opened_as_one_the_offset_counts(repository):
    text = f"{RAVEN}\tBegin File\tFile Offset (s)\tLabel\n1\tSpectrogram 1\t1\t604\t607\t0\t9\tdeep.wav\t4.0\tcall\n"
    assert add("all.Table.1.selections.txt", text) == ["deep_0004000,call,"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{RAVEN}\n1\tSpectrogram 1\t1\t0\t3\t0\t9\n", "deep.selections.txt:1: there is no column Label"),
        (RAVEN.replace("\tEnd Time (s)", "") + "\tLabel\n", "deep.selections.txt:1: there is no column End Time (s)"),
        (f"{RAVEN}\tLabel\n1\tSpectrogram 1\t1\tx\t3\t0\t9\tcall\n", "deep.selections.txt:2: "),
        (f"{RAVEN}\tLabel\n1\tSpectrogram 1\n", "deep.selections.txt:2: "),
    ],
)
def test_a_raven_table_that_lacks_something_is_refused(repository, text, place):
    assert faults("deep.selections.txt", text)[0].startswith(place)


def test_what_queue_tracks_writes_is_passed_over_until_it_is_filled_in(repository):
    write_tracks(Path("tracks"))
    said = add_labels(sorted(Path("tracks").iterdir()), Signature(None, "2026-11-22"))
    assert said == ["labels/expert.csv: 0 answers added, 8 not filled in"]


@pytest.mark.parametrize("suffix", [".txt", ".Table.1.selections.txt"])
def test_what_queue_tracks_writes_can_be_filled_in_and_read_back(repository, suffix):
    write_tracks(Path("tracks"))
    paths = [path for path in Path("tracks").iterdir() if path.name.count(".") == suffix.count(".")]
    for path in paths:
        text = path.read_text().replace("flac\t\t", "flac\tcall\tS01") if "Table" in suffix else ""
        path.write_text(text or path.read_text().replace("\t\n", "\tcall, S01\n"))
    add_labels(paths, SIGNATURE)
    assert [row for row in expert_rows(repository) if "ann" in row] == [
        f"{clip_id},call,ann,2026-11-22,S01"
        for clip_id in ("bay_0003000", "bay_0010500", "deep_0000000", "deep_0004000")
    ]


def test_tracks_are_in_the_order_of_time_and_tell_no_score(repository):
    write_tracks(Path("tracks"))
    assert Path("tracks/deep.txt").read_text() == "0.000000\t3.000000\t\n4.000000\t7.000000\t\n"
    rows = [line.split("\t") for line in Path("tracks/deep.Table.1.selections.txt").read_text().splitlines()]
    assert rows[0][-4:] == ["Begin File", "Begin Path", "Label", "Note"]
    assert [row[3:5] for row in rows[1:]] == [["0.000000000", "3.000000000"], ["4.000000000", "7.000000000"]]


def test_tracks_that_are_filled_in_are_not_written_over(tmp_path):
    folder = write_label_files(tmp_path / "repository")
    first = run_tool(folder, "queue_tracks", "tracks")
    assert first.stdout == "tracks: 4 clips of 2 recordings, for Audacity (.txt) and Raven (.Table.1.selections.txt)\n"
    (folder / "tracks" / "deep.txt").write_text("0\t3\tcall\n")
    again = run_tool(folder, "queue_tracks", "tracks")
    assert (again.returncode, again.stderr) == (
        1,
        "tracks/deep.txt: exists and may hold answers; name another folder\n",
    )


def test_without_the_data_set_it_says_what_to_run(repository):
    split = Path("labels/split.csv").read_text()
    without_outputs(repository)
    Path("labels/split.csv").write_text(split)
    message = "data/reef/clips.csv: there is no such file; run dvc pull, or dvc repro split"
    assert faults("deep.txt", "0\t3\tcall\n") == [message]


WINDOWS = [Window("deep.flac", start_s, start_s + 3, f"deep_{start_s}") for start_s in (0.0, 2.0, 3.0, 10.0)]


@pytest.mark.parametrize(
    ("start_s", "end_s", "clip"),
    [
        (0, 3, "deep_0.0"),
        (0.2, 0.4, "deep_0.0"),
        (8.5, 11.6, "deep_10.0"),  # half of the window, and a little more
        (10.0, 10.0, "deep_10.0"),  # a point
        (0, 1.4, "deep_0.0"),
        (0, 100, None),  # all windows alike
        (2.5, 2.5, None),  # a point in two windows
        (8.0, 11.0, None),  # a third of the window
        (13.0, 13.0, None),  # a point right behind the last
    ],
)
def test_a_selection_belongs_to_the_clip_that_it_overlaps_most(start_s, end_s, clip):
    clip_id, fault = queued_clip(Selection(1, "deep", start_s, end_s, "call", ""), DataSetWindows(WINDOWS), "deep")
    assert (clip_id, fault is None) == (clip or "", clip is not None)


DAYS = [Window(f"2019/{day}/000000.wav", 0.0, 3.0, f"2019--{day}--000000_0000000") for day in (5, 6)]


@pytest.mark.parametrize(
    ("recording", "table", "clip"),
    [
        ("000000.wav", "2019--6--000000", "2019--6--000000_0000000"),  # As Raven saves what queue_tracks has written.
        (r"C:\sea\2019\5\000000.wav", "sea", "2019--5--000000_0000000"),
        ("2019--5--000000", "2019--5--000000", "2019--5--000000_0000000"),
        ("000000.wav", "sea", None),
    ],
)
def test_of_recordings_of_one_name_the_folder_or_the_name_of_the_file_tells_which_it_is(recording, table, clip):
    clip_id, fault = queued_clip(Selection(1, recording, 0.5, 2.5, "call", ""), DataSetWindows(DAYS), table)
    assert (clip_id, fault is None) == (clip or "", clip is not None)
    assert clip or "2019/5/000000.wav, 2019/6/000000.wav" in fault


def test_tracks_of_recordings_of_one_name_are_files_of_their_own():
    files = track_files(DAYS, PARAMS)
    assert sorted(files) == [
        f"2019--{day}--000000{suffix}" for day in (5, 6) for suffix in (".Table.1.selections.txt", ".txt")
    ]
    (row,) = files["2019--6--000000.Table.1.selections.txt"].splitlines()[1:]
    assert row.split("\t")[7:9] == ["000000.wav", "2019/6/000000.wav"]


def test_a_label_column_that_is_named_twice_is_refused(repository):
    table = f"{RAVEN}\tBegin File\tLabel\tlabel\n1\tSpectrogram 1\t1\t0\t3\t0\t9\tdeep.wav\tcall\tnocall\n"
    assert "deep.txt:1: column 'label' repeats 'Label'; rename or remove one of them" in faults("deep.txt", table)


def test_a_verdict_outranks_the_label():
    path = Path("deep.selections.txt")
    text = f"{RAVEN}\tLabel\tVerdict\n1\tS\t1\t0\t3\t0\t9\tcall\tnocall\n2\tS\t1\t4\t5\t0\t9\tcall\t\n"
    selections, found = parse_raven(path, text.splitlines())
    assert found == []
    assert [one.text for one in selections] == ["nocall", "call"]
