import shutil
from pathlib import Path

import pytest

from stages.lib.cache.digests import file_digest
from stages.lib.cluster import calls
from stages.lib.cluster.calls import Call, Placed, Shelf, answer, pack, versions
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.faults import InputFaults, refuse


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    """A recording that lies elsewhere than in the folder that the test runs in."""
    path = tmp_path / "elsewhere" / "sea.wav"
    path.parent.mkdir()
    path.write_bytes(b"waves")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return path


def placed(source: Path, path: str = "recordings/sea.wav") -> Placed:
    return Placed(Path(path), str(source), file_digest(source))


def outcome(function, *arguments, recordings=(), expected=None) -> tuple[bool, object]:
    return answer(pack(Call(function, arguments, recordings, expected or versions())), Shelf())


def test_a_call_is_answered_with_what_it_returns():
    assert outcome(divmod, 7, 3) == (True, (2, 1))


def test_a_refusal_travels_with_all_its_faults():
    well, faults = outcome(refuse, ["first", "second"])
    assert not well
    assert isinstance(faults, InputFaults)
    assert faults.lines == ["first", "second"]


def test_a_fault_of_the_program_travels_with_its_traceback():
    well, error = outcome(divmod, 7, 0)
    assert not well
    assert isinstance(error, RuntimeError)
    assert "ZeroDivisionError" in str(error)


@pytest.mark.parametrize("name", ["Python", "C library", "numpy", "librosa", "tensorflow"])
def test_other_versions_are_refused_by_name(name):
    well, faults = outcome(divmod, 7, 3, expected={**versions(), name: "0.1"})
    assert not well
    (line,) = faults.lines
    assert f": {name} {versions()[name]} there, 0.1 here; install" in line


def test_a_recording_is_where_the_call_looks_for_it(source):
    assert outcome(Path.read_bytes, Path("recordings/sea.wav"), recordings=[placed(source)]) == (True, b"waves")


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_it_is_fetched_from_a_url_and_linked_to_in_a_folder(source, scheme):
    recording = placed(source)._replace(source=f"{scheme}{source}")
    Shelf().put(recording)
    assert recording.path.read_bytes() == b"waves"
    assert recording.path.is_symlink() == (not scheme)


def test_a_recording_is_at_hand_only_until_the_next_one_is(source):
    shelf, other = Shelf(), source.with_name("bay.wav")
    other.write_bytes(b"silence")
    shelf.put(placed(source))
    shelf.put(placed(other, "recordings/bay.wav"))
    assert [path.name for path in Path("recordings").iterdir()] == ["bay.wav"]
    assert source.read_bytes() == b"waves"


def test_it_is_not_fetched_twice_in_a_row_and_its_absolute_path_is_left_alone(source, monkeypatch):
    shelf = Shelf()
    shelf.put(placed(source, str(source)))
    with monkeypatch.context() as patch:
        patch.setattr(calls, "hash_file", None)
        shelf.put(placed(source, str(source)))
    shelf.clear()
    assert source.read_bytes() == b"waves"


def test_another_recording_than_the_client_has_seen_is_refused_every_time(source):
    shelf, recording = Shelf(), placed(source)
    source.write_bytes(b"other waves")
    for _ in range(2):
        with pytest.raises(InputFaults, match=r"^recordings/sea.wav: /.*/sea.wav, .*, holds something else; copy it"):
            shelf.put(recording)


def test_one_that_changes_between_two_calls_is_refused(source):
    shelf, recording = Shelf(), placed(source)
    shelf.put(recording)
    source.write_bytes(b"other waves")
    with pytest.raises(InputFaults, match="holds something else"):
        shelf.put(recording)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_one_that_is_not_there_is_refused_until_it_is(source, scheme):
    shelf, recording = Shelf(), placed(source)._replace(source=f"{scheme}{source}")
    shutil.move(source, source.with_suffix(".away"))
    for _ in range(2):
        with pytest.raises(
            InputFaults, match=r"^recordings/sea.wav: .*/sea.wav, .*, cannot be read \(FileNotFoundError: "
        ):
            shelf.put(recording)
    shutil.move(source.with_suffix(".away"), source)
    shelf.put(recording)
    remove(recording.path)
