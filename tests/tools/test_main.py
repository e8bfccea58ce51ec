"""The list of commands: `python -m tools`."""

import subprocess
import sys

from experiments.clone import REPOSITORY
from tools.__main__ import commands, summary

FOLDER = REPOSITORY / "tools"


def test_every_command_is_listed_with_what_it_does():
    result = subprocess.run([sys.executable, "-m", "tools"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    _, _, *lines = result.stdout.splitlines()
    listed = dict(line.split(maxsplit=1) for line in lines)
    assert set(listed) == {path.stem for path in FOLDER.glob("*.py")} - {"__main__", "__init__"}
    assert listed["detect"].startswith("Find calls in recordings")
    assert max(map(len, lines)) <= 120


def test_a_summary_leaves_out_the_command_itself():
    assert summary('"""Find calls: `python -m tools.detect`.\n\nMore.\n"""\n') == "Find calls"
    assert summary('"""Find `calls` in recordings."""') == "Find `calls` in recordings"


def test_no_module_is_imported_for_its_line(tmp_path):
    (tmp_path / "fail.py").write_text(
        '"""Do what cannot be imported: `python -m tools.fail`."""\n\nraise SystemExit(1)\n'
    )
    assert commands(tmp_path) == {"fail": "Do what cannot be imported"}


def test_every_command_has_its_own_name_in_its_first_line():
    for path in FOLDER.glob("[!_]*.py"):
        assert f"`python -m tools.{path.stem}" in path.read_text(encoding="utf-8").partition("\n")[0], path
