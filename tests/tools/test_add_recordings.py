"""Recordings without labels join: by hand-written tables, beside annotations, and in a whole run of the pipeline."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.clone import REPOSITORY, clone, overlay, run_in
from stages.lib.split.drawing import draw
from stages.lib.split.params import SplitParams
from stages.lib.split.parts import parts_of
from stages.lib.tables.clips import UNLABELLED, read_clips
from tests.support.tool import run_tool

HEADER = "clip_id,recording,start_s,label,site\n"
# Neither the order of rows nor the spelling of a number is that of the tool.
CLIPS = HEADER + "z_0005000,z.wav,5,call,reef\na_0000000,old/a.wav,0.0,nocall,reef\n"
RATE = 2000


def write_noise(path: Path, length_s: float, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(round(length_s * RATE)), RATE)


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """A data set with a table written by hand, and three recordings elsewhere."""
    folder = tmp_path / "repository"
    (folder / "data" / "bay").mkdir(parents=True)
    shutil.copy(REPOSITORY / "params.yaml", folder)
    overlay(folder / "params.yaml", {"data": {"dataset": "bay"}, "featurize": {"clip_s": 2.0}})
    (folder / "data" / "bay" / "clips.csv").write_text(CLIPS)
    write_noise(folder / "data" / "bay" / "recordings" / "z.wav", 9.0, seed=1)
    write_noise(tmp_path / "sea" / "rpi_bush_point_1562337136_0004.wav", 7.0, seed=2)
    write_noise(tmp_path / "sea" / "2019" / "5066.190705140000.wav", 4.0, seed=3)
    write_noise(tmp_path / "sea" / "short.wav", 1.5, seed=4)
    monkeypatch.chdir(folder)
    return folder


def add(repository: Path, folder: Path, *options: str, status: int = 0) -> str:
    result = run_tool(repository, "add_recordings", str(folder), *options)
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout + result.stderr


def joined() -> list[str]:
    """Return the rows that are new; those that were there come first, as they were."""
    text = Path("data/bay/clips.csv").read_text()
    assert text.startswith(CLIPS)
    return text.removeprefix(CLIPS).splitlines()


def test_recordings_are_cut_into_windows_and_have_site_and_time_from_their_names(repository, tmp_path):
    printed = add(repository, tmp_path / "sea")
    assert joined() == [
        "2019--5066.190705140000_0000000,2019/5066.190705140000.wav,0.000,,SoundTrap5066",
        "2019--5066.190705140000_0002000,2019/5066.190705140000.wav,2.000,,SoundTrap5066",
        "rpi_bush_point_1562337136_0004_0000000,rpi_bush_point_1562337136_0004.wav,0.000,,bush_point",
        "rpi_bush_point_1562337136_0004_0002000,rpi_bush_point_1562337136_0004.wav,2.000,,bush_point",
        "rpi_bush_point_1562337136_0004_0004000,rpi_bush_point_1562337136_0004.wav,4.000,,bush_point",
        "short_0000000,short.wav,0.000,,",
    ]
    assert Path("data/bay/recordings.csv").read_text().splitlines() == [
        "recording,site,began,hop_s",
        "2019/5066.190705140000.wav,SoundTrap5066,2019-07-05T14:00:00,2.0",
        "rpi_bush_point_1562337136_0004.wav,bush_point,2019-07-05T14:32:16Z,2.0",
        "short.wav,,,2.0",
    ]
    assert "6 clips of 3 recordings joined the pool; 1 without a site" in printed
    for name in ("2019/5066.190705140000.wav", "short.wav"):
        assert (Path("data/bay/recordings") / name).read_bytes() == (tmp_path / "sea" / name).read_bytes()


def test_a_recording_does_not_take_the_answers_to_another_of_its_name(repository, tmp_path):
    """Recorders name files alike: another data set has a `short.wav` as well, about which somebody has answered."""
    other = repository / "data" / "cove"
    write_noise(other / "recordings" / "short.wav", 1.5, seed=9)
    (other / "clips.csv").write_text(HEADER + "short_0000000,short.wav,0,,\n")
    (repository / "labels").mkdir()
    (repository / "labels" / "expert.csv").write_text(
        "clip_id,label,annotator,date,note\nshort_0000000,call,val,2026-11-22,\n"
    )
    assert add(repository, tmp_path / "sea", status=1) == (
        "data/bay/clips.csv: answered or queued clips of 1 recording (short.wav first) have the ids of other windows "
        "in data/cove, so answers about one would count for the other; name a folder further up, so that the paths "
        "differ\n"
    )
    assert joined() == []
    assert not (repository / "data" / "bay" / "recordings" / "short.wav").exists()
    (tmp_path / "new").mkdir()
    (tmp_path / "sea").rename(tmp_path / "new" / "sea")
    add(repository, tmp_path / "new")
    assert "sea--short_0000000,sea/short.wav,0.000,," in joined()


def test_windows_without_sound_are_left_out_and_counted_by_recording(repository, tmp_path):
    path = tmp_path / "sea" / "2019" / "dead.wav"
    samples = 0.1 * np.random.default_rng(5).standard_normal(20 * RATE)
    samples[5 * RATE : 15 * RATE] = -1.0
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    silent = tmp_path / "sea" / "silent.wav"
    soundfile.write(silent, np.zeros(20 * RATE), RATE)
    printed = add(repository, tmp_path / "sea")
    assert [row.split(",")[2] for row in joined() if "dead" in row] == [
        f"{start}.000" for start in (0, 2, 4, 14, 16, 18)
    ]
    assert f"{path}: 4 windows without sound left out\n" in printed
    assert f"{silent} is silent from end to end (its samples do not vary); leave it out; left out\n" in printed


def test_recordings_whose_rate_is_too_low_are_named_one_by_one(repository, tmp_path):
    soundfile.write(tmp_path / "sea" / "high.wav", 0.1 * np.random.default_rng(6).standard_normal(96000), 32000)
    printed = add(repository, tmp_path / "sea")
    assert (
        "recorded at 2000 Hz, which holds nothing above 1000 Hz, while featurize.max_hz is 10000; "
        "missing bands count as unknown (3 in all): "
        "5066.190705140000.wav, rpi_bush_point_1562337136_0004.wav, short.wav\n"
    ) in printed


def test_a_hop_and_a_site_can_be_said(repository, tmp_path):
    add(repository, tmp_path / "sea" / "2019", "--hop", "0.5", "--site", "lime_kiln")
    rows = [row.split(",") for row in joined()]
    assert [row[2] for row in rows] == ["0.000", "0.500", "1.000", "1.500", "2.000"]
    assert {row[4] for row in rows} == {"lime_kiln"}


def test_what_was_added_before_is_not_added_again(repository, tmp_path):
    add(repository, tmp_path / "sea" / "2019")
    first = joined()
    assert "4 clips of 2 recordings joined the pool" in add(repository, tmp_path / "sea")
    assert joined()[: len(first)] == first
    before = Path("data/bay/clips.csv").read_bytes(), Path("data/bay/recordings.csv").read_bytes()
    assert "0 clips of 0 recordings joined the pool" in add(repository, tmp_path / "sea")
    assert (Path("data/bay/clips.csv").read_bytes(), Path("data/bay/recordings.csv").read_bytes()) == before


def test_recordings_that_lie_in_the_data_set_are_not_copied(repository):
    write_noise(Path("data/bay/recordings/new.wav"), 2.0)
    assert "1 clip of 1 recording joined the pool" in add(repository, Path("data/bay/recordings"))
    assert joined() == ["new_0000000,new.wav,0.000,,"]


def test_a_killed_run_is_made_good_by_the_next(repository, tmp_path):
    add(repository, tmp_path / "sea")
    whole, register = Path("data/bay/clips.csv").read_text(), Path("data/bay/recordings.csv").read_text()
    Path("data/bay/clips.csv").write_text(CLIPS)  # killed between the two tables
    add(repository, tmp_path / "sea")
    assert Path("data/bay/clips.csv").read_text() == whole
    assert Path("data/bay/recordings.csv").read_text() == register


def test_a_damaged_recording_is_left_out_and_named(repository, tmp_path):
    path = tmp_path / "sea" / "short.wav"
    path.write_bytes(path.read_bytes()[:1000])
    printed = add(repository, tmp_path / "sea")
    assert f"{path} is cut off" in printed
    assert "5 clips of 2 recordings joined the pool" in printed
    assert not Path("data/bay/recordings/short.wav").exists()


@pytest.mark.parametrize(
    ("folder", "options", "fault"),
    [
        ("nowhere", [], "nowhere: holds no recording"),
        ("data", ["--hop", "0"], "--hop 0: is not a valid hop"),
        ("data", ["--hop", "nan"], "--hop nan: is not a valid hop"),
        ("data", ["--hop", "0.0001"], "--hop 0.0001: is not a valid hop"),
        ("data", ["--site", "a\x07b"], "--site 'a\\x07b': holds an invisible character"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(repository, folder, options, fault):
    assert add(repository, Path(folder), *options, status=1).startswith(fault)
    assert joined() == []


def test_another_recording_of_the_same_path_is_refused(repository, tmp_path):
    write_noise(tmp_path / "sea" / "z.wav", 9.0, seed=7)
    (fault,) = add(repository, tmp_path / "sea", status=1).splitlines()
    assert fault.startswith(f"{tmp_path}/sea/z.wav: data/bay/recordings/z.wav is another recording with this path; ")
    assert joined() == []
    assert not Path("data/bay/recordings.csv").exists()
    assert sorted(path.name for path in Path("data/bay/recordings").iterdir()) == ["z.wav"]


def test_a_recording_that_has_grown_since_it_joined_can_be_copied_again(repository, tmp_path):
    """A recorder may still have been writing it."""
    for length_s in (4.0, 8.0):
        write_noise(tmp_path / "live" / "y.wav", length_s)
        said = add(repository, tmp_path / "live", status=int(length_s == 8.0))
    assert said.endswith("; if it has only grown since it was copied, copy it there again\n")
    before = joined()
    shutil.copy(tmp_path / "live" / "y.wav", "data/bay/recordings/y.wav")
    add(repository, tmp_path / "live")
    assert joined() == before != []


def test_names_that_every_day_repeats_are_told_apart_by_their_folders(repository, tmp_path):
    for seed, day in enumerate(("2019/07/05", "2019/07/06", "lime_kiln/20190706")):
        write_noise(tmp_path / "days" / day / "000000.wav", 2.0, seed=seed + 10)
    assert "3 clips of 3 recordings joined the pool" in add(repository, tmp_path / "days")
    assert joined() == [
        "2019--07--05--000000_0000000,2019/07/05/000000.wav,0.000,,",
        "2019--07--06--000000_0000000,2019/07/06/000000.wav,0.000,,",
        "lime_kiln--20190706--000000_0000000,lime_kiln/20190706/000000.wav,0.000,,lime_kiln",
    ]
    assert Path("data/bay/recordings.csv").read_text().splitlines()[1:] == [
        "2019/07/05/000000.wav,,2019-07-05T00:00:00,2.0",
        "2019/07/06/000000.wav,,2019-07-06T00:00:00,2.0",
        "lime_kiln/20190706/000000.wav,lime_kiln,2019-07-06T00:00:00,2.0",
    ]


def test_recordings_that_differ_in_the_suffix_alone_are_left_out_and_the_others_join(repository, tmp_path):
    for seed, name in enumerate(("001.wav", "001.flac", "002.wav", "z.flac")):
        write_noise(tmp_path / "pairs" / name, 2.0, seed=seed + 10)
    printed = add(repository, tmp_path / "pairs")
    assert [row.split(",")[1] for row in joined()] == ["002.wav"]
    for name, other in {"001.wav": "001.flac", "001.flac": "001.wav", "z.flac": "z.wav"}.items():
        assert f"{tmp_path}/pairs/{name}: left out, because {other} differs only in the suffix" in printed


def test_a_link_to_a_recording_that_is_not_there_is_left_out_and_named(repository, tmp_path):
    (tmp_path / "sea" / "lost.wav").symlink_to("nowhere.wav")
    printed = add(repository, tmp_path / "sea")
    assert f"there is no file {tmp_path}/sea/lost.wav; add it, or remove its clips; left out" in printed
    assert len(joined()) == 6


def test_folders_that_are_links_are_followed_and_loops_are_noticed(repository, tmp_path):
    write_noise(tmp_path / "disk" / "a" / "linked.wav", 2.0, seed=10)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "disk").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "a" / "up").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "itself").symlink_to(tmp_path / "disk" / "itself")
    add(repository, tmp_path / "linked")
    assert [row.split(",")[1] for row in joined()] == ["disk/a/linked.wav"]
    assert not Path("data/bay/recordings/disk").is_symlink()


def test_a_name_that_is_not_utf8_is_a_fault_of_the_input(repository, tmp_path):
    path = tmp_path / "sea" / os.fsdecode(b"caf\xe9.wav")
    write_noise(tmp_path / "sea" / "cafe.wav", 2.0, seed=10)
    (tmp_path / "sea" / "cafe.wav").rename(path)
    fault = "caf\\udce9.wav: recording 'caf\\udce9.wav' is not UTF-8; rename the file or folder\n"
    assert add(repository, tmp_path / "sea", status=1) == f"{tmp_path}/sea/{fault}"


def test_an_unfinished_header_is_said_and_its_samples_are_read(repository, tmp_path):
    path = tmp_path / "open" / "open.wav"
    write_noise(path, 4.0, seed=10)
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(4) + content[8:40] + bytes(4) + content[44:])
    assert f"{path}: its header was never finished" in add(repository, path.parent)
    assert [row.split(",")[2] for row in joined()] == ["0.000", "2.000"]


def test_spellings_of_one_site_are_one(repository, tmp_path):
    text = CLIPS.replace(",reef", ",bush-point")
    Path("data/bay/clips.csv").write_text(text)
    add(repository, tmp_path / "sea")
    assert {clip.site for clip in read_clips(Path("data/bay/clips.csv"))} == {"bush-point", "SoundTrap5066", ""}


def test_a_sound_under_two_names_joins_once(repository, tmp_path):
    write_noise(tmp_path / "sea" / "r00.wav", 5.0, seed=5)
    shutil.copy(tmp_path / "sea" / "r00.wav", tmp_path / "sea" / "r00 (1).wav")
    shutil.copy("data/bay/recordings/z.wav", tmp_path / "sea" / "another name.wav")
    printed = add(repository, tmp_path / "sea")
    assert f"{tmp_path}/sea/r00 (1).wav: holds the same bytes as {tmp_path}/sea/r00.wav; left out\n" in printed
    assert f"{tmp_path}/sea/another name.wav: holds the same bytes as data/bay/recordings/z.wav; left out\n" in printed
    assert {row.split(",")[1] for row in joined()} >= {"r00.wav"}
    assert not {row.split(",")[1] for row in joined()} & {"r00 (1).wav", "another name.wav"}
    assert not Path("data/bay/recordings/r00 (1).wav").exists()
    before = joined()
    assert "r00 (1).wav: holds the same bytes as data/bay/recordings/r00.wav; left out" in add(
        repository, tmp_path / "sea"
    )
    assert joined() == before


def test_a_data_set_that_a_stage_makes_is_refused(repository, tmp_path):
    Path("data/bay/dvc.yaml").write_text("stages: {}\n")
    printed = add(repository, tmp_path / "sea", status=1)
    assert printed.startswith("data/bay/clips.csv: data/bay/dvc.yaml would overwrite it without what is added")


@pytest.mark.parametrize("sizes", [(30, 6, 8, 8), (0.6, 0.15, 0.1, 0.15)])
@pytest.mark.parametrize("group_by", ["recording", "site"])
def test_no_old_clip_moves_to_another_part(repository, tmp_path, sizes, group_by):
    rows = [
        f"old{number:02d}_000{start}000,old{number:02d}.wav,{start},{label},place{number % 7}"
        for number in range(30)
        for start, label in ((0, "call"), (2, "nocall"))
    ]
    Path("data/bay/clips.csv").write_text(HEADER + "\n".join(rows) + "\n")
    params = SplitParams(seed=1, group_by=group_by, **dict(zip(("train", "valid", "pool", "test"), sizes, strict=True)))
    old = read_clips(Path("data/bay/clips.csv"))
    held_out, _ = draw(old, params)
    before = parts_of(old, params, held_out)
    for number in range(4):
        write_noise(tmp_path / "sea" / f"rpi_place{'abcd'[number]}_156233713{number}.wav", 8.0, seed=number)
    add(repository, tmp_path / "sea")
    clips = read_clips(Path("data/bay/clips.csv"))
    after = parts_of(clips, params, held_out)
    assert before
    assert {clip_id: after[clip_id] for clip_id in before} == before
    new = {clip.clip_id for clip in clips if clip.label == UNLABELLED}
    assert set(after) - set(before) == new
    assert {after[clip_id] for clip_id in new} == {"pool"}


def test_beside_annotations_dvc_makes_the_same_clips_again(tmp_path):
    write_noise(tmp_path / "sea" / "a.wav", 20.0, seed=1)
    (tmp_path / "sea" / "a.txt").write_text("5.0\t5.5\n")
    write_noise(tmp_path / "more" / "rpi_bush_point_1562337136.wav", 7.0, seed=2)
    folder = clone(tmp_path / "clone")
    overlay(folder / "params.yaml", {"data": {"dataset": "bay"}})
    table, sea = str(tmp_path / "sea" / "a.txt"), str(tmp_path / "sea")
    for command in (
        ("python", "-m", "tools.import_annotations", "bay", table, "--recordings", sea),
        ("python", "-m", "tools.add_recordings", str(tmp_path / "more"), "--hop", "1.5"),
        ("dvc", "add", "data/bay/recordings"),
    ):
        assert (result := run_in(folder, *command)).returncode == 0, result.stderr
    clips = (folder / "data" / "bay" / "clips.csv").read_bytes()
    assert clips.count(b",bush_point\n") == 3
    result = run_in(folder, "dvc", "repro", "data/bay/dvc.yaml")
    assert "Running stage 'data/bay/dvc.yaml:import'" in result.stdout, result.stderr
    assert "joined without annotations, so without a label" in result.stdout
    assert (folder / "data" / "bay" / "clips.csv").read_bytes() == clips
