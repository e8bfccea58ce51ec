import subprocess
import sys

import pytest
import yaml

from experiments.clone import REPOSITORY
from experiments.page_section import marks
from experiments.real import run
from experiments.real.data_sets import OVERLAYS
from experiments.real.section import results_table

QUICK = "train:\n  epochs: 2\n"


def evaluation(accuracy: float) -> dict:
    measures = {
        "accuracy": accuracy,
        "sensitivity": 0.8,
        "specificity": 0.9,
        "roc_auc": 0.95,
        "intervals": {"accuracy": {"low": 0.79, "high": 0.91}},
        "calls": {"support": 30},
        "nocalls": {"support": 20},
    }
    change = {"accuracy": 0.01, "intervals": {"accuracy": {"low": -0.02, "high": 0.04}}, "permutation_p": 0.5}
    return {"before": measures, "after": {**measures, "accuracy": accuracy + 0.01}, "change": change}


def result(seed: int, accuracy: float) -> dict:
    metrics = {
        "pool": {"pool": 176, "uncertain": 36},
        "labels": {"model_error": {"all": {"checked": 140, "wrong": 39}}},
        "evaluation": evaluation(accuracy),
    }
    return {"seed": seed, "unanswered": metrics, "answered": metrics}


def test_the_tables_hold_each_seed_and_the_mean_over_seeds_with_the_kinds_side_by_side():
    of_network = [result(0, 0.84), result(1, 0.88)]
    text = results_table("orca", {"network": of_network, "probe": [result(0, 0.90), result(1, 0.90)]})
    assert text.startswith("### orca\n")
    assert "| 0 | baseline | 0.840 (0.790 to 0.910) | 0.950 | 0.900 (0.790 to 0.910) | 0.950 |" in text
    assert "| network | baseline | 0.860 ± 0.028 | 0.800 ± 0.000 |" in text
    assert "| probe | baseline | 0.900 ± 0.000 |" in text
    assert "| 72 of 352 | 78 of 280 |" in text
    assert "same test clips: 0.600." in text
    # Accuracies 0.24 and 0.28 above the share of calls: 0.26 +- 12.706 * 0.02 by the t table (one degree of freedom).
    assert "- network, baseline: +0.260 above that (95 % interval +0.006 to +0.514, Student's t)" in text
    assert "| 1 | +0.010 (-0.020 to +0.040), p = 0.5 | +0.010 (-0.020 to +0.040), p = 0.5 |" in text


@pytest.mark.prove
@pytest.mark.skipif(not run.RECORDINGS.is_dir(), reason="the real recordings are not part of the repository")
def test_a_short_pass_over_the_orca_recordings(tmp_path):
    overlay = tmp_path / "quick.yaml"
    overlay.write_text(QUICK)
    page = tmp_path / "results.md"
    page.write_text("\n".join(marks(run.SECTION)))
    command = [sys.executable, "-m", "experiments.real.run", "orca", "--seeds", "1", "--kinds", "network"]
    outcome = subprocess.run(
        [*command, "--overlay", str(overlay), "--page", str(page)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "### orca" in page.read_text()
    for name in ("baseline", "retrained, queue unanswered", "retrained, queue answered"):
        assert f"| 0 | {name} | 0." in page.read_text()


def test_a_recording_that_is_there_under_two_names_is_used_once(tmp_path):
    (tmp_path / "recordings").mkdir()
    for name, content in {"sea.flac": b"sea", "negative.flac": b"sea", "bay.flac": b"bay"}.items():
        (tmp_path / "recordings" / name).write_bytes(content)
    rows = ["clip_id,recording,start_s,label,site"]
    rows += [f"{name}_0000000,{name}.flac,0.0,nocall,{name}" for name in ("bay", "negative", "sea")]
    (tmp_path / "clips.csv").write_text("\n".join(rows) + "\n")
    run.drop_repeats(tmp_path)
    assert (tmp_path / "clips.csv").read_text().splitlines() == [rows[0], rows[1], rows[3]]
    assert {path.name for path in (tmp_path / "recordings").iterdir()} == {"bay.flac", "sea.flac"}


def test_the_overlays_name_their_data_set():
    for dataset in run.DATASETS:
        overlay = yaml.safe_load((OVERLAYS / f"{dataset}.yaml").read_text())
        assert overlay["data"]["dataset"] == dataset
