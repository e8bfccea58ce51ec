"""The pipeline with small params gives the same bytes under other conditions."""

from pathlib import Path

import pytest

from experiments.clone import commit, output_digests, overlay, repro
from experiments.verify import CONDITIONS, make_again, reverse_order_of_creation

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def side_by_side(copy_of_finished, tmp_path_factory) -> Path:
    """A finished clone whose models are two networks each, which train at the same time where there are cores."""
    folder = copy_of_finished(tmp_path_factory.mktemp("verify") / "clone")
    overlay(folder / "params.yaml", {"train": {"networks": 2}})
    repro(folder)
    commit(folder, "Two networks side by side")
    return folder


@pytest.mark.parametrize("conditions", CONDITIONS, ids=lambda conditions: conditions.folder)
def test_every_byte_is_the_same_under_other_conditions(side_by_side, tmp_path, conditions):
    assert make_again(side_by_side, tmp_path, conditions) == []
    assert output_digests(tmp_path / conditions.folder) == output_digests(side_by_side)


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
