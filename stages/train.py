"""train: learn the baseline model from the labels that the data set came with."""

from pathlib import Path

from stages.lib.feature_store import open_features
from stages.lib.model.calibration import calibration_remark
from stages.lib.model.model_folder import BASELINE, save_model
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run_stage
from stages.lib.runtime.table import write_table
from stages.lib.tables.split import SplitClip, read_split
from stages.lib.training.epochs import HISTORY_COLUMNS
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model

HISTORY = Path("metrics/plots/training_baseline.csv")


def labelled_clips(clips: list[SplitClip], part: str) -> LabelledClips:
    """Return the clips of one part with the labels of the data set, each counting for one."""
    of_part = [clip for clip in clips if clip.part == part]
    return LabelledClips.unweighted([clip.clip_id for clip in of_part], [clip.label for clip in of_part])


def main() -> None:
    """Train the baseline."""
    params = read_params("train", TrainParams)
    clips = read_split()
    train, valid = labelled_clips(clips, "train"), labelled_clips(clips, "valid")
    model, history = train_new_model(open_features(), train, valid, params)
    save_model(BASELINE, model)
    write_table(HISTORY, HISTORY_COLUMNS, history)
    print(calibration_remark(*model.calibrated_by) or "Trained and calibrated.")


if __name__ == "__main__":
    run_stage(main)
