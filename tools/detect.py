"""Find calls in recordings of any length with the retrained model: `python -m tools.detect RECORDING...`.

The model scores each recording in windows of the length that it was trained on. Detections are written for Raven, for
Audacity or as CSV, a file for each recording or for each day. A folder may grow: the same command then searches only
what is new. A recording that cannot be searched is named and left out. The exit status is then 1.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

import joblib

from stages.lib.audio.remarks import unfinished_lines

# Import libraries only through these modules: `stages` first pins the environment variables that they read.
from stages.lib.cluster.compute import chosen_cluster
from stages.lib.features.views import files_needed
from stages.lib.measures.measures import THRESHOLD
from stages.lib.model.model_folder import RETRAINED, model_digest
from stages.lib.runtime.running import run
from tools.lib.command_parser import command_parser
from tools.lib.detection.detector import feature_params
from tools.lib.detection.run_record import DETECTIONS
from tools.lib.field.wanted_threshold import Wanted, count_per_hour, share, threshold_for
from tools.lib.formats.detection_files import FORMS
from tools.lib.recordings.given_recordings import GivenRecording
from tools.lib.search.choices import Choices
from tools.lib.search.growing import output_folder
from tools.lib.search.run_pictures import draw_missing
from tools.lib.search.run_tables import DAY, RECORDING
from tools.lib.search.search import Outcome, keep, overlap_lines, scored
from tools.lib.search.task import task
from tools.lib.wording import counted, one_line


def lines_about(recordings: Sequence[GivenRecording], clip_s: float) -> list[str]:
    """Return remarks on recordings with unfinished headers, with stretches without sound, or shorter than a window."""
    without_sound = [
        f"{one.path}: {one.found.missing_s:.2f} of {one.length_s:.2f} s hold no sound, and nothing is detected there"
        for one in recordings
        if one.found.missing
    ]
    short = [
        f"{one.path}: its {one.length_s:.2f} s are shorter than a window of {clip_s:g} s, which was filled with them"
        for one in recordings
        if one.length_s < clip_s
    ]
    return [*unfinished_lines(one.path for one in recordings), *without_sound, *short]


def repeat_lines(outcome: Outcome) -> list[str]:
    """Return a remark on each recording searched now whose bytes the run already has under another name."""
    first: dict[str, str] = {}
    for one in outcome.run.recordings:
        first.setdefault(one.digest, one.name)
    return [
        f"{one.path}: holds the same bytes as {first[one.digest]}, so its calls are in the tables twice; to count them "
        "once, keep one of the two and search again with another --output"
        for one in outcome.recordings
        if first[one.digest] != one.name
    ]


def summary(outcome: Outcome, before: int, left_out: int, drawn: int, choices: Choices) -> str:
    """Summarise the search in one line."""
    hours = sum(one.length_s for one in outcome.recordings) / 3600
    found = (
        f"{counted(outcome.detections, 'detection')} above {choices.threshold:g} in "
        f"{counted(len(outcome.recordings), 'recording')} of {hours:.2f} h"
    )
    parts = [
        found if outcome.recordings else "nothing new",
        f"none in {outcome.empty} of them" if outcome.empty else "",
        f"{counted(before, 'recording')} searched before" if before else "",
        f"{counted(left_out, 'recording')} left out" if left_out else "",
        f"{counted(drawn, 'picture')} drawn" if drawn else "",
    ]
    return f"{choices.folder}: {'; '.join(filter(None, parts))}"


def cost(outcome: Outcome, seconds: float, where: str) -> str:
    """Return a line with the time per hour of audio."""
    hours = sum(one.length_s for one in outcome.recordings) / 3600
    return f"cost: {seconds / hours:.1f} s per hour of audio, {where}"


def say(lines: Iterable[str], stream: TextIO) -> None:
    """Print lines, each as one line, whatever the names of files hold."""
    for line in lines:
        print(one_line(line), file=stream)


def parse_arguments() -> tuple[list[Path], Choices, Wanted | None]:
    """Read the command line."""
    parser = command_parser(__doc__)
    parser.add_argument(
        "recordings", nargs="+", type=Path, metavar="RECORDING", help="audio file, or folder of audio files"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=DETECTIONS,
        metavar="FOLDER",
        help=f"output folder, created if missing (default: {DETECTIONS}/)",
    )
    parser.add_argument("--format", choices=FORMS, default="raven", help="format of the tables (default: raven)")
    level = parser.add_mutually_exclusive_group()
    level.add_argument(
        "--threshold",
        type=float,
        default=THRESHOLD,
        metavar="SCORE",
        help=f"score above which there is a detection (default: {THRESHOLD})",
    )
    level.add_argument(
        "--false-alarms",
        type=count_per_hour,
        dest="wanted",
        metavar="COUNT",
        help="instead of a score: at most so many false alarms per hour, as tools.field_report estimates them",
    )
    level.add_argument(
        "--precision",
        type=share,
        dest="wanted",
        metavar="SHARE",
        help="instead of a score: at least this share of calls among the windows above it, by the same estimate",
    )
    parser.add_argument(
        "--hop", type=float, metavar="SECONDS", help="from one window to the next (default: a quarter of a window)"
    )
    parser.add_argument("--pictures", action="store_true", help="also draw each recording with its detections")
    parser.add_argument(
        "--any-rate", action="store_true", help="also take recordings whose sample rate is too low for the model"
    )
    parser.add_argument("--site", metavar="NAME", help="site of all recordings (default: from their names and folders)")
    parser.add_argument(
        "--per",
        choices=(RECORDING, DAY),
        default=RECORDING,
        help="one table per recording or per site and day (default: recording)",
    )
    given = parser.parse_args()
    choices = Choices(
        given.output, given.format, given.threshold, given.hop, given.pictures, given.any_rate, given.site, given.per
    )
    return given.recordings, choices, given.wanted


def main() -> None:
    """Search the given recordings."""
    given, choices, wanted = parse_arguments()
    params = feature_params(RETRAINED)
    if wanted:
        threshold, said = threshold_for(wanted, model_digest(RETRAINED))
        choices = choices._replace(threshold=threshold)
        print(said)
    began = time.monotonic()
    with output_folder(choices.folder), chosen_cluster(files_needed(params)) as cluster:
        todo = task(given, choices, params, cluster)
        say([*lines_about(todo.recordings, params.clip_s), *todo.waiting], sys.stdout)
        # Printed before the search, which may take hours.
        say((f"{line}; left out" for line in todo.left_out), sys.stderr)
        outcome = keep(scored(todo, cluster), todo, choices, params)
        to_draw = {*todo.before, *(one.name for one in outcome.recordings)} if choices.pictures else set()
        drawn, undrawn = draw_missing(choices.folder, outcome.run, to_draw, params)
    say([*(f"{line}; left out" for line in outcome.changed), *undrawn], sys.stderr)
    say([*repeat_lines(outcome), *overlap_lines(outcome)], sys.stdout)
    left_out = len(todo.left_out) + len(outcome.changed)
    print(summary(outcome, len(todo.before), left_out, drawn, choices))
    if outcome.recordings:
        where = "on a cluster" if cluster else f"on {counted(joblib.cpu_count(), 'core')}"
        print(cost(outcome, time.monotonic() - began, where))
    sys.exit(1 if left_out or undrawn else 0)


if __name__ == "__main__":
    run(main)
