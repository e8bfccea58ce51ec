"""Detection in real recordings of a quarter of an hour: `python -m experiments.detection.run --page docs/results.md`.

For each split seed the pipeline is trained on the right-whale clips in a temporary clone, and `tools.detect` goes over
recordings of other data with its retrained model. What it writes is compared with the published annotations.
"""

import argparse
import csv
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

from experiments.clone import hold_out_again, overlay, repro, run_in
from experiments.command import add_overlay, exit_without, results_parser
from experiments.detection.matching import Call, match
from experiments.detection.measures import Detected
from experiments.detection.section import section
from experiments.page_section import publish
from experiments.real.run import RECORDINGS, clone_for
from stages.lib.runtime.table import read_table
from stages.lib.tables.clips import CALL
from tools.lib.detection.detections import Detection
from tools.lib.formats.detection_files import CSV_COLUMNS

DATASET, LONG_RECORDINGS = "right_whale", RECORDINGS / "right_whale_recordings"
SECTION = "detection"
# So low that the curves go on to where nearly all calls are found.
THRESHOLD = 0.1


def read_calls(table: Path) -> dict[str, list[Call]]:
    """Return the annotated calls by the name of their recording; one without any has an empty list."""
    calls = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            start_s = float(row["start_s"])
            of_recording = calls[row["filename"]]
            if row["label"] == CALL:
                of_recording.append(Call(start_s, start_s + float(row["duration_s"])))
    return dict(calls)


def detect(folder: Path, recordings: Sequence[Path], output: str) -> dict[str, list[Detection]]:
    """Run the tool in a clone and return what it wrote, by the name of the recording."""
    options = ("--format", "csv", "--threshold", str(THRESHOLD), "--output", output)
    result = run_in(folder, "python", "-m", "tools.detect", *map(str, recordings), *options)
    if result.returncode:
        raise RuntimeError(f"tools.detect failed in {folder}:\n{result.stdout}\n{result.stderr}")
    return {path.name: read_detections(folder / output / f"{path.stem}.csv") for path in recordings}


def read_detections(table: Path) -> list[Detection]:
    """Read what the tool wrote for a recording."""
    return [
        Detection(*(float(row.cells[name]) for name in Detection._fields)) for row in read_table(table, CSV_COLUMNS)
    ]


def outcome_of(
    detections: Mapping[str, Sequence[Detection]], calls: Mapping[str, Sequence[Call]], hours: Mapping[str, float]
) -> Detected:
    """Compare what was detected in some recordings with what is annotated."""
    names = list(calls)
    return Detected(
        np.array([detection.p_call for name in names for detection in detections[name]]),
        np.array([found for name in names for found in match(detections[name], calls[name])], bool),
        np.repeat(np.arange(len(names)), [len(detections[name]) for name in names]),
        np.array([len(calls[name]) for name in names]),
        np.array([hours[name] for name in names]),
    )


def run_seeds(seeds: Sequence[int], changes: Mapping, folder: Path) -> list[Detected]:
    """Train and detect once for each split seed."""
    calls = read_calls(LONG_RECORDINGS / "annotations.tsv")
    recordings = [LONG_RECORDINGS / "recordings" / name for name in calls]
    hours = {path.name: soundfile.info(path).duration / 3600 for path in recordings}
    clone_for(DATASET, folder)
    overlay(folder / "params.yaml", changes)
    outcomes = []
    for seed in tqdm(seeds, desc="detection", unit="seed", disable=None):
        overlay(folder / "params.yaml", {"split": {"seed": seed}})
        hold_out_again(folder)
        repro(folder)
        outcomes.append(outcome_of(detect(folder, recordings, f"detections-{seed}"), calls, hours))
    return outcomes


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = results_parser(__doc__, seed_count=3)
    add_overlay(parser)
    return parser.parse_args()


def main() -> None:
    """Run the seeds and print the results, or put them in a page."""
    arguments = parse_arguments()
    exit_without(LONG_RECORDINGS)
    with tempfile.TemporaryDirectory() as folder:
        text = section(run_seeds(range(arguments.seeds), arguments.overlay, Path(folder) / "clone"))
    publish(text, SECTION, arguments.page)


if __name__ == "__main__":
    main()
