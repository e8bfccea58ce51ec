import hashlib
import json
import os
from pathlib import Path

import pytest

from stages.lib.cache.digests import FileHash, file_digest, hash_files, read_hashes, short_digest, write_hashes

LONG_AGO_NS = 1_600_000_000_000_000_000


@pytest.fixture
def recording(tmp_path) -> Path:
    path = tmp_path / "sea.flac"
    write(path, b"a long recording")
    return path


def write(path: Path, content: bytes, modified_ns: int = LONG_AGO_NS) -> None:
    path.write_bytes(content)
    os.utime(path, ns=(modified_ns, modified_ns))


def test_a_file_has_the_digest_of_its_content(recording):
    assert file_digest(recording) == short_digest(b"a long recording")
    assert hashlib.sha256(b"a long recording").hexdigest().startswith(file_digest(recording))


def test_a_file_that_is_not_known_is_read(recording):
    assert hash_files([recording], {})[str(recording)].digest == short_digest(b"a long recording")


def test_a_file_that_stays_is_not_read_again(recording):
    known = {path: seen._replace(digest="as it was") for path, seen in hash_files([recording], {}).items()}
    assert hash_files([recording], known)[str(recording)].digest == "as it was"


def longer(path: Path) -> None:
    write(path, b"a longer recording")


def later(path: Path) -> None:
    write(path, b"a LONG recording", LONG_AGO_NS + 1)


def another(path: Path) -> None:
    new = path.with_name("new.flac")
    write(new, b"a LONG recording")
    new.replace(path)


@pytest.mark.parametrize("change", [longer, later, another])
def test_a_file_that_has_changed_is_read_again(recording, change):
    known = hash_files([recording], {})
    change(recording)
    assert hash_files([recording], known)[str(recording)].digest == short_digest(recording.read_bytes())
    assert hash_files([recording], known) != known


def test_what_is_remembered_is_recalled(recording, tmp_path):
    seen = hash_files([recording], {})
    write_hashes(tmp_path / "memory" / "digests.json", seen)
    assert read_hashes(tmp_path / "memory" / "digests.json") == seen


def test_a_file_that_has_just_been_written_is_not_remembered(recording, tmp_path):
    # It could be written again within the same tick of the file system's clock.
    recording.write_bytes(b"a new recording")
    write_hashes(tmp_path / "digests.json", hash_files([recording], {}))
    assert read_hashes(tmp_path / "digests.json") == {}


@pytest.mark.parametrize("content", ["", "{", "[]", "[1]", '{"sea.flac": 1}', '{"sea.flac": []}', "null"])
def test_a_damaged_memory_is_none(content, tmp_path):
    (tmp_path / "digests.json").write_text(content)
    assert read_hashes(tmp_path / "digests.json") == {}


def test_no_memory_is_none(tmp_path):
    assert read_hashes(tmp_path / "digests.json") == {}


def test_what_is_remembered_is_no_more_than_what_was_seen(recording, tmp_path):
    memory = tmp_path / "digests.json"
    write_hashes(memory, {"gone.flac": FileHash((1, 2, LONG_AGO_NS), "0" * 16)})
    write_hashes(memory, hash_files([recording], read_hashes(memory)))
    assert list(json.loads(memory.read_text())) == [str(recording)]
