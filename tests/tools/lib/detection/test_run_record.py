import json

import numpy as np
import pytest

from stages.lib.runtime.faults import InputFaults
from tools.lib.detection.run_record import (
    RECORD,
    Run,
    RunRecording,
    read_run,
    read_scores,
    run_id,
    scores_path,
    write_run,
    write_scores,
)

BAY = RunRecording(
    name="north/bay ü.wav",
    path="/archive/north/bay ü.wav",
    digest="0123456789abcdef",
    length_s=10.0,
    sound_s=8.5,
    site="lime_kiln",
    began="2026-11-28T14:00:00Z",
    file_stem="north--bay ü",
    missing=((1.0, 2.5),),
)
RUN = Run(
    run=run_id("f" * 64, 2.0, 0.5),
    model="f" * 64,
    clip_s=2.0,
    hop_s=0.5,
    threshold=0.5,
    dataset="synthetic",
    recordings=(BAY, BAY.model_copy(update={"name": "quay.wav", "file_stem": "quay", "missing": ()})),
)


def test_a_record_is_read_as_it_was_written(tmp_path):
    for run in (RUN, RUN.model_copy(update={"recordings": ()})):
        write_run(tmp_path, run)
        assert read_run(tmp_path) == run
        assert json.loads((tmp_path / RECORD).read_text())["run"] == RUN.run


def test_the_id_of_a_run_depends_on_model_window_and_hop():
    ids = {run_id("f", 2.0, 0.5), run_id("e", 2.0, 0.5), run_id("f", 2.5, 0.5), run_id("f", 2.0, 0.25)}
    assert len(ids) == 4
    assert all(len(one) == 12 for one in ids)


# A recording of three windows.
SHORT = BAY.model_copy(update={"length_s": 2.75})


def test_scores_are_read_as_they_were_written(tmp_path):
    write_scores(tmp_path, SHORT, np.array([0.0, 0.5, 0.75]), np.array([0.25, np.nan, 1.0]))
    assert scores_path(tmp_path, BAY).read_text() == "start_s,p_call\n0.000000,0.250000\n0.500000,\n0.750000,1.000000\n"
    starts_s, p_call = read_scores(tmp_path, RUN, SHORT)
    assert starts_s.tolist() == [0, 0.5, 0.75]
    np.testing.assert_array_equal(p_call, [0.25, np.nan, 1.0])


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_scores_that_are_cut_off_are_refused(tmp_path, kept):
    write_scores(tmp_path, SHORT, np.array([0.0, 0.5, 0.75][:kept]), np.array([0.25, np.nan, 1.0][:kept]))
    with pytest.raises(InputFaults, match=f"has scores of {kept} windows, not 3; restore it from a copy"):
        read_scores(tmp_path, RUN, SHORT)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run": 1}', '{"recordings": [{}]}', "\0"])
def test_a_damaged_record_is_refused_with_a_remedy(tmp_path, content):
    (tmp_path / RECORD).write_text(content)
    with pytest.raises(InputFaults) as refusal:
        read_run(tmp_path)
    (line,) = refusal.value.lines
    assert line.startswith(f"{tmp_path}/run.json: is damaged at ")
    assert "--output" in line


def test_a_folder_without_a_record_is_refused(tmp_path):
    with pytest.raises(InputFaults, match=r"run\.json: there is no such file; name a folder that"):
        read_run(tmp_path)


def test_all_faults_of_scores_are_named_with_their_lines(tmp_path):
    path = scores_path(tmp_path, BAY)
    path.parent.mkdir()
    path.write_text("start_s,p_call\n0,0.5\n-1,0.5\n1,1.5\n2,nan\n3,\n")
    with pytest.raises(InputFaults) as refusal:
        read_scores(tmp_path, RUN, BAY)
    assert [line[len(f"{path}:") :].partition(":")[0] for line in refusal.value.lines] == ["3", "4", "5"]
    path.unlink()
    with pytest.raises(InputFaults, match="there is no such file; restore it from a copy"):
        read_scores(tmp_path, RUN, BAY)
