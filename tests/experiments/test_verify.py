"""The outputs of small params can be made again, byte for byte, under other circumstances."""

import pytest

from experiments.clone import output_digests
from experiments.verify import CIRCUMSTANCES, make_again, reverse_order_of_creation

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("circumstances", CIRCUMSTANCES, ids=lambda circumstances: circumstances.folder)
def test_every_byte_is_the_same_under_other_circumstances(finished, tmp_path, circumstances):
    assert make_again(finished, tmp_path, circumstances) == []
    assert output_digests(tmp_path / circumstances.folder) == output_digests(finished)


def test_the_order_of_creation_is_reversed(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    reverse_order_of_creation(folder)
    paths = sorted(folder.iterdir())
    assert [path.read_text() for path in paths] == ["a", "b", "c"]
    assert sorted(paths, key=lambda path: path.stat().st_mtime_ns) == paths[::-1]
    assert [path.name for path in tmp_path.iterdir()] == ["recordings"]
