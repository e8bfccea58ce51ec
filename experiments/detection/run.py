"""Detection in real recordings of 15 minutes: `python -m experiments.detection.run --page docs/results.md`.

Each kind of model is trained on the right-whale clips of each split seed. It scores windows of recordings from other
data, as `tools.detect` does. Its detections are compared with the published annotations.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.command import add_overlay, exit_without, results_parser
from experiments.detection.matching import Call, match
from experiments.detection.measures import Detected
from experiments.detection.section import section
from experiments.kinds import CACHE, add_kinds, available_kinds, exit_without_pretrained, only, overlay_of, train_kinds
from experiments.page_section import publish
from experiments.real.data_sets import RECORDINGS, featurized, kept_features, params_for
from experiments.real.unheard import divided
from stages.lib.audio.examination import examine
from stages.lib.cluster.parallel import in_parallel
from stages.lib.feature_store import Features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.calibration import probability
from stages.lib.model.model_folder import Model
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from stages.lib.split.params import SplitParams
from stages.lib.tables.clips import CALL, COLUMNS, UNLABELLED, Clip
from stages.lib.training.inputs import TrainParams
from tools.lib.clips.clip_rows import clip_row
from tools.lib.detection.detections import Detection, find_detections, window_starts
from tools.lib.recordings.given_recordings import GivenRecording
from tools.lib.search.choices import HOPS_A_WINDOW

DATASET, LONG_RECORDINGS = "right_whale", RECORDINGS / "right_whale_recordings"
SECTION = "detection"
# Low enough for curves up to a recall of nearly all calls.
THRESHOLD = 0.1


def read_calls(table: Path) -> dict[str, list[Call]]:
    """Return the annotated calls of each recording by its name; an empty list for a recording without calls."""
    calls = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            start_s = float(row["start_s"])
            of_recording = calls[row["filename"]]
            if row["label"] == CALL:
                of_recording.append(Call(start_s, start_s + float(row["duration_s"])))
    return dict(calls)


def decoded(paths: Sequence[Path], params: FeatureParams) -> list[GivenRecording]:
    """Decode whole recordings; they must be readable."""
    found = in_parallel(examine, [(path, params.channel) for path in paths], "checking")
    return [GivenRecording(path, of_path, path.name, path.stem) for path, of_path in zip(paths, found, strict=True)]


def windows_of(recordings: Sequence[GivenRecording], params: FeatureParams) -> tuple[Features, list[Clip]]:
    """Return the features of all windows with sound in some recordings, computed if not stored."""
    rows = []
    for one in recordings:
        starts_s = window_starts(one.length_s, params.clip_s, params.clip_s / HOPS_A_WINDOW)
        sounding_s = starts_s[one.found.has_sound(starts_s, params.clip_s)]
        rows += [clip_row(one.path.name, start_s, UNLABELLED, "") for start_s in sounding_s]
    table = CACHE / "windows.csv"
    write_table(table, COLUMNS, rows)
    return kept_features("windows", table, LONG_RECORDINGS / "recordings", params)


def detect(
    model: Model, features: Features, windows: Sequence[Clip], recordings: Sequence[GivenRecording], clip_s: float
) -> dict[str, list[Detection]]:
    """Return the detections of a model in some recordings, by name."""
    log_odds = calibrated_log_odds(model, features, [window.clip_id for window in windows])
    p_call = dict(zip(windows, probability(log_odds, 1.0), strict=True))
    found = {}
    for one in recordings:
        of_recording = {window.start_s: score for window, score in p_call.items() if window.recording == one.path.name}
        starts_s = window_starts(one.length_s, clip_s, clip_s / HOPS_A_WINDOW)
        scores = np.array([of_recording.get(round(start_s, 3), np.nan) for start_s in starts_s.tolist()])
        found[one.path.name] = find_detections(scores, starts_s, clip_s, one.found, THRESHOLD)
    return found


def outcome_of(
    detections: Mapping[str, Sequence[Detection]], calls: Mapping[str, Sequence[Call]], hours: Mapping[str, float]
) -> Detected:
    """Compare the detections in some recordings with the annotated calls."""
    names = list(calls)
    return Detected(
        np.array([detection.p_call for name in names for detection in detections[name]]),
        np.array([found for name in names for found in match(detections[name], calls[name])], bool),
        np.repeat(np.arange(len(names)), [len(detections[name]) for name in names]),
        np.array([len(calls[name]) for name in names]),
        np.array([hours[name] for name in names]),
    )


def run_seeds(kinds: Sequence[str], seeds: Sequence[int], changes: Mapping) -> dict[str, list[Detected]]:
    """Train and detect for each split seed; return the outcomes of each kind."""
    calls = read_calls(LONG_RECORDINGS / "annotations.tsv")
    feature_params = params_for(DATASET, "featurize", FeatureParams, overlay_of(available_kinds()), changes)
    recordings = decoded([LONG_RECORDINGS / "recordings" / name for name in calls], feature_params)
    hours = {one.path.name: one.length_s / 3600 for one in recordings}
    features, clips = featurized(DATASET, changes)
    windows_features, windows = windows_of(recordings, feature_params)
    train_params = params_for(DATASET, "train", TrainParams, changes)
    outcomes = defaultdict(list)
    for seed in tqdm(seeds, desc="detection", unit="seed", disable=None):
        split_params = params_for(DATASET, "split", SplitParams, changes, {"split": {"seed": seed}})
        train, valid, _ = divided(clips, split_params)
        for kind, model in train_kinds(kinds, features, train, valid, train_params).items():
            found = detect(model, only(windows_features, kind), windows, recordings, feature_params.clip_s)
            outcomes[kind].append(outcome_of(found, calls, hours))
    return dict(outcomes)


def main() -> None:
    """Run the seeds and print the results, or put them in a page."""
    parser = results_parser(__doc__, SECTION, seed_count=5)
    add_kinds(parser)
    add_overlay(parser)
    arguments = parser.parse_args()
    exit_without(LONG_RECORDINGS)
    exit_without_pretrained(arguments.kinds)
    outcomes = run_seeds(arguments.kinds, range(arguments.seeds), arguments.overlay)
    publish(section(outcomes), SECTION, arguments.page)


if __name__ == "__main__":
    run(main)
