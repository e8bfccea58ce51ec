import io
from pathlib import Path

import numpy as np
import pytest

from stages.lib.cache.digests import hash_files
from stages.lib.cache.shard import content_of, intact, key_of, shards_in, write_blocks, write_shard

ARRAYS = np.arange(24, dtype=np.float16).reshape(2, 3, 4)


def found(folder: Path) -> dict[str, str]:
    shards = shards_in(folder)
    return intact(shards, hash_files(shards, {}))


def test_a_shard_is_found_again_with_what_was_written(tmp_path):
    name = write_shard(tmp_path, "sea", "0123456789abcdef", ARRAYS)
    assert found(tmp_path) == {"sea.0123456789abcdef": name}
    np.testing.assert_array_equal(np.load(tmp_path / name, allow_pickle=False), ARRAYS)


def test_a_shard_has_the_bytes_that_numpy_writes(tmp_path):
    file = io.BytesIO()
    np.save(file, ARRAYS)
    assert (tmp_path / write_shard(tmp_path, "sea", "0" * 16, ARRAYS)).read_bytes() == file.getvalue()


def test_equal_features_have_equal_names(tmp_path):
    assert write_shard(tmp_path, "sea", "0" * 16, ARRAYS) == write_shard(tmp_path, "sea", "0" * 16, ARRAYS.copy())


def test_arrays_in_blocks_make_the_same_shard(tmp_path):
    blocks = iter([ARRAYS[:1], ARRAYS[1:]])
    name = write_blocks(tmp_path, "sea", "0" * 16, blocks, shape=ARRAYS.shape, dtype=ARRAYS.dtype)
    assert name == write_shard(tmp_path, "sea", "0" * 16, ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_blocks_that_fail_leave_nothing(tmp_path):
    def blocks():
        yield ARRAYS[:1]
        raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        write_blocks(tmp_path, "sea", "0" * 16, blocks(), shape=ARRAYS.shape, dtype=ARRAYS.dtype)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stem", ["sea", "sea[1]", "s*a", "Jörð 1", "sea-1", "sea.2019-07", ".sea"])
def test_a_name_says_what_a_shard_was_made_from_and_holds(tmp_path, stem):
    path = tmp_path / write_shard(tmp_path, stem, "0" * 16, ARRAYS)
    assert key_of(path) == f"{stem}.{'0' * 16}"
    assert path.name == f"{key_of(path)}-{content_of(path)}.npy"
    assert found(tmp_path) == {f"{stem}.{'0' * 16}": path.name}


@pytest.mark.parametrize("position", [0, 40, 90, -1])
def test_a_damaged_shard_is_not_taken(tmp_path, position):
    path = tmp_path / write_shard(tmp_path, "sea", "0" * 16, ARRAYS)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    assert found(tmp_path) == {}


def test_a_shortened_shard_is_not_taken(tmp_path):
    path = tmp_path / write_shard(tmp_path, "sea", "0" * 16, ARRAYS)
    path.write_bytes(path.read_bytes()[:-1])
    assert found(tmp_path) == {}


def test_a_damaged_shard_does_not_hide_a_good_one(tmp_path):
    name = write_shard(tmp_path, "sea", "0" * 16, ARRAYS)
    for content in ("0" * 16, "f" * 16):
        (tmp_path / f"sea.{'0' * 16}-{content}.npy").write_bytes(b"damaged")
    assert found(tmp_path) == {f"sea.{'0' * 16}": name}


def test_what_has_no_name_of_a_shard_is_none(tmp_path):
    (tmp_path / f"sea.{'0' * 16}.npy").write_bytes(b"what a killed run has left")
    (tmp_path / "index.csv").touch()
    assert shards_in(tmp_path) == []
    assert shards_in(tmp_path / "not there") == []
