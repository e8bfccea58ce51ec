"""Draw the pictures of the README from the last run on the synthetic data: `python -m experiments.readme_pictures`.

One shows the label page with the first clip of the queue, the other the detections in a test recording.
"""

import io
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import soundfile
from PIL import Image
from selenium.webdriver.common.by import By

from stages.lib.runtime.atomic_write import atomic_write
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import SYNTHETIC, DataParams, read_params
from stages.lib.runtime.running import run
from stages.lib.tables.clips import CALL, read_clips
from stages.lib.tables.split import read_split
from tests.support.chromium import chromium
from tools.lib.command_parser import command_parser

LABEL_PAGE, DETECTIONS = Path("docs/label_page.png"), Path("docs/detections.png")
WINDOW = 1160, 860  # Size of the browser window, large enough for the page.
PALETTE_COLOURS = 64  # Enough for sharp text, and few enough that both pictures together take less than 300 kB.


def shown_recording(folder: Path) -> Path:
    """Return the test recording whose picture has the fewest rows; among equals, the one with most calls."""
    from tools.lib.detection.detection_picture import ROW_S

    in_test = {clip.clip_id for clip in read_split() if clip.part == "test"}
    clips = [clip for clip in read_clips(folder / "clips.csv") if clip.clip_id in in_test]
    calls = Counter(folder / "recordings" / clip.recording for clip in clips if clip.label == CALL)
    return min(calls, key=lambda path: (soundfile.info(path).duration // ROW_S, -calls[path], path))


def run_tool(name: str, *arguments: str | Path) -> None:
    """Run a command of the project; if it fails, exit with its status."""
    result = subprocess.run([sys.executable, "-m", f"tools.{name}", *map(str, arguments)], check=False)
    if result.returncode:
        sys.exit(result.returncode)


def picture_of_label_page(folder: Path) -> Image.Image:
    """Open the label page in a browser, start labelling, and return a screenshot."""
    page = folder / "queue.html"
    run_tool("label_page", "--output", page)
    with chromium(folder / "browser") as browser:
        browser.set_window_size(*WINDOW)
        browser.get(page.as_uri())
        browser.find_element(By.ID, "play-on-arrival").click()
        browser.find_element(By.ID, "name").send_keys("val")
        browser.find_element(By.ID, "begin").click()
        return Image.open(io.BytesIO(browser.get_screenshot_as_png()))


def picture_of_detections(folder: Path) -> Image.Image:
    """Search a recording with the retrained model, and return the picture of its detections."""
    recording = shown_recording(DataParams(dataset=SYNTHETIC).folder)
    run_tool("detect", recording, "--pictures", "--output", folder / "detections")
    (picture,) = (folder / "detections").glob("*.png")
    return Image.open(picture)


def write_picture(path: Path, picture: Image.Image) -> None:
    """Write a picture with a colour palette, which takes a third of the space."""
    with atomic_write(path) as partial:
        picture.convert("RGB").quantize(PALETTE_COLOURS).save(partial, format="PNG", optimize=True)


def main() -> None:
    """Draw both pictures."""
    command_parser(__doc__).parse_args()
    dataset = read_params("data", DataParams).dataset
    if dataset != SYNTHETIC:
        raise InputFaults(
            [f"params.yaml: data.dataset is {dataset}; set it to {SYNTHETIC}, because anyone may share its sound"]
        )
    with tempfile.TemporaryDirectory() as folder:
        pictures = {
            LABEL_PAGE: picture_of_label_page(Path(folder)),
            DETECTIONS: picture_of_detections(Path(folder)),
        }
        for path, picture in pictures.items():
            write_picture(path, picture)
            print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    run(main)
