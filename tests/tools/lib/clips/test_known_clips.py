import pytest

from experiments.clone import REPOSITORY, overlay
from stages.lib.runtime.table import write_table
from stages.lib.tables.expert import COLUMNS, EXPERT, QUEUE
from stages.lib.tables.held_out import COLUMNS as HELD_OUT_COLUMNS
from stages.lib.tables.held_out import HELD_OUT
from tests.support.tool import run_tool


@pytest.mark.parametrize("command", ["answer_queue", "label_page", "queue_tracks tracks", "review"])
def test_in_a_fresh_clone_a_command_says_how_the_clips_come(tmp_path, command):
    """The synthetic clips.csv is in DVC's cache, not in Git, and nobody should write it by hand."""
    (tmp_path / "params.yaml").write_text((REPOSITORY / "params.yaml").read_text())
    overlay(tmp_path / "params.yaml", {"data": {"dataset": "synthetic"}})
    for table, columns in {EXPERT: COLUMNS, HELD_OUT: HELD_OUT_COLUMNS}.items():
        write_table(tmp_path / table, columns, [])
    write_table(tmp_path / QUEUE, COLUMNS, [("sea_0000000", "", "", "", "")])
    refused = run_tool(tmp_path, *command.split())
    fault = "data/synthetic/clips.csv: there is no such file; run dvc pull, or dvc repro split\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", fault)
