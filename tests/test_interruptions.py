"""Whatever interrupts a run, the next `dvc repro` ends with the same bytes, and the experts' labels are untouched.

`make prove` kills a few runs; `python -m pytest tests/test_interruptions.py --kills 20` kills more.
"""

import contextlib
import hashlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from experiments.clone import environment, output_digests, overlay, run_in, stages_run
from tests.support.declarations import read_declarations

pytestmark = pytest.mark.prove

# In the order in which DVC runs them.
STAGES = ["synthesize", "featurize", "split", "train", "score_pool", "merge_labels", "retrain", "evaluate"]
VICTIMS = ["dvc and the stage", "the stage", "dvc"]
SEED = 2020
# DVC writes these files in place, names one that was cut off, and leaves the remedy to docs/reproducibility.md.
REMEDIES = {
    ".dvc/tmp/rwlock": ("rm", ".dvc/tmp/rwlock"),
    "dvc.lock": ("git", "checkout", "dvc.lock", "data/synthetic/dvc.lock"),
}
PAGE = 4096  # Bytes: the least that a file takes of a small disk.


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Draw which stage is killed and when, the same every time; DVC, the stage and both of them take turns."""
    if "kill" in metafunc.fixturenames:
        draws = random.Random(SEED)
        count = metafunc.config.getoption("--kills")
        stages = [stage for _ in range(count) for stage in draws.sample(STAGES, len(STAGES))][:count]
        kills = [
            (stage, VICTIMS[number % len(VICTIMS)], draws.random(), draws.random() < 0.5)
            for number, stage in enumerate(stages)
        ]
        names = [
            f"{victim} at {moment:.0%} of {stage}, outputs {'damaged' if damaged else 'missing'}"
            for stage, victim, moment, damaged in kills
        ]
        metafunc.parametrize(("kill"), kills, ids=names)


def outputs(folder: Path, stage: str) -> list[Path]:
    """Return the files that a stage has written."""
    paths = [folder / name for name in sorted(read_declarations(folder)[stage].outputs)]
    return [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*")))]


def undo(folder: Path, stage: str, *, damaged: bool = False) -> None:
    """Take the outputs of a stage from a finished clone and from DVC's cache, or damage them: the stage has to run."""
    for path in outputs(folder, stage):
        digest = hashlib.md5(path.read_bytes()).hexdigest()
        (folder / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]).unlink(missing_ok=True)
        if damaged:
            path.write_bytes(path.read_bytes()[:-1] + b"?")
        else:
            path.unlink()


class Repro:
    """A `dvc repro` at work in a clone."""

    def __init__(self, folder: Path):
        self.log = folder.with_name(f"{folder.name}.{time.monotonic_ns()}.log")
        with self.log.open("w") as log:
            self.process = psutil.Popen(
                ["dvc", "repro"], cwd=folder, env=environment(), stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, stage: str) -> None:
        """Wait until a stage has begun."""
        while stage not in [name.rpartition(":")[2] for name in stages_run(self.output)]:
            assert self.process.poll() is None, f"{stage} never ran:\n{self.output}"
            time.sleep(0.01)

    def end(self) -> int:
        """Wait for the end and return the exit status."""
        return self.process.wait(timeout=300)

    def kill(self, victim: str) -> None:
        """Kill DVC, what it runs, or both, as a power cut or an impatient person would; SIGKILL leaves no time."""
        stage = self.process.children(recursive=True)
        # Between two stages there is DVC alone.
        victims = {"dvc": [self.process], "the stage": stage or [self.process]}.get(victim, [self.process, *stage])
        for process in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.end()
        self.survivors = [process for process in stage if process not in victims]
        psutil.wait_procs([process for process in stage if process in victims])


@pytest.fixture
def clone(copy_of_finished, tmp_path) -> Iterator[Path]:
    """A finished clone, for one test."""
    folder = copy_of_finished(tmp_path / "clone")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def durations(finished) -> dict[str, float]:
    """How many seconds each stage took when nothing interrupted it, by the times of its outputs."""
    times = {stage: [path.stat().st_mtime for path in outputs(finished, stage)] for stage in STAGES}
    begun = [min(times[STAGES[0]]), *(max(times[stage]) for stage in STAGES)]
    return {stage: max(times[stage]) - begin for stage, begin in zip(STAGES, begun, strict=False)}


def assert_as_if_nothing_had_happened(folder: Path, finished: Path) -> None:
    """Compare every byte that the pipeline wrote, and what people wrote, with an uninterrupted run."""
    assert output_digests(folder) == output_digests(finished)
    status = run_in(
        folder, "git", "status", "--porcelain", "--ignored", "labels", "metrics", "models", "dvc.lock", "data"
    )
    assert not [line for line in status.stdout.splitlines() if not line.startswith("!!") or "partial" in line]


def assert_recovers(run: Repro | None, folder: Path, finished: Path) -> None:
    """Run `dvc repro` and see that it mends everything, once what it names as being in its way has been removed.

    That is a stage that has outlived its DVC, or a file of DVC's own that was being written.
    """
    result = run_in(folder, "dvc", "repro")
    for named, remedy in REMEDIES.items():
        if result.returncode and named in result.stderr:
            run_in(folder, *remedy)
            result = run_in(folder, "dvc", "repro")
    if result.returncode and run:
        assert "a stage is still running here from a dvc repro that was killed" in result.stderr
        psutil.wait_procs(run.survivors)
        result = run_in(folder, "dvc", "repro")
    assert result.returncode == 0, result.stdout + result.stderr
    assert_as_if_nothing_had_happened(folder, finished)


def test_a_killed_run_is_mended_by_the_next(clone, finished, durations, kill):
    stage, victim, moment, damaged = kill
    undo(clone, stage, damaged=damaged)
    run = Repro(clone)
    run.wait_for(stage)
    time.sleep(moment * durations[stage])
    run.kill(victim)
    assert_recovers(run, clone, finished)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize(("stage", "share"), [("synthesize", 0.5), ("train", 0.5)])
def test_a_full_disk_is_named_and_mended_by_the_next_run(clone, finished, tmp_path, stage, share):
    needed = sum(path.stat().st_size for path in outputs(clone, stage) if path.is_file())
    undo(clone, stage)
    pages = sum(-(-path.stat().st_size // PAGE) for path in clone.rglob("*") if path.is_file())
    small = tmp_path / "small"
    small.mkdir()
    # Where there is room for the outputs and none for DVC's copy of a folder, DVC names the files and ends with 0.
    size = pages * PAGE + round(share * needed)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small], check=True)
    try:
        folder = Path(shutil.copytree(clone, small / "clone", symlinks=True))
        result = run_in(folder, "dvc", "repro")
        said = result.stdout + result.stderr
        assert result.returncode != 0, said
        assert "No space left on device" in said
        assert "Traceback" not in said
        subprocess.run(["mount", "-o", "remount,size=4G", small], check=True)
        assert_recovers(None, folder, finished)
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_recording_that_vanishes_while_it_is_wanted_is_named_and_mended_by_the_next_run(clone, finished):
    undo(clone, "featurize")
    run = Repro(clone)
    run.wait_for("featurize")
    recordings = sorted((clone / "data" / "synthetic" / "recordings").iterdir())
    recordings[-1].unlink()
    assert run.end() != 0
    assert f"recordings/{recordings[-1].name}" in run.output
    assert "Traceback" not in run.output
    assert_recovers(None, clone, finished)


def test_params_edited_while_a_stage_runs_are_not_taken_for_those_it_ran_with(clone, finished):
    undo(clone, "train")
    before = (clone / "params.yaml").read_bytes()
    run = Repro(clone)
    run.wait_for("train")
    time.sleep(2)
    overlay(clone / "params.yaml", {"train": {"learning_rate": 0.002}})
    assert run.end() != 0
    assert "params.yaml: was changed while the stage ran" in run.output
    (clone / "params.yaml").write_bytes(before)
    assert_recovers(None, clone, finished)


def test_two_runs_at_once_do_not_harm_each_other(clone, finished):
    undo(clone, "retrain")
    first, second = Repro(clone), Repro(clone)
    statuses = [first.end(), second.end()]
    assert 0 in statuses, first.output + second.output
    assert "Traceback" not in first.output + second.output
    assert_recovers(None, clone, finished)
