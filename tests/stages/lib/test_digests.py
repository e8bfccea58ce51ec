import hashlib
import json
import os
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY
from stages.lib.digests import Seen, file_digest, look_at, recall, remember, short_digest, sources_of
from tests.test_dependencies import imported_files

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
    assert look_at([recording], {})[str(recording)].digest == short_digest(b"a long recording")


def test_a_file_that_stays_is_not_read_again(recording):
    known = {path: seen._replace(digest="as it was") for path, seen in look_at([recording], {}).items()}
    assert look_at([recording], known)[str(recording)].digest == "as it was"


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
    known = look_at([recording], {})
    change(recording)
    assert look_at([recording], known)[str(recording)].digest == short_digest(recording.read_bytes())
    assert look_at([recording], known) != known


def test_what_is_remembered_is_recalled(recording, tmp_path):
    seen = look_at([recording], {})
    remember(tmp_path / "memory" / "digests.json", seen)
    assert recall(tmp_path / "memory" / "digests.json") == seen


def test_a_file_that_has_just_been_written_is_not_remembered(recording, tmp_path):
    # It could be written again within the same tick of the file system's clock.
    recording.write_bytes(b"a new recording")
    remember(tmp_path / "digests.json", look_at([recording], {}))
    assert recall(tmp_path / "digests.json") == {}


@pytest.mark.parametrize("content", ["", "{", "[]", "[1]", '{"sea.flac": 1}', '{"sea.flac": []}', "null"])
def test_a_damaged_memory_is_none(content, tmp_path):
    (tmp_path / "digests.json").write_text(content)
    assert recall(tmp_path / "digests.json") == {}


def test_no_memory_is_none(tmp_path):
    assert recall(tmp_path / "digests.json") == {}


def test_what_is_remembered_is_no_more_than_what_was_seen(recording, tmp_path):
    memory = tmp_path / "digests.json"
    remember(memory, {"gone.flac": Seen((1, 2, LONG_AGO_NS), "0" * 16)})
    remember(memory, look_at([recording], recall(memory)))
    assert list(json.loads(memory.read_text())) == [str(recording)]


@pytest.mark.parametrize("module", ["stages.featurize", "stages.lib.score_store"])
def test_a_module_is_made_of_all_that_it_imports(module):
    path = REPOSITORY / f"{module.replace('.', '/')}.py"
    assert [str(file.relative_to(REPOSITORY)) for file in sources_of(path)] == sorted(imported_files(module))


def test_an_import_within_a_function_counts(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("def late():\n    from stages.lib.faults import refuse\n    return refuse\n")
    names = {file.name for file in sources_of(module)}
    assert names == {"module.py", "__init__.py", "determinism.py", "faults.py"}  # The package pins libraries first.
