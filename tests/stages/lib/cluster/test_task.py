import shutil
from pathlib import Path

import pytest

from stages.lib.cache.digests import file_digest
from stages.lib.cluster import task
from stages.lib.cluster.task import SharedRecording, provide
from stages.lib.runtime.faults import InputFaults


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    """A recording that lies elsewhere than in the folder that the test runs in."""
    path = tmp_path / "elsewhere" / "sea.wav"
    path.parent.mkdir()
    path.write_bytes(b"waves")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return path


def shared(source: Path, path: str = "recordings/sea.wav", scheme: str = "") -> SharedRecording:
    return SharedRecording(Path(path), f"{scheme}{source}", file_digest(source))


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_recording_is_downloaded_from_a_url_and_linked_to_in_a_folder(source, scheme):
    recording = shared(source, scheme=scheme)
    provide(recording)
    assert recording.path.read_bytes() == b"waves"
    assert recording.path.is_symlink() == (not scheme)


def test_a_recording_is_there_only_until_the_next_one_is(source):
    other = source.with_name("bay.wav")
    other.write_bytes(b"silence")
    provide(shared(source))
    provide(shared(other, "recordings/2026/bay.wav"))
    assert list(Path().rglob("*.wav")) == [Path("recordings/2026/bay.wav")]
    assert source.read_bytes() == b"waves"


@pytest.mark.parametrize("is_absolute", [True, False])
def test_it_is_not_read_twice_in_a_row(source, monkeypatch, is_absolute):
    recording = shared(source, str(source)) if is_absolute else shared(source)
    provide(recording)
    monkeypatch.setattr(task, "hash_file", None)
    provide(recording)
    assert recording.path.read_bytes() == source.read_bytes() == b"waves"


def test_other_content_is_refused_every_time(source):
    recording = shared(source)
    source.write_bytes(b"other waves")
    for _ in range(2):
        with pytest.raises(InputFaults, match=r"^recordings/sea.wav: /.*/sea.wav, .*, has other content; copy it"):
            provide(recording)


def test_a_recording_that_changes_between_two_tasks_is_refused(source):
    recording = shared(source)
    provide(recording)
    source.write_bytes(b"other waves")
    with pytest.raises(InputFaults, match="has other content"):
        provide(recording)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_recording_that_is_not_there_is_refused_until_it_is(source, scheme):
    recording = shared(source, scheme=scheme)
    shutil.move(source, source.with_suffix(".away"))
    for _ in range(2):
        with pytest.raises(
            InputFaults, match=r"^recordings/sea.wav: .*/sea.wav, .*, cannot be read \(FileNotFoundError: "
        ):
            provide(recording)
    shutil.move(source.with_suffix(".away"), source)
    provide(recording)
    assert recording.path.read_bytes() == b"waves"
