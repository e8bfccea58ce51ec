"""retrain: learn again, from the labels of the data set, the experts and the model together."""

from pathlib import Path
from typing import Literal

from stages.lib.feature_store import open_features
from stages.lib.model.calibration import calibration_remark
from stages.lib.model.model_folder import BASELINE, RETRAINED, load_model, save_model
from stages.lib.runtime.params import Section, read_params
from stages.lib.runtime.running import run_stage
from stages.lib.runtime.table import write_table
from stages.lib.tables.merged import MODEL, MergedClip, read_merged
from stages.lib.training.epochs import HISTORY_COLUMNS
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_parts, with_new_network

HISTORY = Path("metrics/plots/training_retrained.csv")


class RetrainParams(Section):
    """Section `retrain` of params.yaml: start from random weights, or from those of the baseline."""

    init: Literal["scratch", "baseline"]


def labelled_clips(clips: list[MergedClip], parts: tuple[str, ...]) -> LabelledClips:
    """Return the clips of some parts."""
    chosen = [clip for clip in clips if clip.part in parts]
    return LabelledClips(
        [clip.clip_id for clip in chosen],
        [clip.label for clip in chosen],
        [clip.weight for clip in chosen],
        frozenset(clip.clip_id for clip in chosen if clip.source == MODEL),
    )


def main() -> None:
    """Train the model again."""
    params = read_params("train", TrainParams)
    init = read_params("retrain", RetrainParams).init
    clips = read_merged()
    train, valid = labelled_clips(clips, ("train", "pool")), labelled_clips(clips, ("valid",))
    features = open_features()
    # Both models see the same numbers, so that they differ by their labels alone.
    model = load_model(BASELINE, features, params.seed)
    if init == "scratch":
        model = with_new_network(model, params)
    model, history = train_parts(model._replace(network_temperature=1.0), features, train, valid, params)
    save_model(RETRAINED, model)
    write_table(HISTORY, HISTORY_COLUMNS, history)
    print(calibration_remark(*model.calibrated_by) or "Trained and calibrated.")


if __name__ == "__main__":
    run_stage(main)
