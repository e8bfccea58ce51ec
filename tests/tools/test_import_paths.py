"""Recordings that annotations name by their paths, and imports that are checked before anything is written."""

import os
import shutil
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY, run_in
from stages.lib.tables.clips import read_clips
from tests.support.edit import replace_in
from tests.support.tool import run_tool
from tests.tools.test_import_annotations import clips, raven_table, repository, summary, write_recording

__all__ = ["repository"]

HEADER = "filename,start_s,duration_s,label\n"


@pytest.fixture
def archive(tmp_path) -> Path:
    return tmp_path / "days"


def write_archive(archive: Path, *names: str) -> None:
    for name in names:
        write_recording(archive / name, (3.0,), seed=sum(name.encode()))


def import_table(
    repository: Path, archive: Path, rows: str, *options: str, name: str = "sea.csv", status: int = 0
) -> str:
    (archive.parent / name).parent.mkdir(parents=True, exist_ok=True)
    (archive.parent / name).write_text(HEADER + rows)
    return import_files(repository, archive, archive.parent / name, *options, status=status)


def import_files(repository: Path, archive: Path, *files: Path | str, status: int = 0) -> str:
    command = ("import_annotations", "bay", *map(str, files), "--recordings", str(archive))
    result = run_tool(repository, *command)
    assert result.returncode == status, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def calls() -> list[tuple[str, float]]:
    return [(recording, start_s) for recording, start_s, label, _ in clips() if label == "call"]


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path("data").rglob("*")) if path.is_file()}


# A recording is its path.


def test_recordings_of_one_name_in_several_folders_are_as_many_recordings(repository, archive):
    write_archive(archive, "2019/07/05/000000.wav", "2019/07/06/000000.wav")
    rows = "2019/07/05/000000.wav,3,0.5,call\n" + r"D:\sea\2019\07\06\000000.wav,3,0.5,call" + "\n"
    import_table(repository, archive, rows)
    assert calls() == [("2019/07/05/000000.wav", 2.75), ("2019/07/06/000000.wav", 2.75)]
    assert {clip.clip_id for clip in read_clips(Path("data/bay/clips.csv")) if clip.label == "call"} == {
        "2019--07--05--000000_0002750",
        "2019--07--06--000000_0002750",
    }
    assert Path("data/bay/recordings.csv").read_text().splitlines()[1:] == [
        "2019/07/05/000000.wav,,2019-07-05T00:00:00,",
        "2019/07/06/000000.wav,,2019-07-06T00:00:00,",
    ]
    before = contents()
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert contents() == before


def test_clips_in_folders_within_the_folders_of_calls_are_all_taken(repository, tmp_path):
    names = [
        f"{label}/{site}/00{number}.wav"
        for label in ("calls", "nocalls")
        for site in ("north", "south")
        for number in (1, 2, 3)
    ]
    for seed, name in enumerate(names):
        write_recording(tmp_path / "study" / name, length_s=1.0, seed=seed)
    for _ in range(2):  # Given again, it changes nothing.
        result = run_tool(repository, "import_annotations", "bay", str(tmp_path / "study"))
        assert result.returncode == 0, result.stderr
        taken = clips()
        assert len({clip[0] for clip in taken}) == len(taken) == len(names)
        assert not any("calls" in clip[0] for clip in taken)


def test_a_recording_in_another_folder_is_not_the_one_that_is_named(repository, archive):
    write_archive(archive, "20190706/000000.wav", "a.wav")
    printed = import_table(repository, archive, "20190705/000000.wav,3,0.5,call\na.wav,3,0.5,call\n")
    assert calls() == [("a.wav", 2.75)]
    assert "20190705/000000.wav: there is no such recording in " in printed
    assert "; 20190706/000000.wav has its name, but is in another folder" in printed
    assert summary("no recording with its name found") == [("20190705/000000.wav", 1, 0)]


def test_the_suffix_tells_which_of_several_files_is_meant(repository, archive):
    write_archive(archive, "a.flac", "a.wav")
    import_table(repository, archive, "a.wav,3,0.5,call\n")
    assert calls() == [("a.wav", 2.75)]
    assert sorted(path.name for path in Path("data/bay/recordings").iterdir()) == ["a.wav"]


def test_what_is_ambiguous_is_left_out_with_both_paths_and_stays_so(repository, archive):
    write_archive(archive, "north/001.wav", "south/001.wav")
    printed = import_table(repository, archive, "001.wav,12,0.5,call\nnorth/001.wav,3,0.5,call\n")
    assert "001.wav (sea.csv): may be north/001.wav or south/001.wav, which differ, so it is left out" in printed
    # The ambiguous call may lie anywhere in it, so nothing in it is without a call.
    assert [clip[:3] for clip in clips()] == [("north/001.wav", 2.75, "call")]
    # In the data set there is one such file only, and yet it is not clear that it was meant.
    before = contents()
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert contents() == before
    assert summary("no recording with its name found") == [("001.wav", 1, 0)]


def test_a_table_that_lies_beside_its_recordings_is_about_these(repository, archive):
    write_archive(archive, "north/001.wav", "south/001.wav")
    for folder, begin in (("north", 3.0), ("south", 9.0)):
        (archive / folder / "001.txt").write_text(f"{begin}\t{begin + 0.5}\tcall\n")
    import_files(repository, archive, archive / "north" / "001.txt", archive / "south" / "001.txt")
    assert calls() == [("north/001.wav", 2.75), ("south/001.wav", 8.75)]
    assert sorted(contents())[:2] == ["data/bay/.gitignore", "data/bay/annotations/north/001.txt"]
    before = contents()
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert contents() == before


def test_recordings_that_differ_in_the_suffix_alone_leave_a_register_that_is_read_again(repository, archive):
    write_archive(archive, "001.wav", "001.flac", "002.wav")
    rows = "001.wav,3,0.5,call\n001.flac,3,0.5,call\n002.wav,3,0.5,call\n"
    printed = import_table(repository, archive, rows)
    assert f"{archive}/001.flac: left out, because 001.wav differs only in the suffix" in printed
    assert f"{archive}/001.wav: left out, because 001.flac differs only in the suffix" in printed
    assert calls() == [("002.wav", 2.75)]
    assert run_tool(repository, "import_annotations", "bay").returncode == 0


def test_folders_that_are_links_are_followed(repository, archive, tmp_path):
    write_archive(tmp_path / "disk", "05/000000.wav")
    (tmp_path / "disk" / "05" / "again").symlink_to(tmp_path / "disk")
    archive.mkdir()
    (archive / "2019").symlink_to(tmp_path / "disk")
    import_table(repository, archive, "2019/05/000000.wav,3,0.5,call\n")
    assert calls() == [("2019/05/000000.wav", 2.75)]
    assert not any(path.is_symlink() for path in Path("data").rglob("*"))


def test_the_spellings_of_a_site_are_one(repository, archive):
    write_archive(archive, "a.wav", "b.wav")
    text = "filename,start_s,duration_s,location\na.wav,3,0.5,rpi-orcasound-lab\nb.wav,3,0.5,rpi_orcasound_lab\n"
    (archive / "sea.csv").write_text(text)
    import_files(repository, archive, archive / "sea.csv")
    assert len({clip[3] for clip in clips()}) == 1


# First all checks, then all work.


def test_a_failed_import_leaves_nothing_and_the_corrected_file_is_taken(repository, archive):
    write_archive(archive, "a.wav")
    import_table(repository, archive, "a.wav,99,0.5,call\n", status=1)
    assert not Path("data").exists()
    import_table(repository, archive, "a.wav,3,0.5,call\n")
    assert calls() == [("a.wav", 2.75)]


def test_the_same_command_with_a_corrected_file_replaces_the_result_and_says_so(repository, archive):
    write_archive(archive, "a.wav", "b.wav")
    import_table(repository, archive, "a.wav,3,0.5,call\nb.wav,3,0.5,call\n")
    printed = import_table(repository, archive, "a.wav,9,0.5,call\n")
    assert "data/bay/annotations/sea.csv: replaced by the file given now\n" in printed
    assert calls() == [("a.wav", 8.75)]
    assert Path("data/bay/recordings.csv").read_text() == "recording,site,began,hop_s\na.wav,,,\n"


def test_a_wrong_file_changes_nothing_of_what_is_there(repository, archive):
    write_archive(archive, "a.wav", "b.wav")
    import_table(repository, archive, "a.wav,3,0.5,call\n")
    before = contents()
    import_table(repository, archive, "a.wav,3,0.5,call\nb.wav,soon,0.5,call\n", status=1)
    import_table(repository, archive, "a.wav,99,0.5,call\nb.wav,99,0.5,call\n", status=1)
    assert contents() == before


def test_another_recording_of_the_same_path_is_refused_before_anything_is_copied(repository, archive, tmp_path):
    write_archive(archive, "a.wav")
    import_table(repository, archive, "a.wav,3,0.5,call\n")
    before = contents()
    write_recording(tmp_path / "other" / "a.wav", (5.0,), seed=99)
    write_recording(tmp_path / "other" / "b.wav", (5.0,), seed=98)
    rows = "a.wav,5,0.5,call\nb.wav,5,0.5,call\n"
    printed = import_table(repository, tmp_path / "other", rows, name="more.csv", status=1)
    assert printed.startswith(
        f"{tmp_path}/other/a.wav: data/bay/recordings/a.wav is another recording with this path; "
    )
    assert contents() == before


def test_a_run_that_was_killed_while_it_copied_is_made_good_by_the_next(repository, archive):
    write_archive(archive, "a.wav", "b.wav")
    Path("data/bay/recordings").mkdir(parents=True)
    shutil.copy(archive / "a.wav", "data/bay/recordings/a.wav")
    (Path("data/bay/recordings") / ".partial-1-b.wav").write_bytes(b"half")
    printed = import_table(repository, archive, "a.wav,3,0.5,call\nb.wav,3,0.5,call\n")
    assert "data/bay/recordings: 1 recording copied" in printed
    assert sorted(path.name for path in Path("data/bay/recordings").iterdir()) == ["a.wav", "b.wav"]


# Never a traceback.


def test_files_whose_names_are_not_utf8_are_named(repository, archive):
    odd = archive / os.fsdecode(b"caf\xe9")
    write_archive(archive, "a.wav")
    odd.mkdir()
    shutil.copy(archive / "a.wav", odd / "b.wav")
    table = archive.parent / os.fsdecode(b"t\xe9.csv")
    table.write_text(HEADER + "b.wav,3,0.5,call\n")
    fault = "t\\udce9.csv: its name 't\\udce9.csv' is not printable UTF-8"
    assert fault in import_files(repository, archive, table, status=1)
    printed = import_table(repository, archive, "b.wav,3,0.5,call\n", status=1)
    assert "recording 'caf\\udce9/b.wav' is not UTF-8; rename the file or folder" in printed
    # It is no obstacle where no annotation names it.
    import_table(repository, archive, "a.wav,3,0.5,call\n")


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}])
def test_what_a_terminal_cannot_show_is_no_fault(repository, archive, variables):
    write_archive(archive, "Ørsted/録音.wav")
    table = archive.parent / "sjø.csv"
    table.write_text(HEADER + "Ørsted/録音.wav,3,0.5,call\nmåned.wav,1,1,call\n", encoding="utf-8")
    command = ("python", "-m", "tools.import_annotations", "bay", str(table), "--recordings", str(archive))
    result = run_in(repository, *command, PYTHONPATH=str(REPOSITORY), **variables)
    assert (result.returncode, result.stderr) == (0, "")
    printed = result.stdout
    assert "there is no recording with this name" in printed
    assert calls() == [("Ørsted/録音.wav", 2.75)]


def test_an_unfinished_header_is_said_and_its_samples_are_read(repository, archive):
    write_archive(archive, "a.wav")
    content = (archive / "a.wav").read_bytes()
    (archive / "a.wav").write_bytes(content[:4] + bytes(4) + content[8:40] + bytes(4) + content[44:])
    printed = import_table(repository, archive, "a.wav,3,0.5,call\n")
    assert f"{archive}/a.wav: its header was never finished" in printed
    assert calls() == [("a.wav", 2.75)]


def test_a_site_that_was_corrected_by_hand_stays_when_a_table_is_replaced(repository, archive):
    write_archive(archive, "a.wav")
    import_table(repository, archive, "a.wav,3,0.5,call\n")
    replace_in(Path("data/bay/recordings.csv"), "a.wav,,", "a.wav,lime_kiln,")
    import_table(repository, archive, "a.wav,9,0.5,call\n")
    assert {clip[3] for clip in clips()} == {"lime_kiln"}


def test_a_raven_table_of_a_sequence_names_its_files_with_their_folders(repository, archive):
    write_archive(archive, "north/001.wav", "south/001.wav")
    table = raven_table([(3.0, 3.5, "C:\\sea\\south\\001.wav", "call"), (3.0, 3.5, "C:\\sea\\north\\001.wav", "call")])
    (archive.parent / "sea.txt").write_text(table)
    import_files(repository, archive, archive.parent / "sea.txt")
    assert calls() == [("north/001.wav", 2.75), ("south/001.wav", 2.75)]


def test_a_recording_of_the_data_set_stays_known_if_the_archive_is_named_from_further_up(repository, archive):
    write_archive(archive, "north/001.wav")
    table = archive.parent / "sea.txt"
    table.write_text(raven_table([(3.0, 3.5, "C:\\sea\\north\\001.wav", "call")]))
    import_files(repository, archive / "north", table)
    table.write_text(raven_table([(8.0, 8.5, "C:\\sea\\north\\001.wav", "call")]))
    import_files(repository, archive, table)
    assert calls() == [("001.wav", 7.75)]
    before = contents()
    assert run_tool(repository, "import_annotations", "bay").returncode == 0
    assert contents() == before
