"""The loop from end to end, with the real DVC in a temporary clone. The tests tell one story in order."""

import csv
import json
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import WebDriverWait

from experiments.clone import commit, output_digests, repro, run_in, stages_run
from stages.lib.tables.clips import read_clips
from tests.support.chromium import chromium
from tests.support.tool import run_tool

STAGES = [
    "data/synthetic/dvc.yaml:synthesize",
    "featurize",
    "split",
    "train",
    "score_pool",
    "merge_labels",
    "retrain",
    "evaluate",
]


def expert(folder: Path) -> Path:
    return folder / "labels" / "expert.csv"


@pytest.fixture(scope="module")
def loop(tmp_path_factory, copy_of_finished) -> Path:
    """A clone with small params, after its first run."""
    return copy_of_finished(tmp_path_factory.mktemp("loop") / "clone")


def test_the_first_run_runs_every_stage_in_order(loop, first_run):
    assert sorted(stages_run(first_run)) == sorted(STAGES)
    assert stages_run(first_run)[0] == STAGES[0]
    with (loop / "labels" / "queue.csv").open(newline="") as file:
        queue = list(csv.DictReader(file))
    assert queue, "the queue should hold something to ask about"
    assert set(queue[0]) == {"clip_id", "label", "annotator", "date", "note"}
    evaluation = json.loads((loop / "metrics" / "evaluation.json").read_text())
    assert set(evaluation) == {"before", "after", "change"}
    assert evaluation["before"]["calls"]["support"] + evaluation["before"]["nocalls"]["support"] == 24


def test_a_second_run_does_nothing(loop, first_run):
    before = output_digests(loop)
    assert stages_run(repro(loop)) == []
    assert output_digests(loop) == before
    assert run_in(loop, "git", "status", "--porcelain").stdout == ""


def test_the_committed_outputs_are_all_that_a_reader_needs(loop, first_run):
    tracked = run_in(loop, "git", "ls-files").stdout.splitlines()
    assert {"dvc.lock", "labels/queue.csv", "metrics/report.txt", "metrics/evaluation.json"} <= set(tracked)
    bulky = [name for name in tracked if name.startswith(("features/", "models/")) and ".gitignore" not in name]
    assert bulky == ["models/pretrained/none/pretrained.json"]  # It says that there is no pretrained model.
    assert "labels/merged.csv" not in tracked


def answer_in_browser(folder: Path, profile: Path) -> Path:
    """Write the label page, answer every clip truly with one key in a real Chromium, and return what it exports."""
    page = run_tool(folder, "label_page")
    assert page.returncode == 0, page.stderr
    truth = {clip.clip_id: clip.label for clip in read_clips(folder / "data" / "synthetic" / "clips.csv")}
    with (folder / "labels" / "queue.csv").open(newline="") as file:
        keys = [{"call": "c", "nocall": "n"}[truth[row["clip_id"]]] for row in csv.DictReader(file)]
    with chromium(profile) as browser:
        browser.get((folder / "labels" / "queue.html").as_uri())
        browser.find_element("id", "name").send_keys("Val", Keys.ENTER)
        half = len(keys) // 2
        ActionChains(browser).send_keys(*keys[:half]).perform()
        browser.refresh()
        ActionChains(browser).send_keys(Keys.ENTER).perform()
        ActionChains(browser).send_keys(*keys[half:]).perform()
        browser.find_element("id", "save").send_keys(Keys.ENTER)
        WebDriverWait(browser, 10, 0.05).until(lambda _: list((profile / "downloads").glob("*.csv")))
    (export,) = (profile / "downloads").iterdir()
    return export


@pytest.fixture(scope="module")
def label_edit(loop, first_run, tmp_path_factory) -> str:
    """Answer the queue on its page, take the answers in, commit, run."""
    export = answer_in_browser(loop, tmp_path_factory.mktemp("browser"))
    added = run_tool(loop, "add_labels", str(export))
    assert added.returncode == 0, added.stderr
    commit(loop, "Answer the queue")
    output = repro(loop)
    commit(loop, "Retrain on the answers")
    return output


def test_a_label_edit_reruns_exactly_what_lies_downstream(loop, label_edit):
    assert stages_run(label_edit) == ["merge_labels", "retrain", "evaluate"]
    labels = json.loads((loop / "metrics" / "labels.json").read_text())
    queue_length = len((loop / "labels" / "queue.csv").read_text().splitlines()) - 1
    assert labels["expert"]["calls"] + labels["expert"]["nocalls"] == queue_length
    assert {row.rsplit(",", 3)[1] for row in expert(loop).read_text().splitlines()[1:]} == {"Val"}
    pool = json.loads((loop / "metrics" / "pool.json").read_text())
    assert labels["audit_error"]["all"]["checked"] == pool["audit"]
    assert labels["waiting"] == pool["uncertain"] - (queue_length - pool["audit"])


def test_metrics_diff_shows_both_revisions_of_a_label_commit(loop, label_edit):
    result = run_in(loop, "dvc", "metrics", "diff", "--all", "--md", "HEAD~2", "HEAD")
    row = next(line for line in result.stdout.splitlines() if "| after.accuracy" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    old, new = (
        json.loads(run_in(loop, "git", "show", f"{revision}:metrics/evaluation.json").stdout)["after"]["accuracy"]
        for revision in ("HEAD~2", "HEAD")
    )
    assert (float(cells[2]), float(cells[3])) == (pytest.approx(old, abs=1e-5), pytest.approx(new, abs=1e-5))


def test_the_baseline_is_untouched_by_a_label_edit(loop, label_edit):
    before, after = (
        json.loads(run_in(loop, "git", "show", f"{revision}:metrics/evaluation.json").stdout)["before"]
        for revision in ("HEAD~2", "HEAD")
    )
    assert before == after


def test_the_order_of_rows_and_line_endings_rerun_merge_labels_only(loop, label_edit):
    header, *rows = expert(loop).read_text().splitlines()
    before = output_digests(loop)
    expert(loop).write_bytes("\r\n".join([header, *reversed(rows), ""]).encode())
    assert stages_run(repro(loop)) == ["merge_labels"]
    assert output_digests(loop) == before


def test_a_bad_label_file_stops_before_retraining_and_changes_no_output(loop, label_edit):
    good = expert(loop).read_bytes()
    before = output_digests(loop)
    lock = (loop / "dvc.lock").read_bytes()
    first_row = good.decode().splitlines()[1]
    expert(loop).write_bytes(
        good + first_row.replace(",call,", ",orca,").replace(",nocall,", ",orca,").encode() + b"\n"
    )
    result = run_in(loop, "dvc", "repro")
    line = len(good.splitlines()) + 1
    assert result.returncode != 0
    assert f"labels/expert.csv:{line}: unknown label 'orca'" in result.stderr
    assert "Traceback" not in result.stderr
    assert stages_run(result.stdout) == ["merge_labels"]
    assert output_digests(loop) == before
    assert (loop / "dvc.lock").read_bytes() == lock
    expert(loop).write_bytes(good)


def test_faulty_recordings_are_listed_at_once_and_nothing_is_computed(loop, label_edit):
    clips = loop / "data" / "synthetic" / "clips.csv"
    text = clips.read_text()
    clips.unlink()
    clips.write_text(text + "ghost_0000000,ghost.flac,0.000,call,\nphantom_0000000,phantom.flac,0.000,orca,\n")
    before = output_digests(loop)
    result = run_in(loop, "python", "-m", "stages.featurize")
    assert result.returncode == 1
    assert "unknown label 'orca'" in result.stderr
    assert "Traceback" not in result.stderr
    assert output_digests(loop) == before
