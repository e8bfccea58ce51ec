import subprocess
import sys

import pytest

from experiments.clone import REPOSITORY
from stages.lib.runtime.faults import InputFaults
from tests.support.tool import run_tool
from tools.lib.command_parser import command_parser, output_file


@pytest.mark.parametrize(
    "command",
    [
        ("label_page", "--output"),
        ("error_page", "--output"),
        ("find_label_errors", "--output"),
        ("diff_labels", "HEAD", "--sheet"),
        ("up_to_date", "--patch"),
    ],
)
def test_a_folder_in_the_place_of_an_output_file_is_refused_before_any_work(tmp_path, command):
    (tmp_path / "pictures.png").mkdir()
    refused = run_tool(tmp_path, *command, "pictures.png")
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", "pictures.png: is a folder; name a file\n")


def test_a_file_that_is_there_or_will_be_is_taken(tmp_path):
    (tmp_path / "there.html").touch()
    for name in ("there.html", "new.html", "new/folder/new.html"):
        assert output_file(str(tmp_path / name)) == tmp_path / name
    with pytest.raises(InputFaults, match="is a folder"):
        output_file("")


def test_options_are_written_in_full():
    parser = command_parser("")
    parser.add_argument("--pictures")
    with pytest.raises(SystemExit):
        parser.parse_args(["--pict", "all"])


def test_help_names_the_command_as_it_is_given():
    for command in ("tools.next_round", "experiments.real.run", "benchmarks.train"):
        shown = subprocess.run(
            [sys.executable, "-m", command, "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        assert shown.stdout.startswith(f"usage: python -m {command} [-h]")
