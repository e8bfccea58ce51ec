"""From four labels to forty, by the commands and the params that the page has, with a small pretrained model."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from experiments.clone import clone, commit, git, make_small, overlay, run_in, use_this_environment
from tests.support.pages import section
from tests.support.tiny_pretrained import put_in_place

CLIP_S, SAMPLE_RATE = 3.0, 4000
CALL_HZ = 90  # Played eight times as fast, in the middle of the model's bands.
RECORDINGS, WINDOWS, EVERY = 9, 6, 3  # Without labels; of their windows, every third holds a call.


def write_sound(path: Path, calls_s: list[float], length_s: float, seed: int) -> None:
    """Write noise, with a tone of a clip's length wherever a call begins."""
    samples = 0.01 * np.random.default_rng(seed).standard_normal(round(length_s * SAMPLE_RATE))
    time_s = np.arange(round(CLIP_S * SAMPLE_RATE)) / SAMPLE_RATE
    for start in (round(start_s * SAMPLE_RATE) for start_s in calls_s):
        samples[start : start + len(time_s)] += 0.1 * np.sin(2 * np.pi * CALL_HZ * time_s)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, SAMPLE_RATE)


def write_clips(folder: Path, of_each: int, seed: int) -> None:
    """Write folders of calls and no-calls."""
    for number in range(of_each):
        write_sound(folder / "calls" / f"{number}.wav", [0.0], CLIP_S, seed + 2 * number)
        write_sound(folder / "nocalls" / f"{number}.wav", [], CLIP_S, seed + 2 * number + 1)


def is_call(clip_id: str) -> bool:
    """Return the truth about a window of the recordings without labels."""
    return int(clip_id.rpartition("_")[2]) / 1000 / CLIP_S % EVERY == 0


def queue_of(folder: Path) -> list[str]:
    with (folder / "labels" / "queue.csv").open(newline="") as table:
        return [row["clip_id"] for row in csv.DictReader(table)]


def answer(folder: Path, saved: Path) -> None:
    """Save what the label page saves, for an expert who knows the truth."""
    rows = [f"{clip_id},{'call' if is_call(clip_id) else 'nocall'},val,2026-11-28,\n" for clip_id in queue_of(folder)]
    saved.write_text("".join(["clip_id,label,annotator,date,note\n", *rows]))


def steps(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield language and text of the blocks of the page in their order, the names of its example replaced."""
    text = section("docs/pretrained.md", "From four labels to forty")
    for example, name in names.items():
        assert example in text
        text = text.replace(example, name)
    yield from re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.prove
def test_four_calls_and_four_no_calls_become_a_detector_that_is_measured(tmp_path):
    folder, saved = clone(tmp_path / "clone"), tmp_path / "expert-val-2026-11-28.csv"
    make_small(folder)
    use_this_environment(folder)
    put_in_place(folder)
    assert run_in(folder, "dvc", "add", "models/pretrained/tiny").returncode == 0
    commit(folder, "Bring a pretrained model")
    write_clips(tmp_path / "clips", of_each=4, seed=100)
    write_clips(tmp_path / "random", of_each=20, seed=200)
    calls_s = [CLIP_S * number for number in range(0, WINDOWS, EVERY)]
    for number in range(RECORDINGS):
        write_sound(tmp_path / "sea" / f"{number}.wav", calls_s, WINDOWS * CLIP_S, seed=number)
    example = {"~/Downloads/expert-val-2026-11-28.csv": str(saved), "birdnet": "tiny"}
    example |= {f"~/{name}": str(tmp_path / name) for name in ("clips", "sea", "random")}

    queues, reports = [], []
    for language, text in steps(example):
        if language == "yaml":
            overlay(folder / "params.yaml", yaml.safe_load(text))
            continue
        result = run_in(folder, "bash", "-euo", "pipefail", "-c", text, CI="true")
        assert result.returncode == 0, result.stdout + result.stderr
        if "dvc repro" in text:
            reports.append((folder / "metrics" / "report.txt").read_text())
        if "make page" in text:
            assert (folder / "labels" / "queue.html").exists()
            queues.append(queue_of(folder))
            answer(folder, saved)

    similar, margin = queues
    calls = RECORDINGS * WINDOWS // EVERY
    assert ([is_call(clip_id) for clip_id in similar[:calls]], len(similar)) == ([True] * calls, 36)
    assert (len(margin), set(margin) & set(similar)) == (RECORDINGS * WINDOWS - 36, set())
    assert ["Nothing is measured" in report for report in reports] == [True, True, True, False]
    assert "acc: 1.0000" in reports[-1]
    assert "The change in accuracy" in reports[-1]
    with (folder / "labels" / "merged.csv").open(newline="") as table:
        sources = [row["source"] for row in csv.DictReader(table)]
    assert (sources.count("dataset"), sources.count("expert"), sources.count("model")) == (28, 36, 0)
    assert "Close round 1" in git(folder, "log", "--oneline")
    # The rate of all these recordings is too low for the network's bands, which a probe does not see.
    assert run_in(folder, "python", "-m", "tools.detect", str(tmp_path / "sea")).returncode == 0
