"""A label page of 200 clips, its size, and how soon it can be used: `python -m benchmarks.label_page`.

The clips are drawn at random from the data set that params.yaml names. The page is to open in less than 3 s, and to be
small enough for an e-mail: below 25 MB if possible, and below 40 MB at worst.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from selenium.webdriver import Keys
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.machine import machine_line
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import read_clips
from stages.lib.tables.expert import COLUMNS
from tests.support.chromium import chromium
from tools.label_page import label_page

CLIP_COUNT = 200
RUNS = 5


def seconds_to_open(folder: Path, page: Path) -> tuple[float, float]:
    """Return how long a new browser takes to show the first screen, and from there to have the first clip ready."""
    with chromium(folder) as browser:
        wait = WebDriverWait(browser, 60, 0.01)
        start = time.perf_counter()
        browser.get(page.as_uri())
        wait.until(lambda _: browser.find_element("id", "begin").is_displayed())
        shown = time.perf_counter()
        browser.find_element("id", "name").send_keys("Val", Keys.ENTER)
        wait.until(lambda _: browser.execute_script("return player.playing"))
        return shown - start, time.perf_counter() - shown


def main() -> None:
    """Write a page, open it, and print what both took."""
    data = read_params("data", DataParams)
    params = read_params("featurize", FeatureParams)
    clips = read_clips(data.folder / "clips.csv")
    drawn = np.random.default_rng(0).choice(len(clips), CLIP_COUNT, replace=False)
    rows = [(clips[position].clip_id, "", "", "", "") for position in drawn]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "queue.csv", COLUMNS, rows)
        page = folder / "queue.html"
        start = time.perf_counter()
        scores = {clips[position].clip_id: 0.5 for position in drawn}
        write_text(page, label_page(data.dataset, params, folder / "queue.csv", scores, {}))
        written = time.perf_counter() - start
        opened, ready = np.median([seconds_to_open(folder / f"run{run}", page) for run in range(RUNS)], axis=0)
        print(machine_line("librosa", "soundfile", "Pillow", "selenium"))
        print(f"{CLIP_COUNT} clips of {data.folder}: {page.stat().st_size / 1e6:.1f} MB, written in {written:.1f} s")
        print(f"opened in {opened:.2f} s, the first clip sounds {ready:.2f} s later (medians of {RUNS} new browsers)")


if __name__ == "__main__":
    main()
