"""The steps of GitHub's workflow, run in bash as GitHub runs them, on clones with a local repository behind them."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from experiments.clone import REPOSITORY, commit, git, overlay, run_in, stages_run, use_this_environment
from tools.lib.review.data_at_hand import missing_data
from tools.up_to_date import changes, different_outputs, of_data_set, reproduce, unrepeated, verdict

WORKFLOW = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "pipeline.yml").read_text(encoding="utf-8"))
REVIEW = WORKFLOW["jobs"]["review"]
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
MATCHER = json.loads((REPOSITORY / ".github" / "label-faults.json").read_text(encoding="utf-8"))
ENVIRONMENT = Path(sys.executable).parents[1]
# The stages of which Git keeps an output, and the one whose output a seed gives.
SYNTHESIZE = "data/synthetic/dvc.yaml:synthesize"
MADE_AGAIN = [SYNTHESIZE, "split", "train", "score_pool", "merge_labels", "retrain", "evaluate"]

RUN = "Make the committed outputs again"
RAN = f"`{SYNTHESIZE}`, `split`, `train`, `score_pool`, `merge_labels`, `retrain` and `evaluate` ran"


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
    (temporary / "home").mkdir(parents=True)
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if Path(path) != ENVIRONMENT / "bin"]
    settings = {
        **os.environ,
        "PATH": os.pathsep.join(paths),
        "CI": "true",
        "HOME": str(temporary / "home"),
        **variables,
    }
    settings |= {name: value.replace("${{ github.event.before }}", before) for name, value in REVIEW["env"].items()}
    summary, logs, failed = "", {}, ""
    give_to(1001, folder)  # In a container the files belong to another user.
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
            env=settings | without_secrets(step) | {name: str(path) for name, path in files.items()},
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
    give_to(os.geteuid(), folder)
    return Outcome(summary, logs, failed, folder)


def without_secrets(step: dict) -> dict[str, str]:
    """Return the variables of a step as a run for a fork has them: GitHub leaves secrets empty there."""
    variables = {name: re.sub(r"\$\{\{ secrets\.\w+ \}\}", "", value) for name, value in step.get("env", {}).items()}
    assert not any("${{" in value for value in variables.values())
    return variables


@pytest.fixture(scope="module")
def hub(tmp_path_factory, finished) -> Path:
    """What is on GitHub: a repository whose branch main has its outputs committed."""
    return hub_of(finished, tmp_path_factory.mktemp("github"))


def hub_of(clone: Path, parent: Path) -> Path:
    folder = parent / "hub.git"
    git(clone, "init", "--quiet", "--bare", "--initial-branch=main", str(folder))
    git(clone, "push", "--quiet", str(folder), "HEAD:refs/heads/main")
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


def check_out(hub: Path, branch: str, cache: Path | None) -> Path:
    """Return a folder as it is when the commands begin: a branch merged into main, with the cache of main's outputs."""
    folder = clone_of(hub, f"runner of {branch}")
    git(folder, "checkout", "--quiet", "--detach", "origin/main")
    git(folder, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
    if cache:
        shutil.copytree(cache / ".dvc" / "cache", folder / ".dvc" / "cache")
    use_this_environment(folder)
    return folder


def give_to(user: int, folder: Path) -> None:
    """Give all files of a folder to a user, where the tests may."""
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, user, user, follow_symlinks=False)


def review(hub: Path, branch: str, cache: Path | None) -> Outcome:
    """Run the job as for a pull request into main."""
    return run_review(check_out(hub, branch, cache), GITHUB_EVENT_NAME="pull_request", GITHUB_BASE_REF="main")


def append(folder: Path, rows: str) -> None:
    append_to(folder / "labels" / "expert.csv", rows)


def append_to(table: Path, rows: str) -> None:
    with table.open("a", encoding="utf-8") as file:
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


def test_it_makes_again_what_git_keeps_and_says_so(answered):
    assert stages_run(answered.logs[RUN]) == MADE_AGAIN
    assert "Outputs: **not as committed**. They are older than what they are made from" in answered.summary
    assert RAN in answered.summary


def test_the_summary_says_what_the_labels_were_worth(answered, hub):
    count = len(git(hub, "show", "answers:labels/expert.csv").splitlines()) - 1
    assert f"\nlabels: +{count} (1 call, {count - 1} nocall)" in answered.summary
    metrics = re.findall(r"^\| (\S+) +\| (\S+) +\| (\S+) +\| (\S+) +\|", answered.summary, flags=re.MULTILINE)
    assert ("metrics/labels.json", "expert.answers", "0", str(count)) in metrics
    assert re.search(r"^The change in accuracy, .* than chance\.$", answered.summary, flags=re.MULTILINE)


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


@pytest.mark.prove
def test_committed_outputs_are_made_again_and_compared(completed):
    assert completed.failed == "", completed.logs
    assert stages_run(completed.logs[RUN]) == MADE_AGAIN
    assert completed.summary.strip().startswith(f"Outputs: **as committed**. {RAN} and gave the same bytes again.")
    assert not (completed.folder / "review" / "outputs.patch").exists()


@pytest.mark.prove
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


@pytest.mark.prove
def test_the_verdict_rests_on_what_was_made_in_this_run_where_nothing_has_changed(pushed):
    assert pushed.failed == "", pushed.logs
    assert stages_run(pushed.logs[RUN]) == MADE_AGAIN
    said = f"Outputs: **as committed**. {RAN} and gave the same bytes again. `featurize` did not run: "
    assert pushed.summary.strip().startswith(said)
    assert "\nlabels: no change" in pushed.summary
    assert "metrics/" not in pushed.summary.partition("## All metrics that have changed")[2]


@pytest.mark.prove
def test_there_is_a_page_for_the_labeller_after_every_push(pushed, hub):
    first = git(hub, "show", "main:labels/queue.csv").splitlines()[1].split(",")[0]
    assert first in (pushed.folder / "label-page" / "queue.html").read_text(encoding="utf-8")


@pytest.mark.prove
def test_a_branch_that_is_new_is_compared_with_the_commit_before(pushed, hub):
    runner = pushed.folder
    (step,) = (step for step in REVIEW["steps"] if step.get("name") == "Find what to compare with")
    variables = {"GITHUB_EVENT_NAME": "push", "BEFORE": "0" * 40, "GITHUB_ENV": "/dev/stdout"}
    printed = subprocess.check_output(
        ["bash", "-e", "-c", step["run"]], cwd=runner, env=os.environ | variables, text=True
    )
    assert printed == f"BASE={git(runner, 'rev-parse', '--short', 'HEAD^')}"


def test_a_first_push_is_compared_with_itself(tmp_path):
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "A newcomer")
    git(tmp_path, "config", "user.email", "newcomer@example.org")
    commit(tmp_path, "First")
    (step,) = (step for step in REVIEW["steps"] if step.get("name") == "Find what to compare with")
    variables = {"GITHUB_EVENT_NAME": "push", "BEFORE": "0" * 40, "GITHUB_ENV": "/dev/stdout"}
    printed = subprocess.check_output(
        ["bash", "-eo", "pipefail", "-c", step["run"]], cwd=tmp_path, env=os.environ | variables, text=True
    )
    assert printed == f"BASE={git(tmp_path, 'rev-parse', '--short', 'HEAD')}"


def test_pip_may_use_its_cache_where_the_home_belongs_to_another_user(tmp_path):
    """Otherwise every run would download all packages again: as root, pip wants a folder of root's own."""
    (tmp_path / "project" / ".dvc").mkdir(parents=True)
    (tmp_path / "project" / ".dvc" / "config").touch()
    home = tmp_path / "home"
    home.mkdir()
    give_to(1001, home)
    variables = os.environ | {"HOME": str(home), "GITHUB_ENV": "/dev/null", "PIP_CACHE_DIR": "", "XDG_CACHE_HOME": ""}
    places = [
        number for number, step in enumerate(REVIEW["steps"]) if step.get("with", {}).get("path") == "~/.cache/pip"
    ]
    for step in REVIEW["steps"][: places[0]]:
        if "run" in step:
            command = ["bash", "-eo", "pipefail", "-c", step["run"]]
            subprocess.run(command, cwd=tmp_path / "project", env=variables, check=True)
    assert (home / ".cache" / "pip").is_dir()
    asked = subprocess.check_output([sys.executable, "-m", "pip", "cache", "dir"], env=variables, text=True)
    assert asked.strip() == str(home / ".cache" / "pip")


# A push with figures that somebody has forged, in dvc.lock as well.


def forge(folder: Path, name: str, old: str, new: str) -> None:
    """Change an output, and let dvc.lock say that a stage gave it."""
    path, lock = folder / name, folder / "dvc.lock"
    path.write_text(re.sub(old, new, path.read_text(encoding="utf-8")), encoding="utf-8")
    locked = yaml.safe_load(lock.read_text())
    (out,) = (out for stage in locked["stages"].values() for out in stage["outs"] if out["path"] == name)
    assert out["md5"] != hashlib.md5(path.read_bytes()).hexdigest()
    out |= {"md5": hashlib.md5(path.read_bytes()).hexdigest(), "size": path.stat().st_size}
    lock.write_text(yaml.safe_dump(locked, sort_keys=False))


@pytest.fixture(scope="module")
def forged(hub, finished) -> Outcome:
    def change(folder: Path) -> None:
        forge(folder, "metrics/evaluation.json", r'"accuracy": 0\.\d+', '"accuracy": 0.999')
        forge(folder, "metrics/report.txt", r"0\.\d{4}", "0.9990")
        forge(folder, "metrics/pool.json", r'"uncertain": \d+', '"uncertain": 1')

    propose(hub, "forgery", change)
    return review(hub, "forgery", finished)


@pytest.mark.prove
def test_a_forged_figure_is_told_from_what_the_stages_give(forged):
    assert forged.failed == "", forged.logs
    assert "Outputs: **not as committed**." in forged.summary
    assert (
        "`score_pool` and `evaluate` gave other outputs than dvc.lock has for the very same inputs." in forged.summary
    )
    listed = forged.summary.partition("Other versions came out of ")[2].partition(". What")[0]
    assert {"`metrics/evaluation.json`", "`metrics/report.txt`", "`metrics/pool.json`", "`dvc.lock`"} <= set(
        re.split(", | and ", listed)
    )


@pytest.mark.prove
def test_what_follows_is_about_what_the_stages_gave(forged, hub):
    for name in ("metrics/evaluation.json", "metrics/report.txt", "metrics/pool.json", "dvc.lock"):
        assert (forged.folder / name).read_text() == git(hub, "show", f"main:{name}")
    assert "0.999" not in forged.summary.partition("## Both models on the test clips")[2].partition("## All metrics")[0]


@pytest.mark.prove
def test_a_run_that_fails_leaves_the_committed_outputs_where_they_were(hub, finished):
    runner = check_out(hub, "main", finished)
    (runner / "stages" / "score_pool.py").write_text("raise SystemExit('a fault')\n")
    result = run_in(runner, "python", "-m", "tools.up_to_date")
    assert result.returncode == 1
    assert "dvc repro failed" in result.stderr
    assert git(runner, "status", "--porcelain", "labels", "metrics").split() == []


# A team with recordings of its own. Runners keep no cache of what comes from a remote.


@pytest.fixture(scope="module")
def shared(tmp_path_factory, with_own_data) -> Path:
    """What is on GitHub of a team that shares its recordings in a remote, a folder."""
    parent = tmp_path_factory.mktemp("shared")
    first = Path(shutil.copytree(with_own_data, parent / "first", symlinks=True))
    for command in (["dvc", "remote", "add", "--default", "team", str(parent / "remote")], ["dvc", "push"]):
        assert run_in(first, *command).returncode == 0
    commit(first, "Share the outputs in a remote")
    return hub_of(first, parent)


@pytest.mark.prove
def test_with_a_remote_the_recordings_of_a_team_are_fetched_and_everything_is_checked(shared):
    propose(shared, "answers", answer)
    outcome = review(shared, "answers", None)
    assert outcome.failed == "", outcome.logs
    assert stages_run(outcome.logs[RUN]) == MADE_AGAIN[1:]
    assert "Outputs: **not as committed**. They are older than what they are made from" in outcome.summary
    assert "`featurize` did not run" in outcome.summary
    assert (outcome.folder / "review" / "labels.png").exists()
    assert (outcome.folder / "label-page" / "queue.html").exists()


@pytest.fixture(scope="module", params=["no remote", "out of reach"])
def unreachable(request, shared, with_own_data, tmp_path_factory) -> Path:
    """What is on GitHub of a team whose recordings a runner cannot fetch."""
    parent = tmp_path_factory.mktemp("unreachable")
    if request.param == "no remote":
        return hub_of(with_own_data, parent)
    folder = clone_of(shared, "moves the remote")
    assert run_in(folder, "dvc", "remote", "modify", "team", "url", "/nobody/has/this").returncode == 0
    commit(folder, "Move the remote")
    return hub_of(folder, parent)


@pytest.mark.prove
def test_without_the_recordings_labels_and_tables_are_checked_and_that_is_said(unreachable):
    propose(unreachable, "answers", answer)
    outcome = review(unreachable, "answers", None)
    assert outcome.failed == "", outcome.logs
    assert stages_run(outcome.logs[RUN]) == ["split"]
    assert "Outputs: **not checked**. `data/bay/recordings` cannot be had here" in outcome.summary
    assert "The labels and the tables were checked. What follows is as committed." in outcome.summary
    assert re.search(r"^- labels/expert\.csv: \d+ answers by 1 annotator", outcome.summary, flags=re.MULTILINE)
    assert "\nlabels: +" in outcome.summary
    assert "Recording missing or unreadable: " in outcome.summary
    assert not (outcome.folder / "label-page").exists()


@pytest.mark.prove
def test_without_the_recordings_an_answer_for_a_test_clip_is_refused(unreachable):
    def change(folder: Path) -> None:
        assert run_in(folder, "dvc", "repro", "--single-item", "split").returncode == 0
        rows = (folder / "labels" / "split.csv").read_text().splitlines()
        (clip_id, *_) = next(row.split(",") for row in rows if ",test," in row)
        append(folder, f"{clip_id},call,val,2026-11-22,\n")

    propose(unreachable, "test-clip", change)
    outcome = review(unreachable, "test-clip", None)
    assert outcome.failed == RUN
    assert "labels/expert.csv:2: " in outcome.logs[RUN]


@pytest.mark.prove
def test_without_the_recordings_a_fault_of_the_clips_is_refused(unreachable):
    propose(unreachable, "clips", lambda folder: append_to(folder / "data" / "bay" / "clips.csv", "no,row\n"))
    outcome = review(unreachable, "clips", None)
    assert outcome.failed in ("Check the labels", RUN)
    assert "data/bay/clips.csv:142: " in outcome.logs[outcome.failed]


def test_without_the_pretrained_model_the_models_cannot_be_made_either(tmp_path, monkeypatch):
    """The synthetic recordings are made anywhere, and the weights are not in Git."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "synthetic").mkdir(parents=True)
    shutil.copy(REPOSITORY / "data" / "synthetic" / "dvc.yaml", tmp_path / "data" / "synthetic")
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
    overlay(tmp_path / "params.yaml", {"featurize": {"views": ["embedding"], "pretrained": "birdnet"}})
    model = Path("models/pretrained/birdnet")
    assert missing_data() == [model]
    model.mkdir(parents=True)
    assert missing_data() == []


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


@pytest.mark.parametrize("place", ["labels/settled.csv:3", "data/right-whale/clips.csv:14", "params.yaml:7"])
def test_github_shows_a_fault_of_any_file_that_people_edit(place):
    pattern = MATCHER["problemMatcher"][0]["pattern"][0]
    match = re.fullmatch(pattern["regexp"], f"{place}: something is wrong; correct it")
    assert match and f"{match[pattern['file']]}:{match[pattern['line']]}" == place


def test_outputs_that_cannot_have_come_from_their_inputs_are_told_from_old_ones():
    def lock(answers: str, merged: str, model: str) -> dict:
        return {
            "merge_labels": {"cmd": "merge", "deps": [{"md5": answers}], "outs": [{"md5": merged}]},
            "retrain": {"cmd": "train", "deps": [{"md5": merged}], "outs": [{"md5": model}]},
        }

    assert unrepeated(lock("old", "old", "old"), lock("new", "new", "new")) == []
    assert unrepeated(lock("same", "forged", "old"), lock("same", "new", "new")) == ["merge_labels"]
    said = verdict(["merge_labels"], ["featurize"], ["dvc.lock"], ["merge_labels"])
    assert "`merge_labels` gave other outputs than dvc.lock has for the very same inputs" in said


def test_nothing_comes_from_the_cache_of_a_first_run():
    """A runner has none after a first push, or after a change to the features."""
    assert verdict(["featurize", "split"], [], [], []) == (
        "Outputs: **as committed**. `featurize` and `split` ran and gave the same bytes again."
    )


@pytest.mark.parametrize("name", ["metrics/report.txt", "labels/queue.csv", "dvc.lock"])
def test_an_output_that_git_lacks_is_not_as_committed(tmp_path, monkeypatch, name):
    """Somebody may take it out of Git, and have Git ignore it."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "A newcomer")
    git(tmp_path, "config", "user.email", "newcomer@example.org")
    for path in ("dvc.yaml", "params.yaml"):
        shutil.copy(REPOSITORY / path, tmp_path)
    (tmp_path / ".gitignore").write_text(f"/{name}\n")
    commit(tmp_path, "Without an output")
    assert different_outputs() == []
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("made in this run\n")
    assert different_outputs() == [name]
    assert "made in this run" in git(tmp_path, "diff", "--binary", "HEAD", "--", name)


def test_clips_that_do_not_come_from_the_annotations_are_not_as_committed(tmp_path, monkeypatch):
    """An import is a stage of the data set, and its clips are in Git: somebody may change them and dvc.lock."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "A newcomer")
    git(tmp_path, "config", "user.email", "newcomer@example.org")
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
    overlay(tmp_path / "params.yaml", {"data": {"dataset": "bay"}})
    bay = tmp_path / "data" / "bay"
    bay.mkdir(parents=True)
    (bay / "annotations.txt").write_text("a call\n")
    made = {"deps": ["data/bay/annotations.txt"], "outs": [{"data/bay/clips.csv": {"cache": False, "persist": True}}]}
    of_import = {"wdir": "../..", "cmd": "cp data/bay/annotations.txt data/bay/clips.csv", **made}
    (bay / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"import": of_import}}))
    count = {"cmd": "wc -l data/bay/clips.csv > count", "deps": ["data/bay/clips.csv"], "outs": ["count"]}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"count": count}}))
    for command in (["dvc", "init", "--quiet"], ["dvc", "repro", "--quiet"]):
        assert run_in(tmp_path, *command).returncode == 0
    commit(tmp_path, "Imported")

    (bay / "clips.csv").write_text("no call\n")
    assert different_outputs() == ["data/bay/clips.csv"]
    assert run_in(tmp_path, "dvc", "commit", "--force").returncode == 0
    commit(tmp_path, "Forged")
    assert different_outputs() == []
    assert reproduce(of_data_set()) == ["data/bay/dvc.yaml:import"]
    assert different_outputs() == ["data/bay/clips.csv", "data/bay/dvc.lock", "dvc.lock"]
    assert (bay / "clips.csv").read_text() == "a call\n"


def test_a_patch_can_be_applied_however_git_shows_changes_to_its_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet")
    settings = {
        "user.name": "A newcomer",
        "user.email": "newcomer@example.org",
        "color.ui": "always",
        "color.diff": "always",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.external": "/bin/echo",
    }
    for name, value in settings.items():
        git(tmp_path, "config", name, value)
    shutil.copy(REPOSITORY / "params.yaml", tmp_path)
    output = tmp_path / "labels" / "queue.csv"
    output.parent.mkdir()
    output.write_text("before\n")
    commit(tmp_path, "Before")
    output.write_text("after\n")
    patch = tmp_path / "outputs.patch"
    patch.write_text(changes())
    git(tmp_path, "checkout", "--quiet", ".")
    git(tmp_path, "apply", str(patch))
    assert output.read_text() == "after\n"


# What nobody may change without noticing.


def test_every_action_is_pinned_by_its_hash():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action)] == []


def test_every_action_runs_on_node_24():
    text = (REPOSITORY / ".github" / "workflows" / "pipeline.yml").read_text()
    majors = {name: int(major) for name, major in re.findall(r"actions/([\w-]+)@[0-9a-f]{40} # v(\d+)\.\d+\.\d+", text)}
    # The first majors whose action.yml says node24.
    first = {"checkout": 5, "setup-python": 6, "cache": 5, "upload-artifact": 6}
    assert set(majors) == set(first)
    assert all(majors[name] >= first[name] for name in first)


def test_nothing_may_be_written_and_nothing_runs_for_ever():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in WORKFLOW["jobs"].values())
    assert all(job["timeout-minutes"] <= 60 for job in WORKFLOW["jobs"].values())
    checkouts = [step["with"] for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert all(settings["persist-credentials"] is False for settings in checkouts)


def test_a_secret_is_known_to_the_step_alone_that_fetches_from_the_remote():
    (step,) = (step for step in STEPS if "secrets." in str(step))
    assert step["name"] == "Fetch what DVC keeps"
    assert str(WORKFLOW).count("secrets.") == str(step["env"]).count("secrets.") == 2


def test_a_cache_that_runs_for_forks_can_read_holds_nothing_from_a_remote():
    (cache,) = (step for step in STEPS if step.get("with", {}).get("path") == ".dvc/cache")
    assert cache["if"] == "env.REMOTE == ''"


@pytest.mark.parametrize("line", ["    remote = team", "\tremote = team", "remote=team", "\tremote\t=\tteam"])
def test_the_remote_is_found_however_the_line_of_the_configuration_is_set(tmp_path, line):
    """From a remote that is overlooked, nothing is fetched."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text(f"[core]\n{line}\n['remote \"team\"']\n    url = s3://team\n")
    (step,) = (step for step in REVIEW["steps"] if step.get("name") == "See whether there is a remote")
    variables = {"GITHUB_ENV": "/dev/stdout", "HOME": str(tmp_path)}
    printed = subprocess.check_output(
        ["bash", "-eo", "pipefail", "-c", step["run"]], cwd=tmp_path, env=os.environ | variables, text=True
    )
    assert printed == "REMOTE=team\n"


def test_bytes_are_judged_on_the_system_that_they_are_promised_for():
    assert re.fullmatch(r"python:3\.11-bookworm@sha256:[0-9a-f]{64}", REVIEW["container"])
    promised = (REPOSITORY / "docs" / "reproducibility.md").read_text()
    assert "Debian 12 (glibc 2.36)" in promised  # Which is bookworm.
    # An action that brings a Python brings one of another system.
    assert not any("setup-python" in step.get("uses", "") for step in REVIEW["steps"])


def test_no_text_from_outside_is_put_into_a_script():
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []
    assert "pull_request_target" not in WORKFLOW[True]  # YAML takes the key `on` for a boolean.


def test_the_oldest_and_the_newest_python_are_tested():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest, beyond = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    test = WORKFLOW["jobs"]["test"]
    assert test["strategy"]["matrix"] == {"python": [f"3.{oldest}", f"3.{int(beyond) - 1}"]}
    (python,) = (step["with"] for step in test["steps"] if step.get("uses", "").startswith("actions/setup-python@"))
    assert python["python-version"] == "${{ matrix.python }}"
    # Of itself `make` would take the runner's own, where that is newer.
    *_, first, second = test["steps"][-1]["run"].splitlines()
    assert (first, second) == ('make test PYTHON="$(command -v python)"', "make prove")


def test_caches_follow_the_locks():
    (python,) = (step["with"] for step in STEPS if step.get("uses", "").startswith("actions/setup-python@"))
    assert (python["cache"], python["cache-dependency-path"]) == ("pip", "requirements*.txt")
    pip, dvc = (step["with"] for step in STEPS if step.get("uses", "").startswith("actions/cache@"))
    assert (pip["path"], pip["key"]) == ("~/.cache/pip", "pip-3.11-bookworm-${{ hashFiles('requirements*.txt') }}")
    assert (dvc["path"], dvc["key"]) == (".dvc/cache", "dvc-${{ hashFiles('dvc.lock', 'data/*/dvc.lock') }}")
    assert dvc["key"].startswith(dvc["restore-keys"])
