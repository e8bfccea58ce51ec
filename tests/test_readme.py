"""The commands of the loop, in full and as the README has them, run in a temporary clone."""

import os
import re
import subprocess

import pytest

from experiments.clone import clone, make_small, run_in, stages_run, use_this_environment
from tests.support.pages import block, blocks


@pytest.fixture(scope="module")
def transcript(tmp_path_factory, copy_of_finished) -> subprocess.CompletedProcess:
    """All commands of docs/loop.md, pasted one after the other."""
    # The first run stands for the outputs that the repository has committed.
    folder = copy_of_finished(tmp_path_factory.mktemp("readme") / "clone")
    use_this_environment(folder)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-x", "-c", "".join(blocks("docs/loop.md"))],
        cwd=folder,
        env={**os.environ, "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.prove
def test_every_command_of_the_loop_runs(transcript):
    assert transcript.returncode == 0, transcript.stdout + transcript.stderr
    assert "answers added" in transcript.stdout


@pytest.mark.prove
def test_the_labels_rerun_what_the_page_says(transcript):
    after_the_answers = transcript.stdout.split("answers added")[1].split("Round 1 is closed")[0]
    assert stages_run(after_the_answers) == ["merge_labels", "retrain", "evaluate"]


@pytest.mark.prove
def test_closing_the_round_begins_the_next_one(transcript):
    after_the_round = transcript.stdout.split("Round 1 is closed")[1]
    assert stages_run(after_the_round) == ["split", "train", "score_pool", "merge_labels", "retrain", "evaluate"]


@pytest.mark.prove
def test_the_review_begins_with_what_the_labels_were_worth(transcript):
    assert re.search(r"^labels: \+\d+ .*; accuracy 0\.\d{3} -> 0\.\d{3}, ", transcript.stdout, flags=re.MULTILINE)


@pytest.mark.prove
def test_the_last_command_says_what_the_labels_were_worth(transcript):
    assert "expert.answers" in transcript.stdout
    assert re.search(r"The change in accuracy, .* than chance\.", transcript.stdout)


@pytest.fixture(scope="module")
def short_loop(tmp_path_factory, copy_of_finished) -> str:
    """What the six commands of the README print, after an expert has saved a file."""
    folder = copy_of_finished(tmp_path_factory.mktemp("short_loop") / "clone")
    use_this_environment(folder)
    header, *rows = (folder / "labels" / "queue.csv").read_text().splitlines()
    saved = folder.with_name("expert-val-2026-11-22.csv")
    answers = [f"{row.split(',')[0]},call,val,2026-11-22," for row in rows]
    saved.write_text("".join(f"{line}\n" for line in [header, *answers]))
    commands = block("README.md", "make page", {"~/Downloads/expert-val-2026-11-22.csv": saved})
    assert len(commands.splitlines()) == 6
    result = run_in(folder, "bash", "-euo", "pipefail", "-c", commands, CI="true")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_six_commands_rerun_what_the_readme_says(short_loop):
    assert stages_run(short_loop) == ["merge_labels", "retrain", "evaluate"]


def test_the_six_commands_compare_and_commit(short_loop):
    assert "expert.answers" in short_loop
    assert "Retrain on the answers" in short_loop


def test_the_drawing_of_the_stages_is_that_of_dvc(tmp_path):
    folder = clone(tmp_path / "clone")
    make_small(folder)  # On the data set that the page is about.
    (drawing,) = blocks("docs/pipeline.md", "mermaid")
    assert drawing.split() == run_in(folder, "dvc", "dag", "--mermaid").stdout.split()
