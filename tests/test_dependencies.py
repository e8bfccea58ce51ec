"""dvc.yaml says exactly which modules each stage imports, as far as the source code tells.

That is known at once, and holds for imports that a run does not come to as well. What stages read when they run is in
test_files_read.py and test_params_read.py; what that means for an edit, in test_staleness.py.
"""

import ast
from pathlib import Path

import pytest
import yaml

from experiments.clone import REPOSITORY

STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]


def files_of(module: str) -> set[str]:
    """Return the project's files that run when a module is imported: those of its packages, and its own."""
    parts = module.split(".")
    paths = [Path(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    files = [file for path in paths for file in (path / "__init__.py", path.with_suffix(".py"))]
    return {str(file) for file in files if (REPOSITORY / file).is_file()}


def imported_names(path: str | Path) -> set[str]:
    """Return the dotted names that a module imports."""
    names = set()
    for node in ast.walk(ast.parse((REPOSITORY / path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_files(module: str) -> set[str]:
    """Return the project's files that run when a module is imported, directly or by way of others."""
    found, waiting = set(), files_of(module)
    while waiting:
        path = waiting.pop()
        found.add(path)
        waiting |= set().union(*map(files_of, imported_names(path))) - found
    return found


def test_the_synthetic_data_set_declares_the_modules_it_imports_and_no_others():
    stage = yaml.safe_load((REPOSITORY / "data" / "synthetic" / "dvc.yaml").read_text())["stages"]["synthesize"]
    assert set(stage["deps"]) == imported_files("data.synthetic.synthesize")


def test_there_are_the_seven_stages_in_order():
    assert list(STAGES) == ["featurize", "split", "train", "score_pool", "merge_labels", "retrain", "evaluate"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_the_modules_it_imports_and_no_others(stage):
    declared = {dep for dep in STAGES[stage]["deps"] if dep.endswith(".py")}
    assert declared == imported_files(f"stages.{stage}")


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
    assert [path.name for path in paths if "yaml" in imported_names(path)] == ["params.py"]
