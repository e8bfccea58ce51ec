"""What becomes stale when something is edited: every table, room and param that dvc.yaml declares.

`dvc status` names the stages that read what was edited. `dvc repro` runs them, and then those after them for as long as
an output comes out other than it was: an edited comment in `stages/split.py` reruns `split` alone. At most it runs
everything downstream; the last test says what that is for a few edits.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo
from dvc.stage import Stage

from experiments.clone import git, overlay, run_in
from tests.support.declarations import Declaration, read_declarations
from tests.support.modules import imported_files

# DVC's own code, with nothing for us to do.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning:dvc.*")

PIPELINE = "featurize split train score_pool merge_labels retrain evaluate"
# The folders of which a stage reads everything, as far as dvc.yaml knows. Tables are read one by one.
ONE_BY_ONE = Path("stages/lib/tables")


def place_of(path: str) -> str:
    """Return what stands for a module in dvc.yaml: its room, or itself."""
    room = Path(path).parent
    return str(room) if room.parent == Path("stages/lib") and room != ONE_BY_ONE else path


# The stages that become stale, and the files of which each makes them so. An output of one stage that others read makes
# the stage that wrote it stale as well, because DVC then has to put it right. A folder stands for any file in it. Who
# reads a module is taken from the imports.
FILES = [
    ("synthesize featurize split evaluate", ["data/synthetic/clips.csv"]),
    ("synthesize featurize", ["data/synthetic/recordings"]),
    ("featurize", ["models/pretrained/none"]),
    ("featurize train score_pool retrain evaluate", ["features"]),
    ("split", ["labels/held_out.csv"]),
    ("split merge_labels", ["labels/answered.csv", "labels/settled.csv"]),
    ("split train score_pool merge_labels evaluate", ["labels/split.csv"]),
    ("train score_pool retrain evaluate", ["models/baseline"]),
    ("score_pool", ["labels/rounds.csv", "labels/undecided.csv"]),
    ("score_pool merge_labels", ["labels/pool_scores.csv", "labels/reviews.csv"]),
    ("merge_labels", ["labels/expert.csv"]),
    ("merge_labels retrain evaluate", ["labels/merged.csv"]),
    ("retrain evaluate", ["models/retrained"]),
    ("evaluate", ["metrics/field.json"]),
]
MODULES_OF = {"synthesize": "data.synthetic.synthesize"} | {stage: f"stages.{stage}" for stage in PIPELINE.split()}
IMPORTED = {stage: imported_files(module) for stage, module in MODULES_OF.items()}
# Some module of every room and every module that stands alone: what is edited in a room makes the same stages stale.
PLACES = {place_of(path): path for path in sorted(set().union(*IMPORTED.values()))}
OF_CODE = {
    path: {stage for stage, files in IMPORTED.items() if place in map(place_of, files)}
    for place, path in PLACES.items()
}

# The stages that become stale, and the params of which each makes them so when it gets this value.
PARAMS = [
    ("synthesize", {"seed": 2021, "calls": 151, "nocalls": 149}),
    ("featurize split evaluate", {"data.dataset": "other"}),
    ("featurize split", {"featurize.clip_s": 2.5}),
    (
        "featurize",
        {
            "featurize.views": ["embedding"],
            "featurize.channel": 1,
            "featurize.sample_rate": 32000,
            "featurize.fft_size": 1024,
            "featurize.hop_size": 512,
            "featurize.mel_bands": 64,
            "featurize.min_hz": 100.0,
            "featurize.max_hz": 9000.0,
            "featurize.pcen": False,
            "featurize.wavelet_denoise": False,
            "featurize.pretrained": "other",
            "featurize.speeds": [2.0],
        },
    ),
    (
        "split",
        {
            "split.seed": 2021,
            "split.group_by": "site",
            "split.train": 119,
            "split.valid": 39,
            "split.pool": 39,
            "split.test": 39,
        },
    ),
    (
        "train retrain",
        {
            "train.seed": 2021,
            "train.epochs": 3,
            "train.batch_size": 8,
            "train.networks": 2,
            "train.learning_rate": 0.01,
        },
    ),
    (
        "score_pool",
        {
            "score_pool.low": 0.3,
            "score_pool.high": 0.7,
            "score_pool.strategy": "margin",
            "score_pool.budget": 20,
            "score_pool.audit": 5,
        },
    ),
    (
        "merge_labels",
        {
            "merge_labels.model_labels.use": False,
            "merge_labels.model_labels.weight": 0.5,
            "merge_labels.model_labels.highest_error": 0.3,
            "merge_labels.review_weight": 2.0,
        },
    ),
    ("retrain", {"retrain.init": "baseline"}),
]

STALE = OF_CODE | {name: set(stages.split()) for stages, names in FILES + PARAMS for name in names}
VALUES = {key: value for _, values in PARAMS for key, value in values.items()}


@pytest.fixture(scope="module")
def copied(copy_of_finished, tmp_path_factory) -> Path:
    """A finished pipeline with a second data set, which nothing refers to yet."""
    folder = copy_of_finished(tmp_path_factory.mktemp("staleness") / "clone")
    data = folder / "data"
    (data / "other").mkdir()
    shutil.copy(data / "synthetic" / "clips.csv", data / "other")
    shutil.copytree(data / "synthetic" / "recordings", data / "other" / "recordings")
    return folder


@pytest.fixture(scope="module")
def declarations(copied) -> list[Declaration]:
    return list(read_declarations(copied).values())


@pytest.fixture(scope="module")
def stages(copied) -> Iterator[list[Stage]]:
    """The stages as DVC reads them from dvc.yaml and dvc.lock, which takes most of the time of a `dvc status`."""
    with Repo(copied) as repo:
        yield repo.index.stages


def stale_stages(stages: list[Stage]) -> set[str]:
    """Return the stages that `dvc status` would name: it asks each one."""
    with stages[0].repo.lock:
        return {stage.name for stage in stages if stage.status()}


def dvc_status(folder: Path) -> set[str]:
    """Return the stages that `dvc status` names, read again from the files of DVC."""
    with contextlib.chdir(folder), Repo() as repo:
        return {name.rpartition(":")[2] for name in repo.status()}


def stages_to_run(folder: Path) -> list[str]:
    """Return the stages that `dvc repro` would run, in order, if every one of them changed its outputs."""
    # `dvc repro --dry` alone takes what a stage would write for unchanged, and names the same stages as `dvc status`.
    with contextlib.chdir(folder), Repo() as repo:
        return [stage.name for stage in repo.reproduce(dry=True, force_downstream=True)]


@contextlib.contextmanager
def edit(folder: Path, name: str) -> Iterator[None]:
    """Edit a file or a param for a while."""
    if name in VALUES:
        path = folder / ("params.yaml" if "." in name else "data/synthetic/params.yaml")
    else:
        path = folder / name
    path = min(path.iterdir()) if path.is_dir() else path
    # A copy is edited and the file itself put back, because DVC may have linked it to its cache.
    original = path.rename(folder.parent / "original")
    shutil.copyfile(original, path)
    try:
        if name in VALUES:
            overlay(path, reduce(lambda value, key: {key: value}, reversed(name.split(".")), VALUES[name]))
        else:
            path.write_bytes(path.read_bytes() + b"\n")
        yield
    finally:
        original.replace(path)


def test_the_table_holds_everything_that_is_declared_and_nothing_else(declarations):
    files = [*PLACES, *(name for _, names in FILES for name in names)]
    keys = [key for _, values in PARAMS for key in values]
    assert sorted(files) == sorted(
        set().union(*(one.files for one in declarations)) - {"params.yaml", "data/synthetic/params.yaml"}
    )
    assert sorted(keys) == sorted(set().union(*(one.params for one in declarations)))


def test_nothing_is_stale_after_a_run(copied):
    assert dvc_status(copied) == set()


@pytest.mark.parametrize("name", STALE)
def test_an_edit_makes_exactly_these_stages_stale(name, copied, stages):
    with edit(copied, name):
        if name in ("data.dataset", "featurize.pretrained"):
            # dvc.yaml itself refers to these, so it has to be read again.
            with Repo(copied) as repo:
                stages = repo.index.stages
        assert stale_stages(stages) == STALE[name]


@pytest.mark.parametrize("name", ["labels/split.csv", "seed"])
def test_the_command_says_the_same(name, copied):
    with edit(copied, name):
        result = run_in(copied, "dvc", "status", "--json")
        assert result.returncode == 0, result.stderr
        assert {stage.rpartition(":")[2] for stage in json.loads(result.stdout)} == STALE[name] == dvc_status(copied)


def test_where_work_is_done_makes_no_stage_stale(copied):
    path = copied / "params.yaml"
    original = path.read_bytes()
    compute = {"backend": "dask", "scheduler": "tcp://127.0.0.1:8786", "recordings": "s3://hydrophones/bay"}
    assert set(yaml.safe_load(original)["compute"]) == set(compute)
    overlay(path, {"compute": compute})
    assert dvc_status(copied) == set()
    path.write_bytes(original)


def test_nothing_is_stale_once_every_edit_is_undone(copied):
    assert dvc_status(copied) == set()


def test_no_edit_of_anything_else_makes_a_stage_stale(copy_of_finished, declarations, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    known = {"dvc.yaml", "dvc.lock", "data/synthetic/dvc.yaml", "data/synthetic/dvc.lock"}
    known |= set().union(*(one.files | one.outputs for one in declarations))
    others = [
        name
        for name in git(folder, "ls-files").splitlines()
        if not known & {name, str(Path(name).parent)} and not name.startswith(".")
    ]
    assert {"README.md", "tools/answer_queue.py"} <= set(others)
    for name in others:
        with (folder / name).open("a") as file:
            file.write("\n")
    assert dvc_status(folder) == set()


@pytest.mark.parametrize(
    ("name", "downstream"),
    [
        ("data/synthetic/orca.py", f"synthesize {PIPELINE}"),
        ("featurize.pcen", "featurize train score_pool merge_labels retrain evaluate"),
        ("split.seed", "split train score_pool merge_labels retrain evaluate"),
        ("score_pool.low", "score_pool merge_labels retrain evaluate"),
        ("labels/expert.csv", "merge_labels retrain evaluate"),
        ("retrain.init", "retrain evaluate"),
        ("stages/lib/measures/report.py", "evaluate"),
    ],
)
def test_at_most_what_lies_downstream_of_an_edit_runs(name, downstream, copied):
    with edit(copied, name):
        assert stages_to_run(copied) == downstream.split()
