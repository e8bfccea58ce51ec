"""dvc.yaml says exactly which rooms and modules each stage imports, as far as the source code tells.

That is known at once, and holds for imports that a run does not come to as well. What stages read when they run is in
test_files_read.py and test_params_read.py; what that means for an edit, in test_staleness.py.
"""

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

from experiments.clone import REPOSITORY
from stages.lib.cache.sources import files_of, imported_names
from tests.support.modules import code_mismatches, declared_code, imported_files

STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]


def test_the_synthetic_data_set_declares_the_modules_it_imports_and_no_others():
    stage = yaml.safe_load((REPOSITORY / "data" / "synthetic" / "dvc.yaml").read_text())["stages"]["synthesize"]
    assert code_mismatches("data.synthetic.synthesize", set(stage["deps"])) == []


def test_there_are_the_seven_stages_in_order():
    assert list(STAGES) == ["featurize", "split", "train", "score_pool", "merge_labels", "retrain", "evaluate"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_the_modules_it_imports_and_no_others(stage):
    assert code_mismatches(f"stages.{stage}", declared_code(STAGES[stage]["deps"])) == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_the_module_of_its_name_and_says_what_it_is_for(stage):
    assert STAGES[stage]["cmd"] == f"python -m stages.{stage}"
    assert STAGES[stage]["desc"]


def test_only_merge_labels_depends_on_the_expert_labels():
    assert [stage for stage in STAGES if "labels/expert.csv" in STAGES[stage]["deps"]] == ["merge_labels"]


def test_no_stage_writes_the_expert_labels():
    outputs = {
        out
        for stage in STAGES.values()
        for kind in ("outs", "metrics")
        for entry in stage.get(kind, [])
        for out in entry
    }
    assert "labels/expert.csv" not in outputs
    assert "labels/queue.csv" in outputs


def test_stages_do_not_import_stages():
    for stage in STAGES:
        others = imported_files(f"stages.{stage}") - {f"stages/{stage}.py", "stages/__init__.py"}
        assert all(path.startswith("stages/lib/") for path in others), stage


def test_shared_modules_know_nothing_of_dvc_or_tools():
    for path in (REPOSITORY / "stages").rglob("*.py"):
        packages = {name.partition(".")[0] for name in imported_names(path)}
        assert not packages & {"dvc", "tools", "experiments", "tests"}, path


def test_stages_read_params_in_one_way_only():
    # The audit of params watches this way.
    paths = [*(REPOSITORY / "stages").rglob("*.py"), *(REPOSITORY / "data").rglob("*.py")]
    packages = {path: {name.partition(".")[0] for name in imported_names(path)} for path in paths}
    assert [path.name for path, names in packages.items() if names & {"ruamel", "yaml"}] == ["located_yaml.py"]


def room_of(path: Path) -> str:
    """Return the room (a folder of a `lib`) that a module is in, or its own name if it stands alone."""
    inside = path.relative_to(REPOSITORY)
    return str(inside.parent if inside.parent.parent.name == "lib" else inside)


def test_no_two_rooms_import_from_each_other_by_any_way_round():
    imports = defaultdict(set)
    for package in ("stages", "tools"):
        for path in set((REPOSITORY / package).rglob("*.py")) - {REPOSITORY / "stages" / "__init__.py"}:
            rooms = {room_of(file) for name in imported_names(path) for file in files_of(name)}
            imports[room_of(path)] |= rooms - {room_of(path), "stages/__init__.py"}
    # It raises CycleError, which names the circle.
    assert list(TopologicalSorter(imports).static_order())


def test_nothing_but_a_stage_imports_a_stage():
    stages = {f"stages.{name}" for name in STAGES}
    for package in ("stages/lib", "tools", "experiments", "data"):
        for path in (REPOSITORY / package).rglob("*.py"):
            modules = {".".join(name.split(".")[:2]) for name in imported_names(path)}
            assert not modules & stages, path


def test_imports_leave_no_compiled_files_in_rooms(tmp_path):
    for name in ("stages", "tools"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-m", "tools.review", "--help"], cwd=tmp_path, env=environment, check=True)
    assert [path for path in tmp_path.rglob("*.pyc") if "lib" in path.parts] == []
