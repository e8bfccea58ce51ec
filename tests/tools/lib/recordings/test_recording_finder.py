import pytest

from tools.lib.recordings.recording_finder import Finder, agree

DAYS = ["2019/07/05/000000.wav", "2019/07/06/000000.wav", "2019/07/05/010000.wav"]
SITES = ["north/001.wav", "south/001.wav", "deep/b.wav", "sea/a.flac", "sea/a.mp3", "sea/a.wav"]


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("2019/07/05/000000.wav", "2019/07/05/000000.wav"),
        ("05/000000.wav", "2019/07/05/000000.wav"),
        (r"D:\hydrophone\2019\07\06\000000.wav", "2019/07/06/000000.wav"),
        ("/mnt/disk/2019/07/06/000000.WAV", "2019/07/06/000000.wav"),
        ("./2019/07/06/000000", "2019/07/06/000000.wav"),
        ("2019--07--06--000000", "2019/07/06/000000.wav"),
        ("010000.wav", "2019/07/05/010000.wav"),
        ("010000.flac", "2019/07/05/010000.wav"),
    ],
)
def test_the_longest_end_in_common_tells_which_file_is_meant(named, path):
    assert Finder(DAYS).find(named).meant == [path]


@pytest.mark.parametrize(
    ("named", "beside", "meant"),
    [
        ("001.wav", "", ["north/001.wav", "south/001.wav"]),
        ("001.wav", "south", ["south/001.wav"]),
        ("001", "annotations/north", ["north/001.wav"]),
        ("north/001.wav", "south", ["north/001.wav"]),
        ("a.wav", "", ["sea/a.wav"]),
        ("a.aif", "", ["sea/a.flac", "sea/a.mp3", "sea/a.wav"]),
        ("a", "", ["sea/a.flac", "sea/a.mp3", "sea/a.wav"]),
        ("b", "", ["deep/b.wav"]),
    ],
)
def test_the_suffix_counts_and_the_folder_of_the_table_where_the_name_does_not_tell(named, beside, meant):
    assert Finder(SITES).find(named, beside).meant == meant


@pytest.mark.parametrize(
    ("named", "paths"),
    [
        ("20190705/000000.wav", ["20190706/000000.wav"]),
        (r"D:\sea\20190705\000000.wav", ["20190706/000000.wav"]),
        ("lime_kiln/05/000000.wav", ["bush_point/05/000000.wav"]),
    ],
)
def test_a_folder_that_contradicts_is_another_recording(named, paths):
    assert Finder(paths).find(named) == ([], paths)


@pytest.mark.parametrize(("named", "path"), [("20190705/000000.wav", "000000.wav"), (r"C:\sea\a.wav", "a.wav")])
def test_folders_above_the_one_that_was_named_do_not_matter(named, path):
    assert Finder([path]).find(named).meant == [path]


def test_a_path_that_is_just_as_said_goes_before_a_longer_one():
    paths = ["old/north/001.wav", "north/001.wav"]
    assert Finder(paths).find("north/001.wav").meant == ["north/001.wav"]


@pytest.mark.parametrize("named", ["5066.190705140000", "5066.190705140000.wav"])
def test_a_time_at_the_end_of_a_name_is_no_suffix(named):
    assert Finder(["a/5066.190705140000.wav"]).find(named).meant == ["a/5066.190705140000.wav"]


def test_accents_and_letters_of_either_case_are_one():
    assert Finder(["Jos\u00e9.WAV"]).find("jose\u0301.wav").meant == ["Jos\u00e9.WAV"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("05/000000.wav", "06/000000.wav", False),
        ("000000.wav", "06/000000.wav", True),
        (r"C:\sea\06\000000.wav", "06/000000.flac", True),
        ("000000.wav", "010000.wav", False),
    ],
)
def test_two_names_agree_where_nothing_tells_them_apart(one, other, same):
    assert agree(one, other) == same
