"""What the tests themselves stand on: what is made once for all workers, and tools run in this process."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY, run_in
from tests.support.edit import replace_in
from tests.support.label_repository import make_label_repository
from tests.support.once import made_once
from tests.support.tool import run_tool


def test_what_several_want_at_once_is_made_once(tmp_path_factory):
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        folder.mkdir()

    tmp_path_factory.getbasetemp()  # Pytest makes this folder at the first call, and not for several threads at once.
    with ThreadPoolExecutor(4) as at_once:
        folders = list(at_once.map(lambda _: made_once(tmp_path_factory, "wanted at once", make), range(4)))
    assert folders == made * 4
    assert made[0].is_dir()


def test_what_could_not_be_made_is_made_again(tmp_path_factory):
    def fail(folder: Path) -> None:
        folder.mkdir()
        raise RuntimeError("half-made")

    with pytest.raises(RuntimeError, match="half-made"):
        made_once(tmp_path_factory, "made again", fail)
    assert made_once(tmp_path_factory, "made again", Path.mkdir).is_dir()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(("check_labels",), 0), (("check_labels", "--wrong"), 2), (("detect", "a.wav"), 1), (("check_labels",), 1)],
)
def test_a_tool_in_this_process_does_what_the_command_does(tmp_path, arguments, status):
    folder = make_label_repository(tmp_path / "repository")
    if arguments == ("check_labels",) and status:
        replace_in(folder / "labels" / "expert.csv", ",call,", ",Ørca,")
    tool, *others = arguments
    here = run_tool(folder, tool, *others)
    there = run_in(folder, "python", "-m", f"tools.{tool}", *others, PYTHONPATH=str(REPOSITORY))
    assert (here.returncode, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)
    assert here.returncode == status
    assert here.stdout + here.stderr
