"""Every stage reads exactly the params that dvc.yaml declares for it, one by one.

Each stage runs for real, alone, for the first time (tests/support/stage_audit.py).
"""

import pytest
import yaml

from experiments.clone import REPOSITORY
from stages.lib.runtime.params import read_params
from stages.lib.split.params import SplitParams
from stages.merge_labels import MergeParams
from tests.support.declarations import Declaration, keys_of, mismatches, read_declarations
from tests.support.edit import replace_in
from tests.support.lone_stage import before_its_first_run
from tests.support.params_audit import watched
from tests.support.stage_audit import COMPUTE, read_by

DECLARED = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
STAGES = ["synthesize", *(stage for stage in DECLARED if "params" in DECLARED[stage])]


@pytest.fixture(scope="module")
def declarations(finished) -> dict[str, Declaration]:
    return {stage: declaration for stage, declaration in read_declarations(finished).items() if declaration.params}


@pytest.fixture(scope="module")
def read(stages_read) -> dict[str, set[str]]:
    """The keys of the params that each stage reads."""
    return {stage: found.params for stage, found in stages_read.items()}


def test_no_stage_is_left_out(declarations):
    assert set(declarations) == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_the_params_that_it_declares_and_no_others(stage, declarations, read):
    assert mismatches(stage, declarations[stage].params, read[stage]) == []


def test_every_param_that_can_be_set_is_read_by_some_stage(declarations):
    files = (REPOSITORY / "data" / "synthetic" / "params.yaml", REPOSITORY / "params.yaml")
    can_be_set = set().union(*(keys_of(yaml.safe_load(file.read_text())) for file in files))
    declared = set().union(*(declaration.params for declaration in declarations.values()))
    assert {key for key in can_be_set if not key.startswith(COMPUTE)} == declared


def test_a_param_that_is_read_and_not_declared_is_named(declarations, read):
    declared = declarations["featurize"].params - {"featurize.hop_size"}
    assert mismatches("featurize", declared, read["featurize"]) == [
        "featurize reads featurize.hop_size, which dvc.yaml does not declare for it"
    ]


def test_a_param_that_is_declared_and_not_read_is_named(declarations, read):
    declared = declarations["train"].params | {"retrain.init"}
    assert mismatches("train", declared, read["train"]) == [
        "train does not read retrain.init, which dvc.yaml declares for it"
    ]


def test_a_param_that_a_stage_no_longer_reads_is_named(finished, declarations):
    declaration = declarations["split"]
    with before_its_first_run(finished, declaration) as folder:
        for name in ("split.py", "lib/split/parts.py"):
            replace_in(folder / "stages" / name, "params.seed", "2020")
        assert mismatches("split", declaration.params, read_by(declaration, folder).params) == [
            "split does not read split.seed, which dvc.yaml declares for it"
        ]


@pytest.fixture
def keys_and_params() -> tuple[set[str], SplitParams]:
    keys: set[str] = set()
    return keys, watched(read_params("split", SplitParams, REPOSITORY / "params.yaml"), ("split",), keys)


def test_neither_checking_params_nor_dumping_them_counts_as_reading(keys_and_params):
    keys, params = keys_and_params
    assert "group_by" in params.model_dump()
    assert "group_by" in params.model_dump_json()
    assert keys == set()


def test_params_of_a_section_within_a_section_are_seen():
    keys: set[str] = set()
    params = watched(read_params("merge_labels", MergeParams, REPOSITORY / "params.yaml"), ("merge_labels",), keys)
    assert params.model_labels.weight == 1
    assert keys == {"merge_labels.model_labels.weight"}


def test_params_are_seen_that_are_read_by_a_property(keys_and_params):
    keys, params = keys_and_params
    assert params.chosen
    assert keys == {"split.test", "split.pool", "split.valid", "split.train"}


def test_watched_params_are_the_same_as_others(keys_and_params):
    _, params = keys_and_params
    plain = read_params("split", SplitParams, REPOSITORY / "params.yaml")
    assert isinstance(params, SplitParams)
    assert params.model_dump_json() == plain.model_dump_json()
