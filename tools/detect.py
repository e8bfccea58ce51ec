"""Find calls in recordings of any length with the retrained model: `python -m tools.detect RECORDING...`.

The model goes over each recording in windows of the length that it was trained on. What it finds is written for Raven,
for Audacity or as CSV, a file for each recording. A recording that cannot be searched is named and left out; the others
are done, and the exit status is 1.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from stages.lib.audio.remarks import unfinished_lines
from stages.lib.cache.digests import hash_files

# Libraries are imported by way of these alone, because `stages` pins what they read from the environment.
from stages.lib.cluster.cluster import NO_FILES, Cluster
from stages.lib.cluster.compute import chosen_cluster
from stages.lib.feature_store import in_batches
from stages.lib.features.feature_params import FeatureParams
from stages.lib.measures.measures import THRESHOLD
from stages.lib.model.model_folder import RETRAINED
from stages.lib.model.scoring import BATCH_SIZE
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from tools.lib.detection.detections import Detection, find_detections, window_starts
from tools.lib.detection.detector import Detector, feature_params, open_detector, scores
from tools.lib.formats.detection_files import FORMS
from tools.lib.recordings.given_recordings import GivenRecording, called, check_recordings, file_stems, same_files
from tools.lib.wording import counted

FOLDER = Path("detections")
PICTURE_SUFFIX = ".png"
HOPS_A_WINDOW = 4  # So that a call of up to three quarters of a window lies in one as a whole.


class Choices(NamedTuple):
    """What the person who runs the tool chooses.

    Attributes
    ----------
    folder : Path
        Where to write.
    form : str
        A key of `FORMS`.
    threshold : float
        What a window has to score more than, in [0, 1].
    hop_s : float or None
        Seconds from the start of one window to that of the next; None for a quarter of a window.
    pictures : bool
    any_rate : bool
        Whether to take recordings whose sample rate cannot hold all that the model looks at.
    """

    folder: Path
    form: str
    threshold: float
    hop_s: float | None
    pictures: bool
    any_rate: bool


def outputs(stem: str, choices: Choices) -> list[Path]:
    """Return the files that are written for a recording: the detections, and the picture if there is to be one."""
    suffixes = [FORMS[choices.form].suffix, *([PICTURE_SUFFIX] if choices.pictures else [])]
    return [choices.folder / f"{stem}{suffix}" for suffix in suffixes]


def output_faults(paths: Sequence[Path], choices: Choices) -> list[str]:
    """List the outputs that are there already; somebody may have gone through them and corrected them."""
    return [
        f"{output}: is there already; move it away, or name another folder with --output"
        for stem in file_stems(called(paths)).values()
        for output in outputs(stem, choices)
        if output.exists()
    ]


def option_faults(choices: Choices, clip_s: float) -> list[str]:
    """List what is wrong with the options, for a model that looks at windows of some length."""
    faults = []
    if not 0 <= choices.threshold < 1:
        faults.append(f"--threshold {choices.threshold:g}: should be 0 or more, and less than 1")
    if choices.hop_s is not None and not 0 < choices.hop_s <= clip_s:
        faults.append(f"--hop {choices.hop_s:g}: should be more than 0, and no more than a window of {clip_s:g} s")
    return faults


def detect(
    recordings: Sequence[GivenRecording],
    detector: Detector,
    choices: Choices,
    cluster: Cluster | None = None,
    files: Mapping[Path, str] = NO_FILES,
) -> list[list[Detection]]:
    """Detect, and write the files of each recording as soon as it is done; return the detections of each."""
    clip_s = detector.params.clip_s
    hop_s = choices.hop_s or clip_s / HOPS_A_WINDOW
    starts = [window_starts(recording.length_s, clip_s, hop_s) for recording in recordings]
    has_sound = [one.found.has_sound(starts_s, clip_s) for one, starts_s in zip(recordings, starts, strict=True)]
    batches = [
        list(in_batches(starts_s[sounds], BATCH_SIZE)) for starts_s, sounds in zip(starts, has_sound, strict=True)
    ]
    windows = [(one.path, batch) for one, of_one in zip(recordings, batches, strict=True) for batch in of_one]
    scored = scores(detector, windows, cluster, files)
    found = []
    with tqdm(total=sum(map(np.count_nonzero, has_sound)), desc="detect", unit="window", disable=None) as bar:
        for recording, starts_s, sounds, of_recording in zip(recordings, starts, has_sound, batches, strict=True):
            of_batches = []
            for batch in islice(scored, len(of_recording)):
                of_batches.append(batch)
                bar.update(len(batch))
            p_call = np.full(len(starts_s), np.nan)
            # Sound can be scattered so thinly that no window holds enough of it.
            p_call[sounds] = np.concatenate([np.empty(0), *of_batches])
            found.append(find_detections(p_call, starts_s, clip_s, recording.found, choices.threshold))
            write_outputs(recording, found[-1], detector.params, choices)
    return found


def write_outputs(
    recording: GivenRecording, detections: Sequence[Detection], params: FeatureParams, choices: Choices
) -> None:
    """Write the files of a recording, each whole or not at all; the picture first, because it takes longer."""
    from tools.lib.detection.detection_picture import draw_detections

    table, *pictures = outputs(recording.file_stem, choices)
    for picture in pictures:
        draw_detections(picture, recording, detections, params)
    FORMS[choices.form].write(table, recording, detections, params)


def lines_about(recordings: Sequence[GivenRecording], clip_s: float) -> list[str]:
    """Say whose headers were never finished, which are without sound in part, and which are shorter than a window."""
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


def summary(
    recordings: Sequence[GivenRecording],
    found: Sequence[Sequence[Detection]],
    choices: Choices,
    left_out: Sequence[str],
) -> str:
    """Say in one line what was found."""
    count, hours = sum(map(len, found)), sum(recording.length_s for recording in recordings) / 3600
    empty = sum(not detections for detections in found)
    none = f"; none in {empty} of them" if empty else ""
    return (
        f"{choices.folder}: {counted(count, 'detection')} above {choices.threshold:g} in "
        f"{counted(len(recordings), 'recording')} of {hours:.2f} h{none}"
        + (f"; {counted(len(left_out), 'recording')} left out" if left_out else "")
    )


def parse_arguments() -> tuple[list[Path], Choices]:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.detect", description=__doc__, allow_abbrev=False)
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING", help="a file that libsndfile reads")
    parser.add_argument(
        "--output", type=Path, default=FOLDER, metavar="FOLDER", help=f"where to; {FOLDER}/ if not given"
    )
    parser.add_argument("--format", choices=FORMS, default="raven", help="of the files; raven if not given")
    parser.add_argument(
        "--threshold", type=float, default=THRESHOLD, help=f"{THRESHOLD} if not given; higher finds less"
    )
    parser.add_argument("--hop", type=float, metavar="SECONDS", help="between windows; a quarter of one if not given")
    parser.add_argument("--pictures", action="store_true", help="draw the spectrogram of each recording, too")
    parser.add_argument(
        "--any-rate", action="store_true", help="take recordings that cannot hold all frequencies of the model, too"
    )
    given = parser.parse_args()
    choices = Choices(given.output, given.format, given.threshold, given.hop, given.pictures, given.any_rate)
    return given.recordings, choices


def main() -> None:
    """Go over the recordings that are named."""
    paths, choices = parse_arguments()
    params = feature_params(RETRAINED)
    # Embedding needs the pretrained model, which no cluster has.
    with nullcontext() if params.embeds else chosen_cluster() as cluster:
        files = (
            {}
            if cluster is None
            else {Path(path): seen.digest for path, seen in hash_files(filter(Path.is_file, paths), {}).items()}
        )
        recordings, left_out = check_recordings(paths, params, any_rate=choices.any_rate, cluster=cluster, files=files)
        faults = [*option_faults(choices, params.clip_s), *output_faults(paths, choices), *same_files(paths)]
        if faults or not recordings:
            refuse([*faults, *left_out])
        for line in lines_about(recordings, params.clip_s):
            print(line)
        # Before the work begins, which may take hours.
        for line in left_out:
            print(f"{line}; left out", file=sys.stderr)
        found = detect(recordings, open_detector(RETRAINED), choices, cluster, files)
    print(summary(recordings, found, choices, left_out))
    sys.exit(1 if left_out else 0)


if __name__ == "__main__":
    run(main)
