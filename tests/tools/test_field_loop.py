"""The loop in the field: detect, review on the page, take the answers back, commit, train again, detect again.

The site hums in a pitch that no recording of the data set has, so that the model takes it for calls.
"""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import soundfile
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import WebDriverWait

from experiments.clone import clone, commit, git, overlay, repro, run_in, stages_run
from tests.stages.conftest import SAMPLE_RATE, write_data_set
from tests.support.chromium import chromium
from tests.support.pages import block
from tools.lib.detection.run_record import read_run, read_scores
from tools.lib.draws.draws import read_draws
from tools.lib.draws.runs_table import read_runs

CLIP_S, LENGTH_S = 0.5, 60.0
CALL_HZ, HUM_HZ = 700, 1600  # The tone of the data set, and that of the site.
CALLS_S = np.arange(3.0, LENGTH_S - 2, 9.0)
HUMS_S = np.arange(1.0, LENGTH_S - 2, 2.9)
CALLS, NOCALLS = "c", "n"  # Keys of the page.


def write_sea(path: Path, shift_s: float, seed: int) -> None:
    """Write a recording of the site: noise with calls and, at other times, hums, all of them later by some seconds."""
    samples = 0.01 * np.random.default_rng(seed).standard_normal(int(LENGTH_S * SAMPLE_RATE))
    time_s = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    for places, hertz in ((calls_s(shift_s), CALL_HZ), (hums_s(shift_s), HUM_HZ)):
        for start in (places * SAMPLE_RATE).astype(int):
            samples[start : start + len(time_s)] += 0.3 * np.sin(2 * np.pi * hertz * time_s)
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, samples, SAMPLE_RATE)


def calls_s(shift_s: float) -> np.ndarray:
    """Return where the calls of a recording begin."""
    return CALLS_S + shift_s


def hums_s(shift_s: float) -> np.ndarray:
    """Return where the hums of a recording begin: those that are not near a call."""
    return np.array([at for at in HUMS_S + shift_s if np.abs(calls_s(shift_s) - at).min() > 1.5])


def key_for(start_s: float, shift_s: float) -> str:
    """Return the key of an expert who knows the truth about a window: one with half a call or more is a call."""
    return CALLS if np.abs(calls_s(shift_s) - start_s).min() <= CLIP_S / 2 else NOCALLS


def paste(folder: Path, first: str, names: dict[str, str]) -> str:
    """Run a block of commands of the page in a folder, the names of its example replaced; return what is printed."""
    result = run_in(folder, "bash", "-euo", "pipefail", "-c", block("docs/field.md", first, names))
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def highest_at(folder: Path, places: np.ndarray) -> np.ndarray:
    """Return the highest score of the windows within a quarter of a second of some places, in the one recording."""
    run = read_run(folder)
    starts_s, p_call = read_scores(folder, run, run.recordings[0])
    return np.array([np.nanmax(p_call[np.abs(starts_s - at) <= CLIP_S / 2]) for at in places])


def listen(folder: Path, page: Path) -> Path:
    """Answer every clip of a page in a browser, and return the CSV that it saves."""
    with chromium(folder) as browser:
        browser.get(page.as_uri())
        clips = json.loads(browser.execute_script("return document.getElementById('page').textContent"))["clips"]
        browser.find_element("id", "name").send_keys("Val", Keys.ENTER)
        for number, clip in enumerate(clips):
            WebDriverWait(browser, 20, 0.02).until(
                lambda _, number=number: browser.execute_script(f"return position === {number} && player.length > 0")
            )
            ActionChains(browser).send_keys(key_for(clip["start_s"], 0.0)).perform()
        browser.find_element("id", "save").click()
        saved = folder / "downloads" / f"review-Val-{date.today().isoformat()}.csv"
        WebDriverWait(browser, 20, 0.05).until(lambda _: saved.exists())
    return saved


@pytest.mark.prove
def test_a_false_alarm_that_was_heard_is_not_raised_again(tmp_path):
    folder, monday, tuesday = clone(tmp_path / "clone"), tmp_path / "monday", tmp_path / "tuesday"
    write_data_set(folder, recording_count=12)
    overlay(folder / "params.yaml", {"train": {"epochs": 12}})
    overlay(folder / "params.yaml", {"compute": {"backend": "local", "scheduler": None, "recordings": None}})
    assert run_in(folder, "dvc", "add", "data/tiny/recordings").returncode == 0
    repro(folder)
    commit(folder, "A model that knows no hum")
    write_sea(monday / "monday.wav", 0.0, seed=1)
    write_sea(tuesday / "tuesday.wav", 0.7, seed=2)
    again = "python -m tools.detect ~/pier/*.wav --site pier --output"
    paste(folder, again, {"~/pier": str(tuesday), "detections/retrained": "detections/before"})
    assert (highest_at(folder / "detections" / "before", hums_s(0.7)) > 0.5).mean() > 0.8

    paste(folder, "python -m tools.detect ~/pier/*.wav --site pier\n", {"~/pier": str(monday), "100": "40"})
    saved = listen(tmp_path / "browser", folder / "detections" / "review.html")
    example = {"~/Downloads/review-val-2026-11-28.csv": str(saved), "data/bay": "data/tiny"}
    said = paste(folder, "python -m tools.add_reviews", example)
    windows = read_draws(folder / "detections")
    assert len(windows) == 40
    assert "labels/expert.csv: 40 answers added" in said
    assert {"featurize", "split", "merge_labels", "retrain", "evaluate"} <= set(stages_run(said))
    assert "Reviewed windows: 40, each of weight 5 in training." in said
    assert git(folder, "status", "--porcelain") == ""
    assert sum(row.candidates for row in read_runs(folder / "labels" / "runs.csv")) > 40

    paste(folder, again, {"~/pier": str(tuesday)})
    assert (highest_at(folder / "detections" / "retrained", hums_s(0.7)) > 0.5).mean() == 0
    assert (highest_at(folder / "detections" / "retrained", calls_s(0.7)) > 0.5).mean() == 1
