"""A run over a folder that grows, with scores that are given, so that no model is needed."""

import csv
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.inputs import state
from tests.support.feature_params import PARAMS
from tools.lib.detection.detections import window_starts
from tools.lib.detection.run_record import RECORD, Run, read_run, run_id, write_run
from tools.lib.formats.annotations import read_annotations
from tools.lib.recordings.given_recordings import GivenRecording, check_recordings, file_stems, named
from tools.lib.search import search as searching
from tools.lib.search.choices import Choices
from tools.lib.search.growing import compare, misfits, output_folder, still_recorded
from tools.lib.search.search import Outcome, keep, overlap_lines
from tools.lib.search.task import Task, entry_of

RATE, CLIP_S, HOP_S, LENGTH_S = 100, 2.0, 0.5, 60.0
DAY = "2026-11-28"
NOBODY = 65534
# The recordings of a morning: one per minute, and the seconds in which a model finds calls.
CALLS = {
    "bay_20261128_140000.wav": [(20, 22), (58, 60)],
    "bay_20261128_140100.wav": [(0, 3)],
    "bay_20261128_140200.wav": [],
    "bay_20261129_000000.wav": [(5, 6)],
}


@pytest.fixture
def sea(tmp_path) -> Path:
    for name in CALLS:
        write(tmp_path / "sea" / name)
    return tmp_path / "sea"


def write(path: Path, length_s: float = LENGTH_S, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(round(length_s * RATE)), RATE)
    return path


@pytest.fixture(autouse=True)
def one_process() -> Iterator[None]:
    """A process that was forked cannot use the processes of the first."""
    with joblib.parallel_config(backend="threading"):
        yield


def params() -> FeatureParams:
    return PARAMS.model_copy(update={"clip_s": CLIP_S, "min_hz": 10.0, "max_hz": 50.0})


def first_run(per: str = "recording", form: str = "csv") -> Run:
    model = "f" * 64
    settings = {"clip_s": CLIP_S, "hop_s": HOP_S, "threshold": 0.5, "dataset": "tiny", "form": form, "per": per}
    return Run(run=run_id(model, CLIP_S, HOP_S), model=model, **settings)


def p_call(name: str, length_s: float, calls: Mapping) -> np.ndarray:
    """Return scores above the threshold where a window is centred in a call."""
    middles_s = window_starts(length_s, CLIP_S, HOP_S) + CLIP_S / 2
    spans = [(max(begin, CLIP_S / 2), min(end, length_s - CLIP_S / 2)) for begin, end in calls.get(name, [])]
    return np.array([0.9 if any(begin <= at <= end for begin, end in spans) else 0.1 for at in middles_s])


def start(given: Path, output: Path, per: str = "recording", form: str = "csv", calls: Mapping = CALLS) -> Outcome:
    """Do what one start of `tools.detect` does, with scores that are given."""
    run = read_run(output) if (output / RECORD).exists() else first_run(per, form)
    compared = compare(output, run, dict(named([given])))
    assert compared.faults == []
    states = {path: state(path) for path in compared.new}
    stems = file_stems(compared.new, {one.name: one.file_stem for one in run.recordings})
    recordings, left_out, _ = check_recordings(compared.new, stems, params(), any_rate=True)
    assert left_out == {}

    def found(one: GivenRecording) -> tuple:
        starts_s = window_starts(one.length_s, CLIP_S, HOP_S)
        return one.path, starts_s, p_call(one.path.name, one.length_s, calls)

    entries = {one.path: entry_of(one, "bay", states[one.path]) for one in recordings}
    todo = Task(compared.run, recordings, entries, states, {}, compared.before, [], [])
    choices = Choices(output, form, 0.5, HOP_S, pictures=False, any_rate=True, site="bay", per=per)
    return keep(map(found, recordings), todo, choices, params())


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def spans(table: Path) -> list[tuple[str, float, float, str]]:
    return [(row["recording"], float(row["start_s"]), float(row["end_s"]), row["continues"]) for row in rows(table)]


def files(output: Path) -> dict[str, str]:
    """Return what a run has left, without places and times of modification."""
    found = {path.relative_to(output).as_posix(): path.read_text() for path in output.rglob("*") if path.is_file()}
    record = json.loads(found.pop(RECORD))
    for one in record["recordings"]:
        one.pop("path"), one.pop("modified_ns")
    return found | {RECORD: json.dumps(record | {"recordings": sorted(record["recordings"], key=str)})}


# What is new.


def test_only_new_recordings_are_searched(sea, tmp_path):
    later = sea / "bay_20261129_000000.wav"
    shutil.move(later, tmp_path)
    first = start(sea, tmp_path / "out")
    assert len(first.recordings) == 3
    before = files(tmp_path / "out")
    assert start(sea, tmp_path / "out").recordings == []
    assert files(tmp_path / "out") == before
    shutil.move(tmp_path / later.name, later)
    assert [one.name for one in start(sea, tmp_path / "out").recordings] == [later.name]
    assert len(read_run(tmp_path / "out").recordings) == len(CALLS)


def test_what_was_searched_is_not_read_again(sea, tmp_path):
    start(sea, tmp_path / "out")
    for path in sea.iterdir():
        status = path.stat()
        path.write_bytes(b"?" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert start(sea, tmp_path / "out").recordings == []


def test_a_folder_that_was_moved_or_touched_is_known_again(sea, tmp_path):
    start(sea, tmp_path / "out")
    moved = tmp_path / "moved"
    sea.rename(moved)
    (moved / "bay_20261128_140200.wav").touch()
    assert start(moved, tmp_path / "out").recordings == []
    assert {Path(one.path).parent for one in read_run(tmp_path / "out").recordings} == {moved}
    assert compare(tmp_path / "out", read_run(tmp_path / "out"), dict(named([moved]))).before == set(CALLS)


def test_another_recording_of_the_same_name_is_refused(sea, tmp_path):
    start(sea, tmp_path / "out")
    other = write(tmp_path / "other" / "bay_20261128_140000.wav", length_s=30)
    compared = compare(tmp_path / "out", read_run(tmp_path / "out"), dict(named([other.parent])))
    (fault,) = compared.faults
    assert fault.startswith(f"{other}: {sea / other.name} has the same name in this run; name a folder that holds both")


def test_a_recording_that_grew_is_searched_again_unless_its_table_was_corrected(sea, tmp_path):
    output, grown, corrected = tmp_path / "out", "bay_20261128_140100.wav", "bay_20261128_140000.wav"
    write(sea / grown, length_s=30)
    start(sea, output)
    table = output / "bay_20261128_140000.csv"
    table.write_text(table.read_text().replace(",\n", ",nocall\n"))
    write(sea / grown)
    write(sea / corrected, seed=3)
    run = read_run(output)
    compared = compare(output, run, dict(named([sea])))
    assert list(compared.new.values()) == [grown]
    assert compared.changed == [
        f"{sea / corrected}: has changed since it was searched, and {table} was corrected; delete the table to search "
        "it again"
    ]
    assert [one.name for one in start(sea, output).recordings] == [grown]
    assert [one.length_s for one in read_run(output).recordings if one.name == grown] == [LENGTH_S]
    table.unlink()
    assert [one.name for one in start(sea, output).recordings] == [corrected]
    assert len(spans(table)) == 2


def test_a_recording_that_changes_while_it_is_searched_is_left_for_the_next_start(sea, tmp_path, monkeypatch):
    digest = searching.file_digest

    def growing(path: Path) -> str:
        if path.name == "bay_20261128_140000.wav":
            write(path, length_s=61)
        return digest(path)

    monkeypatch.setattr(searching, "file_digest", growing)
    outcome = start(sea, tmp_path / "out")
    assert outcome.changed == [
        f"{sea}/bay_20261128_140000.wav: changed while it was searched, so it is left for the next start"
    ]
    assert not (tmp_path / "out" / "bay_20261128_140000.csv").exists()
    monkeypatch.undo()
    assert [one.name for one in start(sea, tmp_path / "out").recordings] == ["bay_20261128_140000.wav"]


def test_only_the_newest_recording_of_a_folder_may_still_be_recorded(tmp_path):
    for number, name in enumerate(("a", "b")):
        for folder in ("north", "south"):
            path = write(tmp_path / folder / f"{name}.wav")
            content = path.read_bytes()
            if folder == "north":
                path.write_bytes(content[:4] + bytes(4) + content[8:40] + bytes(4) + content[44:])
            os.utime(path, (number, number))
    assert still_recorded(sorted(tmp_path.rglob("*.wav"))) == [tmp_path / "north" / "b.wav"]


def test_a_run_with_other_settings_is_refused_by_each_of_them(tmp_path):
    there = first_run()
    other = there.model_copy(update={"model": "e" * 64, "hop_s": 0.25, "threshold": 0.7, "form": "raven", "per": "day"})
    faults = misfits(Path("out"), there, other)
    assert [fault.removeprefix("out: holds a run with ").partition(";")[0] for fault in faults] == [
        "another model",
        "--hop 0.5, not 0.25",
        "--threshold 0.5, not 0.7",
        "--format csv, not raven",
        "--per recording, not day",
    ]
    assert all(fault.endswith("name another folder with --output") for fault in faults)
    assert misfits(Path("out"), there, there.model_copy(update={"dataset": "other"})) == []


def test_two_at_once_in_one_folder_are_refused(tmp_path):
    with output_folder(tmp_path / "out"), pytest.raises(InputFaults, match="wait until it has ended"):  # noqa: SIM117
        with output_folder(tmp_path / "out"):
            pass
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_is_searched():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o500)
        child = os.fork()
        if child == 0:
            if os.geteuid() == 0:
                os.setuid(NOBODY)  # Root may write anywhere.
            try:
                with output_folder(Path(folder)):
                    os._exit(1)
            except InputFaults as refused:
                os._exit(0 if str(refused).startswith(f"{folder}: cannot be written to; ") else 2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# Detections that go on in the next recording.


def test_a_detection_that_goes_on_in_the_next_recording_is_one(sea, tmp_path):
    outcome = start(sea, tmp_path / "out")
    assert (outcome.detections, outcome.empty) == (3, 1)
    first, second, *_ = sorted(CALLS)
    assert spans(tmp_path / "out" / f"{Path(first).stem}.csv")[-1][2:] == (LENGTH_S, "")
    ((_, start_s, _, continues),) = spans(tmp_path / "out" / f"{Path(second).stem}.csv")
    assert (start_s, continues) == (0, first)


def test_it_is_one_also_if_the_next_recording_comes_later_and_the_first_table_was_corrected(sea, tmp_path):
    output, second = tmp_path / "out", "bay_20261128_140100.wav"
    shutil.move(sea / second, tmp_path)
    start(sea, output)
    table = output / "bay_20261128_140000.csv"
    table.write_text(table.read_text().replace(",\n", ",nocall\n"))
    corrected = table.read_text()
    shutil.move(tmp_path / second, sea)
    assert start(sea, output).detections == 0
    assert [row[3] for row in spans(output / "bay_20261128_140100.csv")] == ["bay_20261128_140000.wav"]
    assert table.read_text() == corrected


@pytest.mark.parametrize("per", ["recording", "day"])
def test_it_is_one_also_if_the_first_recording_comes_later_unless_the_second_table_was_corrected(sea, tmp_path, per):
    first, last = "bay_20261128_235900.wav", "bay_20261129_000000.wav"
    calls = {first: [(58, 60)], last: [(0, 3)]}
    for corrected in (False, True):
        output = tmp_path / f"out {corrected}"
        (sea / first).unlink(missing_ok=True)
        start(sea, output, per=per, calls=calls)
        table = output / ("bay--2026-11-29.csv" if per == "day" else "bay_20261129_000000.csv")
        if corrected:
            table.write_text(table.read_text().replace(",\n", ",nocall\n"))
        before = table.read_text()
        write(sea / first)
        start(sea, output, per=per, calls=calls)
        assert [row[3] for row in spans(table)] == ["" if corrected else first]
        assert not corrected or table.read_text() == before
        assert start(sea, output, per=per, calls=calls).recordings == []


@pytest.mark.parametrize(
    ("name", "follows"),
    [
        ("bay_20261128_140100.wav", True),
        ("bay_20261128_140101.wav", True),
        ("bay_20261128_140059.wav", True),
        ("bay_20261128_140102.wav", False),
        ("bay_20261128_140058.wav", False),
        ("bay_20261128_140100Z.wav", False),
        ("bay.wav", False),
    ],
)
def test_recordings_follow_one_another_to_the_second_of_their_names(tmp_path, name, follows):
    calls = {"bay_20261128_140000.wav": [(58, 60)], name: [(0, 3)]}
    for each in calls:
        write(tmp_path / "sea" / each)
    assert start(tmp_path / "sea", tmp_path / "out", calls=calls).detections == 2 - follows
    assert any(row[3] for table in (tmp_path / "out").glob("*.csv") for row in spans(table)) == follows


# A table per day.


def test_a_table_per_day_holds_the_recordings_of_a_site_in_order(sea, tmp_path):
    start(sea, tmp_path / "out", per="day")
    assert sorted(path.name for path in (tmp_path / "out").glob("*.csv")) == [
        f"bay--{DAY}.csv",
        "bay--2026-11-29.csv",
    ]
    assert [row[0] for row in spans(tmp_path / "out" / f"bay--{DAY}.csv")] == [
        "bay_20261128_140000.wav",
        "bay_20261128_140000.wav",
        "bay_20261128_140100.wav",
    ]


def test_a_day_in_raven_counts_from_the_first_recording_and_is_read_by_recording(sea, tmp_path):
    start(sea, tmp_path / "out", per="day", form="raven")
    start(sea, tmp_path / "csv", per="day", form="csv")
    table = tmp_path / "out" / f"bay--{DAY}.Table.1.selections.txt"
    with table.open(newline="") as file:
        begins = [float(row["Begin Time (s)"]) for row in csv.DictReader(file, delimiter="\t")]
    assert begins[-1] == LENGTH_S
    annotations = read_annotations(table)
    assert annotations.faults == []
    assert [(one.recording, one.start_s, one.end_s, *one.words) for one in annotations.events] == [
        (*row[:3], "unsure") for row in spans(tmp_path / "csv" / f"bay--{DAY}.csv")
    ]


def test_a_day_goes_on_in_its_table_until_somebody_corrects_that(sea, tmp_path):
    output, table = tmp_path / "out", tmp_path / "out" / f"bay--{DAY}.csv"
    later = {name: write(sea / name) for name in ("bay_20261128_150000.wav", "bay_20261128_160000.wav")}
    calls = CALLS | {name: [(5, 6)] for name in later}
    for path in later.values():
        shutil.move(path, tmp_path)
    start(sea, output, per="day")
    assert len(spans(table)) == 3
    shutil.move(tmp_path / "bay_20261128_150000.wav", sea)
    start(sea, output, per="day", calls=calls)
    assert [row[0] for row in spans(table)][-1] == "bay_20261128_150000.wav"
    table.write_text(table.read_text().replace(",\n", ",nocall\n"))
    corrected = table.read_text()
    shutil.move(tmp_path / "bay_20261128_160000.wav", sea)
    start(sea, output, per="day", calls=calls)
    assert table.read_text() == corrected
    assert [row[0] for row in spans(output / f"bay--{DAY}.2.csv")] == ["bay_20261128_160000.wav"]


def test_the_second_table_of_a_day_counts_from_the_first_recording_of_the_day(sea, tmp_path):
    """People open all recordings of the day as one sound, whatever table they are in."""
    output, name = tmp_path / "out", f"bay--{DAY}{{}}.Table.1.selections.txt"
    start(sea, output, per="day", form="raven")
    first, second = output / name.format(""), output / name.format(".2")
    first.write_text(first.read_text().replace("\t\t", "\tnocall\t"))
    write(sea / "bay_20261128_150000.wav")
    start(sea, output, per="day", form="raven", calls=CALLS | {"bay_20261128_150000.wav": [(5, 6)]})
    with second.open(newline="") as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    assert row["Begin File"] == "bay_20261128_150000.wav"
    assert float(row["Begin Time (s)"]) - float(row["File Offset (s)"]) == pytest.approx(3 * LENGTH_S)


def test_a_recording_that_is_searched_again_has_its_rows_in_one_table(sea, tmp_path):
    output, later = tmp_path / "out", "bay_20261128_150000.wav"
    first, second = output / f"bay--{DAY}.csv", output / f"bay--{DAY}.2.csv"
    calls = CALLS | {later: [(5, 6)]}
    start(sea, output, per="day", calls=calls)
    first.write_text(first.read_text().replace(",\n", ",nocall\n"))
    write(sea / later)
    start(sea, output, per="day", calls=calls)
    assert [row[0] for row in spans(second)] == [later]
    first.rename(tmp_path / "corrected.csv")
    write(sea / later, seed=5)
    start(sea, output, per="day", calls=calls)
    assert [row[0] for table in (first, second) for row in spans(table)].count(later) == 1


def test_a_day_with_recordings_of_two_places_at_one_time_is_named(sea, tmp_path):
    assert overlap_lines(start(sea, tmp_path / "one place", per="day")) == []
    write(sea / "south" / "bay_20261128_140030.wav", seed=1)
    (line,) = overlap_lines(start(sea, tmp_path / "two places", per="day"))
    assert line.startswith(
        f"bay--{DAY}.csv: bay_20261128_140000.wav and south/bay_20261128_140030.wav were recorded at one time; "
    )
    assert overlap_lines(start(sea, tmp_path / "two places", per="day")) == []


def test_a_recording_without_a_time_has_a_table_of_its_own(tmp_path):
    write(tmp_path / "sea" / "bay.wav")
    start(tmp_path / "sea", tmp_path / "out", per="day", calls={"bay.wav": [(5, 6)]})
    assert len(spans(tmp_path / "out" / "bay.csv")) == 1


# Kills.


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Work in a process that is killed before it moves its `number`th file to its place; tell whether it was killed."""
    child = os.fork()
    if child == 0:
        moves, replace = 0, Path.replace

        def counted(self: Path, target: Path) -> Path:
            nonlocal moves
            moves += 1
            if moves == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(self, target)

        Path.replace = counted
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("per", ["recording", "day"])
def test_a_run_that_is_killed_at_any_moment_goes_on_as_if_it_had_not_been(sea, tmp_path, per, monkeypatch):
    monkeypatch.setattr(searching, "COMMIT_EVERY_S", 0.0)
    first, *others = sorted(sea.iterdir())

    def grow_and_start(output: Path) -> None:
        for path in others:
            shutil.copy2(path, first.parent)
        start(sea, output, per=per)

    store = tmp_path / "store"
    store.mkdir()
    others = [Path(shutil.move(path, store)) for path in others]
    start(sea, tmp_path / "whole", per=per)
    grow_and_start(tmp_path / "whole")
    whole = files(tmp_path / "whole")
    number = 0
    while True:
        number += 1
        output = tmp_path / f"killed {number}"
        for path in sea.iterdir():
            if path != first:
                path.unlink()
        start(sea, output, per=per)
        was_killed = killed_at(number, lambda output=output: grow_and_start(output))
        if was_killed:
            start(sea, output, per=per)
        assert files(output) == whole, number
        if not was_killed:
            break
    assert number > 8


def test_a_table_that_is_corrected_after_a_kill_is_left_as_it_is(sea, tmp_path):
    output, table = tmp_path / "out", tmp_path / "out" / "bay_20261128_140000.csv"
    start(sea, output)
    run = read_run(output)
    write_run(output, run.model_copy(update={"writing": {table.name: ""}}))
    (output / ".new").mkdir()
    shutil.copy(table, output / ".new")
    table.write_text(table.read_text().replace(",\n", ",nocall\n"))
    corrected = table.read_text()
    start(sea, output)
    assert table.read_text() == corrected
    assert read_run(output) == run
