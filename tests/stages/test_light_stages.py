"""The stages that read and write nothing but tables load no library for audio, networks or statistics."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY

HEAVY = {"joblib", "keras", "librosa", "matplotlib", "pywt", "scipy", "sklearn", "soundfile", "soxr", "tensorflow"}
CODE = """
import runpy, sys
runpy.run_module(sys.argv[1], run_name="__main__")
print(*sys.modules)
"""


@pytest.mark.parametrize("stage", ["split", "merge_labels"])
def test_a_stage_of_tables_loads_nothing_heavy(stage, pipeline, tmp_path):
    folder = Path(shutil.copytree(pipeline, tmp_path / "pipeline"))
    # Answers for an audited clip are where merge_labels computes an interval.
    pool = [row.split(",") for row in (folder / "labels" / "pool_scores.csv").read_text().splitlines()]
    audited = next(clip_id for clip_id, _, _, queued in pool if queued == "audit")
    (folder / "labels" / "expert.csv").write_text(
        f"clip_id,label,annotator,date,note\n{audited},call,val,2026-11-22,\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", CODE, f"stages.{stage}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert loaded & HEAVY == set()
    assert "pydantic" in loaded
