import csv
import os
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import quoted
from stages.lib.tables.clips import Clip, by_recording, make_clip_id, path_fault, read_clips, recording_id

HEADER = "clip_id,recording,start_s,label,site\n"


def write(folder: Path, rows: str) -> Path:
    table = folder / "clips.csv"
    table.write_text(HEADER + rows)
    return table


def faults_of(table: Path) -> list[str]:
    with pytest.raises(InputFaults) as refusal:
        read_clips(table)
    return refusal.value.lines


def test_clips_come_in_the_order_of_the_file(tmp_path):
    table = write(tmp_path, "b_0000500,b.wav,0.5,,\na_0049765,a.flac,49.765,call,orcasound_lab\n")
    assert read_clips(table) == [
        Clip(2, "b_0000500", "b.wav", 0.5, "", ""),
        Clip(3, "a_0049765", "a.flac", 49.765, "call", "orcasound_lab"),
    ]


@pytest.mark.parametrize(
    ("recording", "start_s", "clip_id"),
    [
        ("OS_20190705_0004.flac", 49.765, "OS_20190705_0004_0049765"),
        ("a.wav", 0.0, "a_0000000"),
        ("2019/07/a.b.wav", 1.0005, "2019--07--a.b_0001000"),
        ("2019/07/05/000000.wav", 3.0, "2019--07--05--000000_0003000"),
        ("a.wav", 0.29, "a_0000290"),
        ("a.wav", 86400.0, "a_86400000"),
    ],
)
def test_a_clip_id_is_the_path_without_suffix_and_the_start_in_milliseconds(recording, start_s, clip_id):
    assert make_clip_id(recording, start_s) == clip_id


def test_a_clip_id_that_does_not_fit_is_named_with_the_right_one(tmp_path):
    table = write(tmp_path, "a_0000001,a.wav,0.5,call,\n")
    assert faults_of(table) == [
        f"{table}:2: clip_id 'a_0000001' does not match its recording and start; it should be a_0000500"
    ]


def test_an_unknown_label_is_refused(tmp_path):
    table = write(tmp_path, "a_0000500,a.wav,0.5,orca,\n")
    assert faults_of(table) == [f"{table}:2: unknown label 'orca'; write call, nocall or nothing"]


@pytest.mark.parametrize("start_s", ["", "soon", "-1", "nan", "inf", "1e999", "1e306", "2e9", "0:30", "0.5 s"])
def test_a_start_that_is_no_time_is_refused(tmp_path, start_s):
    table = write(tmp_path, f"a_0000500,a.wav,{start_s},call,\n")
    assert [fault.startswith(f"{table}:2: start_s {start_s!r} is not a time") for fault in faults_of(table)] == [True]


@pytest.mark.parametrize("recording", ["../a.wav", "x/../../a.wav", "/etc/a.wav"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path, recording):
    table = write(tmp_path, f"a_0000500,{recording},0.5,call,\n")
    assert [fault.startswith(f"{table}:2: recording {recording!r} is outside") for fault in faults_of(table)] == [True]


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (r"north\a.wav", "contains a backslash; write / between folders"),
        ("C:a.wav", "is outside the data set"),
        (".", "is not a plain file path"),
        ("a.wav/", "is not a plain file path"),
        ("./a.wav", "is not a plain file path"),
        ("north//a.wav", "is not a plain file path"),
        ("north/./a.wav", "is not a plain file path"),
        ("a\x07.wav", "contains an invisible character"),
        ("a\u200b.wav", "contains an invisible character"),
        ("a\u202evaw.exe", "contains an invisible character"),
        ("=cmd.wav", "starts like a spreadsheet formula"),
        ("-60dB.wav", "starts like a spreadsheet formula"),
        ("north/+a.wav", "starts like a spreadsheet formula"),
        ("@north/a.wav", "starts like a spreadsheet formula"),
        ("é" * 101, "is too long"),
        ("/".join(["a" * 99] * 11), "is too long"),
    ],
)
def test_a_recording_that_could_not_be_handled_is_refused_with_the_reason(tmp_path, recording, reason):
    table = write(tmp_path, f"a_0000500,{recording},0.5,call,\n")
    faults = faults_of(table)
    assert [fault.startswith(f"{table}:2: recording {quoted(recording)} {reason}") for fault in faults] == [True]


@pytest.mark.parametrize(
    "recording",
    ["a b.wav", "Ørsted/Łódź.flac", "录音.wav", "2019-07-05T12:00:00.wav", "'t Hart.wav", "a" * 196 + ".wav"],
)
def test_names_with_blanks_and_of_all_languages_are_right(tmp_path, recording):
    table = write(tmp_path, f"{make_clip_id(recording, 0.5)},{recording},0.5,call,\n")
    assert [clip.recording for clip in read_clips(table)] == [recording]


@pytest.mark.parametrize("path", [b"caf\xe9.wav", b"\xe9/a.wav"])
def test_a_path_that_is_not_utf8_is_a_fault(path):
    recording = os.fsdecode(path)
    assert path_fault(recording) == f"recording {recording!r} is not UTF-8; rename the file or folder"


path_parts = st.sampled_from(["..", ".", "", "~", "a.wav", "C:", "c:x", "\\", "...", "/", "CON", "\0", "%2e%2e", "=x"])
paths = st.lists(path_parts | st.text(max_size=3), max_size=6).map("/".join) | st.text()


@given(paths, st.integers(0, 10))
@example("north/a.wav", 0)
def test_whatever_recording_is_accepted_lies_below_the_folder_of_recordings(tmp_path_factory, recording, start_s):
    folder = tmp_path_factory.getbasetemp() / "recordings"
    table = folder.with_name("clips.csv")
    # As any program would write it, so that hardly anything is refused for its form.
    with table.open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
        rows = [(make_clip_id(recording, start_s), recording, start_s, "call", "")]
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([HEADER.strip().split(","), *rows])  # noqa: TID251
    try:
        (clip,) = read_clips(table)
    except InputFaults as refusal:
        assert all(line.startswith(f"{table}:") and line.isprintable() for line in refusal.lines)
        return
    place = folder / clip.recording
    assert os.path.normpath(place) == str(place)
    assert place.is_relative_to(folder)
    assert place != folder
    # On Windows, too.
    assert PureWindowsPath(r"C:\recordings", clip.recording).is_relative_to(r"C:\recordings")
    assert not place.is_file()  # It can be asked.


def test_one_site_in_two_spellings_is_one_site(tmp_path):
    table = write(tmp_path, "a_0000000,a.wav,0,call,Jos\u00e9\nb_0000000,b.wav,0,call,Jose\u0301\n")
    assert len({clip.site for clip in read_clips(table)}) == 1


def test_a_site_with_a_character_that_cannot_be_seen_is_refused(tmp_path):
    table = write(tmp_path, "a_0000500,a.wav,0.5,call,bay\u200b\n")
    assert [fault.startswith(f"{table}:2: site 'bay\\u200b' contains an") for fault in faults_of(table)] == [True]


def test_an_empty_recording_is_refused(tmp_path):
    table = write(tmp_path, "a_0000500,,0.5,call,\n")
    assert faults_of(table)[0].startswith(f"{table}:2: recording is empty")


def test_a_clip_that_is_there_twice_is_refused_with_both_lines(tmp_path):
    table = write(tmp_path, "a_0000500,a.wav,0.5,call,\nb_0000500,b.wav,0.5,call,\na_0000500,a.wav,0.5,nocall,\n")
    assert faults_of(table) == [f"{table}:4: clip 'a_0000500' is on line 2 already; remove one of them"]


def test_recordings_of_one_name_in_several_folders_are_told_apart(tmp_path):
    rows = "north--001_0000500,north/001.wav,0.5,call,\nsouth--001_0000500,south/001.wav,0.5,call,\n"
    clips = read_clips(write(tmp_path, rows))
    assert [(clip.recording, clip.recording_id) for clip in clips] == [
        ("north/001.wav", "north--001"),
        ("south/001.wav", "south--001"),
    ]


def test_ids_without_folders_as_earlier_versions_wrote_them_stay_right(tmp_path):
    (clip,) = read_clips(write(tmp_path, "deep_0004000,2019/deep.flac,4,call,\n"))
    assert (clip.clip_id, clip.recording_id) == ("deep_0004000", "deep")


@pytest.mark.parametrize(("first", "second"), [("a.wav", "a.flac"), ("a.wav", "north/a.flac")])
def test_two_recordings_whose_clips_would_have_one_name_are_refused(tmp_path, first, second):
    table = write(tmp_path, f"a_0000500,{first},0.5,call,\na_0001000,{second},1,call,\n")
    assert faults_of(table) == [
        f"{table}:3: the clips of {second!r} and {first!r} have the same ids; rename one of them, or write ids with "
        "the folders"
    ]


def test_the_id_of_a_recording_is_the_name_of_a_file_however_deep_it_lies():
    deep = [f"{'/'.join(['Ørsted' * 8] * 8)}/{day}/000000.wav" for day in ("20190705", "20190706")]
    ids = [recording_id(path) for path in deep]
    assert len(set(ids)) == 2
    assert [len(one.encode()) <= 200 and "/" not in one for one in ids] == [True, True]
    assert ids[0].endswith("--20190705--000000")


def test_a_table_without_clips_is_refused(tmp_path):
    table = write(tmp_path, "")
    assert [fault.startswith(f"{table}: has no clips") for fault in faults_of(table)] == [True]


def test_a_missing_table_is_refused(tmp_path):
    remedy = "run dvc repro or dvc pull, or correct data.dataset in params.yaml"
    assert faults_of(tmp_path / "clips.csv") == [f"{tmp_path}/clips.csv: there is no such file; {remedy}"]


def test_all_faults_of_rows_are_listed_at_once(tmp_path):
    table = write(tmp_path, "a_0000500,a.wav,0.5,orca,\na_0000000,a.wav,soon,call\nb_1,../b.wav,1,call,\n")
    places = sorted(fault.removeprefix(str(table)).split(" ")[0] for fault in faults_of(table))
    assert places == [":2:", ":3:", ":4:"]


def test_a_repeated_clip_is_listed_together_with_the_faults_of_other_rows(tmp_path):
    table = write(tmp_path, "a_0000500,a.wav,0.5,call,\na_0000500,a.wav,0.5,call,\nb_0000000,b.wav,0,orca,\n")
    faults = faults_of(table)
    assert [any(fault.startswith(f"{table}:{line}: ") for fault in faults) for line in (3, 4)] == [True, True]


def test_clips_are_grouped_by_recording_in_the_order_of_time():
    late, early, other = (
        Clip(2, "b_0001000", "b.wav", 1.0, "call", ""),
        Clip(3, "b_0000500", "b.wav", 0.5, "call", ""),
        Clip(4, "a_0000500", "a.wav", 0.5, "call", ""),
    )
    assert list(by_recording([late, early, other]).items()) == [("a.wav", [other]), ("b.wav", [early, late])]
