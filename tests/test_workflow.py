"""The steps of GitHub's workflow, run in bash as GitHub runs them, on clones with a local repository behind them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from experiments.clone import REPOSITORY, commit, git, stages_run, use_this_environment
from tools.up_to_date import unrepeated, verdict

WORKFLOW = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "pipeline.yml").read_text(encoding="utf-8"))
REVIEW = WORKFLOW["jobs"]["review"]
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
MATCHER = json.loads((REPOSITORY / ".github" / "label-faults.json").read_text(encoding="utf-8"))
ENVIRONMENT = Path(sys.executable).parents[1]
LABEL_STAGES = ["merge_labels", "retrain", "evaluate"]


class Outcome(NamedTuple):
    """What a job leaves behind.

    Attributes
    ----------
    summary : str
    logs : dict
        From the name of a step that ran to what it printed.
    failed : str
        The step that failed; empty where none did.
    folder : Path
        Where the commands ran.
    """

    summary: str
    logs: dict[str, str]
    failed: str
    folder: Path


def run_review(folder: Path, before: str = "", **variables: str) -> Outcome:
    """Run the commands of the job `review` in a checked-out folder, with the variables and files that GitHub gives.

    What steps bring that use an action is there already: the checkout, Python, DVC's cache.
    """
    temporary = folder.with_name(f"{folder.name} temporary")
    temporary.mkdir()
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if Path(path) != ENVIRONMENT / "bin"]
    settings = {**os.environ, "PATH": os.pathsep.join(paths), "CI": "true", **variables}
    settings |= {name: value.replace("${{ github.event.before }}", before) for name, value in REVIEW["env"].items()}
    summary, logs, failed = "", {}, ""
    for step in REVIEW["steps"]:
        if "run" not in step or failed:
            continue
        files = {name: temporary / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")}
        for path in files.values():
            path.write_text("")
        (temporary / "script.sh").write_text(step["run"])
        result = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", temporary / "script.sh"],
            cwd=folder,
            env=settings | {name: str(path) for name, path in files.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        logs[step["name"]] = result.stdout
        failed = step["name"] if result.returncode else ""
        summary += files["GITHUB_STEP_SUMMARY"].read_text() + "\n"
        settings |= dict(line.split("=", 1) for line in files["GITHUB_ENV"].read_text().splitlines())
        settings["PATH"] = os.pathsep.join([*files["GITHUB_PATH"].read_text().splitlines(), settings["PATH"]])
    return Outcome(summary, logs, failed, folder)


@pytest.fixture(scope="module")
def hub(tmp_path_factory, finished) -> Path:
    """What is on GitHub: a repository whose branch main has its outputs committed."""
    folder = tmp_path_factory.mktemp("github") / "hub.git"
    git(finished, "init", "--quiet", "--bare", "--initial-branch=main", str(folder))
    git(finished, "push", "--quiet", str(folder), "HEAD:refs/heads/main")
    return folder


def clone_of(hub: Path, name: str) -> Path:
    folder = hub.with_name(name)
    git(hub, "clone", "--quiet", str(hub), str(folder))
    git(folder, "config", "user.name", "A contributor")
    git(folder, "config", "user.email", "contributor@example.org")
    return folder


def propose(hub: Path, branch: str, change: Callable[[Path], None]) -> None:
    """Push a branch with a change."""
    folder = clone_of(hub, f"author of {branch}")
    git(folder, "checkout", "--quiet", "-b", branch)
    change(folder)
    commit(folder, f"Change {branch}")
    git(folder, "push", "--quiet", "origin", branch)


def check_out(hub: Path, branch: str, cache: Path) -> Path:
    """Return a folder as it is when the commands begin: a branch merged into main, with the cache of main's outputs."""
    folder = clone_of(hub, f"runner of {branch}")
    git(folder, "checkout", "--quiet", "--detach", "origin/main")
    git(folder, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
    shutil.copytree(cache / ".dvc" / "cache", folder / ".dvc" / "cache")
    use_this_environment(folder)
    return folder


def review(hub: Path, branch: str, cache: Path) -> Outcome:
    """Run the job as for a pull request into main."""
    return run_review(check_out(hub, branch, cache), GITHUB_EVENT_NAME="pull_request", GITHUB_BASE_REF="main")


def append(folder: Path, rows: str) -> None:
    with (folder / "labels" / "expert.csv").open("a", encoding="utf-8") as file:
        file.write(rows)


def answer(folder: Path) -> None:
    """Put rows below the table, in the order of the queue, as the label page exports them, and change nothing else."""
    clip_ids = [row.split(",")[0] for row in (folder / "labels" / "queue.csv").read_text().splitlines()[1:]]
    append(
        folder,
        "".join(f"{clip_id},{'nocall' if n else 'call'},val,2026-11-22,\n" for n, clip_id in enumerate(clip_ids)),
    )


# A pull request made on GitHub's web pages: labels/expert.csv has more rows, and nothing was run.


@pytest.fixture(scope="module")
def answered(hub, finished) -> Outcome:
    propose(hub, "answers", answer)
    return review(hub, "answers", finished)


def test_a_pull_request_of_labels_alone_passes(answered):
    assert answered.failed == "", answered.logs
    assert "is up to date" in answered.logs["Make the environment"]


def test_it_runs_what_the_labels_change_and_says_so(answered):
    assert stages_run(answered.logs["Run what is out of date"]) == LABEL_STAGES
    assert "Outputs: **not as committed**. They are older than what they are made from" in answered.summary
    assert "`merge_labels`, `retrain` and `evaluate` ran" in answered.summary


def test_the_summary_says_what_the_labels_were_worth(answered, hub):
    count = len(git(hub, "show", "answers:labels/expert.csv").splitlines()) - 1
    assert f"\nlabels: +{count} (1 call, {count - 1} nocall)" in answered.summary
    metrics = re.findall(r"^\| (\S+) +\| (\S+) +\| (\S+) +\| (\S+) +\|", answered.summary, flags=re.MULTILINE)
    assert ("metrics/labels.json", "expert.answers", "0", str(count)) in metrics
    assert re.search(r"^The change in accuracy, .* than chance\.$", answered.summary, flags=re.MULTILINE)


def test_the_summary_holds_the_charts_of_the_outputs_that_were_made(answered):
    drawn = subprocess.check_output([sys.executable, "-m", "tools.draw_charts"], cwd=answered.folder, text=True)
    assert f"\n\n{drawn}\n## " in answered.summary
    assert drawn.count("```mermaid\n") == 3  # No round is closed yet.


def test_its_artifacts_are_there(answered):
    taken = [step["with"]["path"] for step in STEPS if "upload-artifact" in step.get("uses", "")]
    files = {str(path.relative_to(answered.folder)) for name in taken for path in (answered.folder / name).rglob("*")}
    assert {"review/labels.png", "review/plots/index.html", "review/outputs.patch", "label-page/queue.html"} <= files
    assert "`review/labels.png`" in answered.summary


# The same labels with the outputs that the job above offers as a patch.


@pytest.fixture(scope="module")
def completed(answered, hub, finished) -> Outcome:
    def change(folder: Path) -> None:
        git(folder, "merge", "--quiet", "origin/answers")
        git(folder, "apply", str(answered.folder / "review" / "outputs.patch"))

    propose(hub, "outputs", change)
    return review(hub, "outputs", finished)


def test_committed_outputs_that_the_cache_lacks_are_made_again_and_compared(completed):
    assert completed.failed == "", completed.logs
    # What evaluate writes is all in Git, so there is nothing that the cache could lack.
    assert stages_run(completed.logs["Run what is out of date"]) == ["merge_labels", "retrain"]
    said = "Outputs: **as committed**. `merge_labels` and `retrain` ran and gave the same bytes again.\n"
    assert completed.summary.strip().startswith(said)
    assert not (completed.folder / "review" / "outputs.patch").exists()


def test_the_summary_of_the_labels_is_the_same_with_their_outputs(answered, completed):
    # The order in which DVC lists metrics is any.
    of_labels = [sorted(outcome.summary.partition("\nlabels: ")[2].splitlines()) for outcome in (answered, completed)]
    assert of_labels[0] == of_labels[1] != []


# A push to main that changes nothing of the pipeline.


@pytest.fixture(scope="module")
def pushed(hub, finished) -> Outcome:
    propose(hub, "page", lambda folder: (folder / "docs" / "new.md").write_text("A page.\n"))
    runner = check_out(hub, "page", finished)
    return run_review(runner, before=git(runner, "rev-parse", "origin/main").strip(), GITHUB_EVENT_NAME="push")


def test_nothing_runs_where_outputs_are_up_to_date(pushed):
    assert pushed.failed == "", pushed.logs
    assert stages_run(pushed.logs["Run what is out of date"]) == []
    assert pushed.summary.strip().startswith("Outputs: **as committed**. Nothing had to run.\n")
    assert "\nlabels: no change" in pushed.summary
    assert "metrics/" not in pushed.summary.partition("## All metrics that have changed")[2]


def test_there_is_a_page_for_the_labeller_after_every_push(pushed, hub):
    first = git(hub, "show", "main:labels/queue.csv").splitlines()[1].split(",")[0]
    assert first in (pushed.folder / "label-page" / "queue.html").read_text(encoding="utf-8")


def test_a_branch_that_is_new_is_compared_with_the_commit_before(pushed, hub):
    runner = pushed.folder
    (step,) = (step for step in REVIEW["steps"] if step.get("name") == "Find what to compare with")
    variables = {"GITHUB_EVENT_NAME": "push", "BEFORE": "0" * 40, "GITHUB_ENV": "/dev/stdout"}
    printed = subprocess.check_output(
        ["bash", "-e", "-c", step["run"]], cwd=runner, env=os.environ | variables, text=True
    )
    assert printed == f"BASE={git(runner, 'rev-parse', '--short', 'HEAD^')}"


# A push with cards that somebody has written by hand.


@pytest.fixture(scope="module")
def hand_written(hub, finished) -> Outcome:
    def change(folder: Path) -> None:
        card = folder / "docs" / "model_card.md"
        card.write_text(card.read_text(encoding="utf-8").replace("accuracy", "brilliance"), encoding="utf-8")

    propose(hub, "cards", change)
    return review(hub, "cards", finished)


def test_a_card_that_is_not_that_of_the_outputs_is_told_and_mended(hand_written, hub):
    assert hand_written.failed == "", hand_written.logs
    assert stages_run(hand_written.logs["Run what is out of date"]) == []
    assert "Outputs: **not as committed**." in hand_written.summary
    assert "No stage had to run, but there are other versions of `docs/model_card.md`." in hand_written.summary
    patched = clone_of(hub, "patched")
    git(patched, "checkout", "--quiet", "cards")
    git(patched, "apply", str(hand_written.folder / "review" / "outputs.patch"))
    assert git(patched, "diff", "origin/main", "--", "docs") == ""


# Faults.


@pytest.fixture(scope="module")
def faulty(hub, finished) -> Outcome:
    propose(hub, "fault", lambda folder: append(folder, "kelp_bay_000_0000000,orca,val,2026-11-22,\n"))
    return review(hub, "fault", finished)


def test_a_faulty_label_fails_the_job_before_anything_runs(faulty):
    assert faulty.failed == "Check the labels"
    assert faulty.summary.strip() == ""


def test_github_shows_the_fault_beside_its_row(faulty):
    printed = faulty.logs["Check the labels"].splitlines()
    assert printed[0] == "::add-matcher::.github/label-faults.json"
    pattern = MATCHER["problemMatcher"][0]["pattern"][0]
    matches = [re.fullmatch(pattern["regexp"], line) for line in printed[1:]]
    (found,) = (match for match in matches if match and "unknown label 'orca'" in match[pattern["message"]])
    assert (found[pattern["file"]], found[pattern["line"]]) == ("labels/expert.csv", "2")


def test_outputs_that_cannot_have_come_from_their_inputs_are_told_from_old_ones():
    def lock(answers: str, merged: str, model: str) -> dict:
        return {
            "merge_labels": {"cmd": "merge", "deps": [{"md5": answers}], "outs": [{"md5": merged}]},
            "retrain": {"cmd": "train", "deps": [{"md5": merged}], "outs": [{"md5": model}]},
        }

    assert unrepeated(lock("old", "old", "old"), lock("new", "new", "new")) == []
    assert unrepeated(lock("same", "forged", "old"), lock("same", "new", "new")) == ["merge_labels"]
    said = verdict(["merge_labels"], ["dvc.lock"], ["merge_labels"])
    assert "`merge_labels` gave other outputs than dvc.lock has for the very same inputs" in said


# What nobody may change without noticing.


def test_every_action_is_pinned_by_its_hash():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action)] == []


def test_nothing_may_be_written_and_nothing_runs_for_ever():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in WORKFLOW["jobs"].values())
    assert all(job["timeout-minutes"] <= 60 for job in WORKFLOW["jobs"].values())
    checkouts = [step["with"] for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert all(settings["persist-credentials"] is False for settings in checkouts)
    assert "secrets." not in str(WORKFLOW)


def test_no_text_from_outside_is_put_into_a_script():
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []
    assert "pull_request_target" not in WORKFLOW[True]  # YAML takes the key `on` for a boolean.


def test_caches_follow_the_locks():
    pythons = [step["with"] for step in STEPS if step.get("uses", "").startswith("actions/setup-python@")]
    assert [(python["cache"], python["cache-dependency-path"]) for python in pythons] == [
        ("pip", "requirements*.txt")
    ] * 2
    (cache,) = (step["with"] for step in STEPS if step.get("uses", "").startswith("actions/cache@"))
    assert cache["path"] == ".dvc/cache"
    assert cache["key"] == "dvc-${{ hashFiles('dvc.lock', 'data/*/dvc.lock') }}"
    assert cache["key"].startswith(cache["restore-keys"])
