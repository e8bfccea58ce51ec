"""dvc.yaml says exactly which modules and params each stage uses."""

import ast
from pathlib import Path

import pytest
import yaml

from stages.featurize import FeatureParams
from stages.lib.params import DataParams
from stages.lib.split_params import SplitParams
from stages.lib.training import TrainParams
from stages.retrain import RetrainParams
from stages.score_pool import BandParams

REPOSITORY = Path(__file__).parents[1]
STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
SECTIONS = {
    "featurize": {"data": DataParams, "featurize": FeatureParams},
    "split": {"data": DataParams, "split": SplitParams},
    "train": {"train": TrainParams},
    "score_pool": {"score_pool": BandParams},
    "merge_labels": {},
    "retrain": {"train": TrainParams, "retrain": RetrainParams},
    "evaluate": {},
}


def imported_modules(path: str) -> set[str]:
    """Return the project's modules that a module imports, directly or by way of others, and itself."""
    found, waiting = set(), [path]
    while waiting:
        module = waiting.pop()
        found.add(module)
        for node in ast.walk(ast.parse((REPOSITORY / module).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("stages", "data")):
                found |= {"stages/__init__.py"} if node.module.startswith("stages") else set()
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                paths = [name.replace(".", "/") + ".py" for name in names]
                waiting += [path for path in paths if (REPOSITORY / path).is_file() and path not in found]
    return found


def test_the_synthetic_data_set_declares_the_modules_it_imports_and_no_others():
    stage = yaml.safe_load((REPOSITORY / "data" / "synthetic" / "dvc.yaml").read_text())["stages"]["synthesize"]
    assert set(stage["deps"]) == imported_modules("data/synthetic/synthesize.py")


def test_there_are_the_seven_stages_in_order():
    assert list(STAGES) == list(SECTIONS)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_the_modules_it_imports_and_no_others(stage):
    declared = {dep for dep in STAGES[stage]["deps"] if dep.endswith(".py")}
    assert declared == imported_modules(f"stages/{stage}.py")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_the_params_it_reads_and_no_others(stage):
    expected = {f"{section}.{key}" for section, kind in SECTIONS[stage].items() for key in kind.model_fields}
    assert set(STAGES[stage].get("params", [])) == expected


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
        others = imported_modules(f"stages/{stage}.py") - {f"stages/{stage}.py", "stages/__init__.py"}
        assert all(path.startswith("stages/lib/") for path in others), stage


def test_shared_modules_know_nothing_of_dvc_or_tools():
    for path in (REPOSITORY / "stages").rglob("*.py"):
        imported = {
            name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        }
        assert not any(name.split(".")[0] in ("dvc", "tools", "experiments") for name in imported), path
