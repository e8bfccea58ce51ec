"""The recipe of training on real recordings that it has not heard: `python -m experiments.real.unheard`.

201 test clips leave an interval of 0.09. The right-whale clips that no part needs make it 0.02. Of the orca recordings
every site is left out once.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from experiments.command import exit_without, results_parser
from experiments.label_efficiency.features import overlaid, write_features
from experiments.label_efficiency.summary import estimate
from experiments.page_section import publish
from experiments.real.run import OVERLAYS, RECORDINGS, repeats_in
from stages.lib.feature_store import Features, open_features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.intervals.proportions import proportion
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.runtime.running import run
from stages.lib.split.drawing import draw
from stages.lib.split.params import SplitParams
from stages.lib.split.parts import parts_of
from stages.lib.tables.clips import CALL, Clip, read_clips
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model
from tools.lib.label_errors.cross_validation import out_of_fold_log_odds

SECTION = "unheard"
FOLDS = 5
HEADER = "| seed | clips | accuracy (95 % interval) | AUC | seconds a training |\n|---|---|---|---|---|"


class Result(NamedTuple):
    """What one seed gave: the clips measured, and how long one training took."""

    seed: int
    right: int
    clips: int
    roc_auc: float
    seconds: float


def featurized(dataset: str, folder: Path) -> tuple[Features, list[Clip]]:
    """Compute the features of a data set with its params; return them with its clips, each sound once."""
    params = overlaid("featurize", FeatureParams, OVERLAYS / f"{dataset}.yaml")
    write_features(folder / dataset, RECORDINGS / dataset, params)
    repeats = repeats_in(RECORDINGS / dataset)
    clips = [clip for clip in read_clips(folder / dataset / "clips.csv") if clip.recording not in repeats]
    return open_features(folder / dataset), clips


def labelled(clips: Sequence[Clip]) -> LabelledClips:
    """Return clips with the labels of the data set, each counting for one."""
    return LabelledClips.unweighted([clip.clip_id for clip in clips], [clip.label for clip in clips])


def divided(clips: Sequence[Clip], params: SplitParams) -> list[LabelledClips]:
    """Split clips as the pipeline does; return what is in train, in valid, and in neither these nor the pool."""
    held_out, _ = draw(clips, params)
    parts = parts_of(clips, params, held_out)
    wanted = (("train",), ("valid",), ("test", None))
    return [labelled([clip for clip in clips if parts.get(clip.clip_id) in of_part]) for of_part in wanted]


def right_whale(features: Features, clips: list[Clip], seed: int) -> Result:
    """Train the baseline of a split seed, and measure it on every clip that is in neither train, valid nor pool."""
    split_params = overlaid("split", SplitParams, OVERLAYS / "right_whale.yaml").model_copy(update={"seed": seed})
    train_params = overlaid("train", TrainParams, OVERLAYS / "right_whale.yaml")
    train, valid, unheard = divided(clips, split_params)
    start = time.perf_counter()
    model, _ = train_new_model(features, train, valid, train_params)
    seconds = time.perf_counter() - start
    return result_of(seed, unheard, calibrated_log_odds(model, features, unheard.clip_ids), seconds)


def orca(features: Features, clips: list[Clip], seed: int) -> Result:
    """Train once for each fold, without some sites, and measure each on these sites; the clips of all together."""
    params = overlaid("train", TrainParams, OVERLAYS / "orca.yaml").model_copy(update={"seed": seed})
    everything = labelled(clips)
    start = time.perf_counter()
    log_odds = out_of_fold_log_odds(features, everything, [clip.site for clip in clips], FOLDS, params)
    return result_of(seed, everything, log_odds, (time.perf_counter() - start) / FOLDS)


def result_of(seed: int, clips: LabelledClips, log_odds: np.ndarray, seconds: float) -> Result:
    """Measure the scores of some clips."""
    from sklearn.metrics import roc_auc_score

    is_call = np.array([label == CALL for label in clips.labels])
    right = int(np.sum((log_odds > 0) == is_call))
    return Result(seed, right, len(is_call), float(roc_auc_score(is_call, log_odds)), seconds)


def results_table(title: str, results: Sequence[Result]) -> str:
    """Return the results of a data set as Markdown, with the means over the seeds and their intervals."""
    lines = [f"### {title}", "", HEADER]
    for result in results:
        accuracy, low, high = proportion(result.right, result.clips)
        lines.append(
            f"| {result.seed} | {result.clips} | {accuracy:.4f} ({low:.4f} to {high:.4f}) | {result.roc_auc:.4f} | "
            f"{result.seconds:.0f} |"
        )
    means = [
        estimate([result.right / result.clips for result in results]),
        estimate([result.roc_auc for result in results]),
    ]
    cells = " | ".join(f"{mean:.4f} ({low:.4f} to {high:.4f})" for mean, low, high in means)
    seconds = statistics.mean(result.seconds for result in results)
    return "\n".join([*lines, f"| **mean** | | {cells} | {seconds:.0f} |", ""])


def main() -> None:
    """Measure both data sets, and print the results or put them into a page."""
    arguments = results_parser(__doc__, seed_count=5).parse_args()
    exit_without(RECORDINGS)
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        for title, measured in (("right_whale, unused clips", right_whale), ("orca, sites left out", orca)):
            features, clips = featurized(measured.__name__, Path(folder))
            seeds = tqdm(range(arguments.seeds), desc=measured.__name__, unit="seed", disable=None)
            tables.append(results_table(title, [measured(features, clips, seed) for seed in seeds]))
    publish("\n".join(tables), SECTION, arguments.page)


if __name__ == "__main__":
    run(main)
