"""The README's own commands, run in a temporary clone, so that it cannot rot."""

import os
import re
import subprocess

import pytest

from experiments.clone import REPOSITORY, clone, commit, make_small, repro, run_in, stages_run, use_this_environment

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def loop_commands() -> str:
    """Return what a reader of the section `The loop` pastes."""
    section = README.split("\n## The loop\n")[1].split("\n## ")[0]
    return "".join(re.findall(r"```bash\n(.*?)```", section, flags=re.DOTALL))


@pytest.fixture(scope="module")
def transcript(tmp_path_factory) -> subprocess.CompletedProcess:
    """All commands of the loop, pasted one after the other."""
    folder = clone(tmp_path_factory.mktemp("readme") / "clone")
    make_small(folder)
    commit(folder, "Small params")
    # A run beforehand stands for the outputs that the repository has committed.
    repro(folder)
    commit(folder, "First run")
    use_this_environment(folder)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-x", "-c", loop_commands()],
        cwd=folder,
        env={**os.environ, "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_of_the_loop_runs(transcript):
    assert transcript.returncode == 0, transcript.stdout + transcript.stderr
    assert "answers added" in transcript.stdout


def test_the_labels_rerun_what_the_readme_says(transcript):
    after_the_answers = transcript.stdout.split("answers added")[1].split("Round 1 is closed")[0]
    assert stages_run(after_the_answers) == ["merge_labels", "retrain", "evaluate"]


def test_closing_the_round_begins_the_next_one(transcript):
    after_the_round = transcript.stdout.split("Round 1 is closed")[1]
    assert stages_run(after_the_round) == ["split", "train", "score_pool", "merge_labels", "retrain", "evaluate"]


def test_the_review_begins_with_what_the_labels_were_worth(transcript):
    assert re.search(r"^labels: \+\d+ .*; accuracy 0\.\d{3} -> 0\.\d{3}, ", transcript.stdout, flags=re.MULTILINE)


def test_the_last_command_says_what_the_labels_were_worth(transcript):
    assert "expert.answers" in transcript.stdout
    assert re.search(r"The change in accuracy, .* than chance\.", transcript.stdout)


def test_the_drawing_of_the_stages_is_that_of_dvc(tmp_path):
    folder = clone(tmp_path / "clone")
    make_small(folder)  # On the data set that the README is about.
    drawing = re.search(r"```mermaid\n(.*?)```", README, flags=re.DOTALL).group(1)
    assert drawing.split() == run_in(folder, "dvc", "dag", "--mermaid").stdout.split()


def test_every_file_that_the_readme_links_is_there():
    links = re.findall(r"\]\((?!http|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
