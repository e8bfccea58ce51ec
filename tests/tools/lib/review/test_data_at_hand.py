from pathlib import Path

import pytest

from stages.lib.runtime.faults import InputFaults
from tools.lib.review.data_at_hand import made_by_stages, stages_in

PIPELINE = """\
stages:
  import:
    cmd: python -m tools.import_annotations bay
    outs: [data/bay/clips.csv, {data/bay/import.csv: {cache: false}}]
  say:
    cmd: echo done
"""


def test_what_the_stages_of_a_data_set_make_is_told(tmp_path):
    path = tmp_path / "dvc.yaml"
    assert made_by_stages(path) == set()
    path.write_text(PIPELINE)
    assert made_by_stages(path) == {Path("data/bay/clips.csv"), Path("data/bay/import.csv")}


@pytest.mark.parametrize(
    "content", [f"<<<<<<< HEAD\n{PIPELINE}=======\n", "", "stages:\n", "- one\n", "one: 1\n", b"\xff", b"stages: \x00"]
)
def test_a_pipeline_that_cannot_be_read_is_refused_in_a_sentence(content):
    with pytest.raises(InputFaults, match=r"^dvc\.yaml: holds no stages of DVC; correct it, or take it from an"):
        stages_in(content, "dvc.yaml")
