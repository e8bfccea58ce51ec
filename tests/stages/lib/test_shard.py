import numpy as np
import pytest

from stages.lib.shard import find_shard, write_shard

ARRAYS = np.arange(24, dtype=np.float16).reshape(2, 3, 4)


def test_a_shard_is_found_again_with_what_was_written(tmp_path):
    name = write_shard(tmp_path, "sea", "0123456789abcdef", ARRAYS)
    assert find_shard(tmp_path, "sea", "0123456789abcdef") == name
    np.testing.assert_array_equal(np.load(tmp_path / name, allow_pickle=False), ARRAYS)


def test_equal_features_have_equal_names(tmp_path):
    assert write_shard(tmp_path, "sea", "0" * 16, ARRAYS) == write_shard(tmp_path, "sea", "0" * 16, ARRAYS.copy())


def test_a_shard_of_another_origin_or_recording_is_not_taken(tmp_path):
    write_shard(tmp_path, "sea", "0" * 16, ARRAYS)
    assert find_shard(tmp_path, "sea", "1" * 16) is None
    assert find_shard(tmp_path, "se", "0" * 16) is None


@pytest.mark.parametrize("stem", ["sea[1]", "s*a", "Jörð 1"])
def test_a_stem_is_no_pattern(tmp_path, stem):
    name = write_shard(tmp_path, stem, "0" * 16, ARRAYS)
    assert find_shard(tmp_path, stem, "0" * 16) == name
    assert find_shard(tmp_path, "sea1", "0" * 16) is None


@pytest.mark.parametrize("position", [0, 40, 90, -1])
def test_a_damaged_shard_is_not_taken(tmp_path, position):
    path = tmp_path / write_shard(tmp_path, "sea", "0" * 16, ARRAYS)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    assert find_shard(tmp_path, "sea", "0" * 16) is None


def test_a_shortened_shard_is_not_taken(tmp_path):
    path = tmp_path / write_shard(tmp_path, "sea", "0" * 16, ARRAYS)
    path.write_bytes(path.read_bytes()[:-1])
    assert find_shard(tmp_path, "sea", "0" * 16) is None
