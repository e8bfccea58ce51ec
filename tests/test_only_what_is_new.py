"""What `dvc repro` computes after recordings come, change and go: only what is new, with the bytes of a first run.

What was computed is told by the times at which shards were written.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.clone import clone, commit, git, overlay, repro, run_in, stages_run
from stages.lib.runtime.atomic_write import remove
from tests.stages.conftest import write_data_set
from tests.support.edit import replace_in

pytestmark = pytest.mark.prove

RECORDINGS, TABLE = Path("data/tiny/recordings"), Path("data/tiny/clips.csv")
# What the machine remembers is no output: a run from nothing begins without it.
MADE = ("features", "models/baseline", "labels/split.csv", "labels/pool_scores.csv", ".cache")
OUTPUTS = ("features", "labels/split.csv", "labels/pool_scores.csv", "labels/queue.csv", "metrics/pool.json")


@pytest.fixture(scope="module")
def scored(tmp_path_factory) -> Path:
    """A clone with a data set of its own, of which the pool has been scored; tests change copies."""
    folder = clone(tmp_path_factory.mktemp("scored") / "clone")
    write_data_set(folder, recording_count=12)
    overlay(folder / "params.yaml", {"train": {"networks": 1}})
    # Recordings without labels can join the pool at any time.
    add(folder, "pool1.wav", seed=1)
    dvc(folder, "add", str(RECORDINGS))
    repro(folder, "score_pool")
    commit(folder, "Score the pool")
    return folder


@pytest.fixture
def copied(scored, tmp_path) -> Path:
    return Path(shutil.copytree(scored, tmp_path / "clone", symlinks=True))


def dvc(folder: Path, *arguments: str) -> None:
    result = run_in(folder, "dvc", *arguments)
    assert result.returncode == 0, result.stderr


def write_noise(folder: Path, name: str, seed: int) -> None:
    samples = 0.05 * np.random.default_rng(seed).standard_normal(8000)
    soundfile.write(folder / RECORDINGS / name, samples, 4000)


def add(folder: Path, name: str, seed: int) -> None:
    write_noise(folder, name, seed)
    stem = Path(name).stem
    with (folder / TABLE).open("a") as table:
        table.write(f"{stem}_0000000,{name},0.0,,bay\n{stem}_0000500,{name},0.5,,bay\n")


def drop(folder: Path, name: str) -> None:
    (folder / RECORDINGS / name).unlink()
    rows = (folder / TABLE).read_text().splitlines()
    (folder / TABLE).write_text("\n".join(row for row in rows if f",{name}," not in row) + "\n")


def shards(folder: Path, of: str) -> dict[str, int]:
    """Return when the shards in a folder were written, by the stem of the recording."""
    return {path.name.split(".")[0]: path.stat().st_mtime_ns for path in (folder / of).glob("*.npy")}


def outputs(folder: Path, stage: str = "score_pool") -> dict[str, bytes]:
    """Return what has been made up to a stage."""
    roots = [folder / name for name in OUTPUTS if stage != "featurize" or name == "features"]
    files = [file for root in roots for file in (root.rglob("*") if root.is_dir() else [root])]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def from_nothing(folder: Path, stage: str = "score_pool") -> dict[str, bytes]:
    """Return the outputs of a run in a copy that holds no output, no cache and no memory."""
    fresh = Path(shutil.copytree(folder, folder.parent / "fresh", symlinks=True))
    for name in MADE:
        remove(fresh / name)
    repro(fresh, "--force", stage)
    return outputs(fresh, stage)


def computed(folder: Path, change: Callable[[Path], None], stage: str = "score_pool") -> tuple[set[str], set[str], str]:
    """Change a clone and run it; return which recordings were featurized and which scored, and what was printed."""
    features, scores = shards(folder, "features"), shards(folder, ".cache/scores")
    change(folder)
    printed = repro(folder, stage)
    assert outputs(folder, stage) == from_nothing(folder, stage)
    return (
        {name for name, written in shards(folder, "features").items() if features.get(name) != written},
        {name for name, written in shards(folder, ".cache/scores").items() if scores.get(name) != written},
        printed,
    )


def test_a_recording_that_is_added_is_the_only_one_featurized_and_scored(copied):
    featurized, scored, printed = computed(copied, lambda folder: add(folder, "pool2.wav", seed=2))
    assert (featurized, scored) == ({"pool2"}, {"pool2"})
    assert "\n2 clips: " in printed
    assert "pool2_0000500" in (copied / "labels" / "pool_scores.csv").read_text()


def test_a_recording_that_is_changed_is_the_only_one_featurized_and_scored(copied):
    featurized, scored, _ = computed(copied, lambda folder: write_noise(folder, "pool1.wav", seed=3))
    assert (featurized, scored) == ({"pool1"}, {"pool1"})


def test_the_shard_of_a_recording_that_is_removed_goes_and_nothing_is_computed(copied):
    assert "pool1" in shards(copied, "features")
    featurized, scored, printed = computed(copied, lambda folder: drop(folder, "pool1.wav"))
    assert (featurized, scored) == (set(), set())
    assert "featurize" in stages_run(printed)
    assert "pool1" not in shards(copied, "features") | shards(copied, ".cache/scores")


def test_a_param_that_is_changed_has_everything_featurized_and_scored(copied):
    everything = set(shards(copied, "features")), set(shards(copied, ".cache/scores"))
    featurized, scored, _ = computed(
        copied, lambda folder: replace_in(folder / "params.yaml", "pcen: true", "pcen: false")
    )
    assert (featurized, scored) == everything
    assert len(featurized) == 13


def test_code_that_is_changed_has_everything_featurized(copied):
    def change(folder: Path) -> None:
        replace_in(folder / "stages" / "lib" / "features" / "wavelet.py", "\n\n\n", "\n\n\n# Otherwise from here on.\n")

    featurized, _, _ = computed(copied, change, "featurize")
    assert len(featurized) == 13


def test_another_model_has_everything_scored_and_nothing_featurized(copied):
    everything = set(shards(copied, ".cache/scores"))
    featurized, scored, _ = computed(
        copied, lambda folder: replace_in(folder / "params.yaml", "learning_rate: 0.001", "learning_rate: 0.002")
    )
    assert (featurized, scored) == (set(), everything)


def test_outputs_that_another_commit_has_left_are_not_taken_for_current_ones(copied):
    """The trap: features and scores are on disk, whole and good, but of other recordings and another model."""
    write_noise(copied, "pool1.wav", seed=4)
    replace_in(copied / "params.yaml", "learning_rate: 0.001", "learning_rate: 0.002")
    repro(copied, "score_pool")
    commit(copied, "Another recording, another model")
    # The sources of the first commit with the outputs of the second, which DVC has not put back.
    git(copied, "checkout", "--quiet", "HEAD~1")
    dvc(copied, "checkout", str(RECORDINGS))
    assert outputs(copied) != from_nothing(copied)
    remove(copied / ".dvc" / "cache" / "runs")
    repro(copied, "score_pool")
    remove(copied.parent / "fresh")
    assert outputs(copied) == from_nothing(copied)


def test_outputs_of_another_commit_that_dvc_brings_back_are_current_at_once(copied):
    write_noise(copied, "pool1.wav", seed=5)
    repro(copied, "score_pool")
    commit(copied, "Another recording")
    git(copied, "checkout", "--quiet", "HEAD~1")
    dvc(copied, "checkout", str(RECORDINGS), *(name for name in MADE if name != ".cache"))
    before = shards(copied, "features")
    assert stages_run(repro(copied, "score_pool")) == []
    featurized, _, _ = computed(copied, lambda folder: add(folder, "pool3.wav", seed=6), "featurize")
    assert featurized == {"pool3"}
    assert set(before) | {"pool3"} == set(shards(copied, "features"))
