"""train: learn the baseline model from the labels that the data set came with."""

from pathlib import Path

from stages.lib.determinism import pin
from stages.lib.feature_store import load_clips, open_features
from stages.lib.model_folder import BASELINE, Model, save_model
from stages.lib.network import build_network
from stages.lib.normalisation import Normalisation
from stages.lib.params import read_params
from stages.lib.running import run_stage
from stages.lib.split_table import SplitClip, read_split
from stages.lib.table import write_table
from stages.lib.training import HISTORY_COLUMNS, LabelledClips, TrainParams, calibrate, train_model

HISTORY = Path("metrics/plots/training_baseline.csv")


def labelled_clips(clips: list[SplitClip], part: str) -> LabelledClips:
    """Return the clips of one part with the labels of the data set, each counting for one."""
    of_part = [clip for clip in clips if clip.part == part]
    return LabelledClips([clip.clip_id for clip in of_part], [clip.label for clip in of_part], [1.0] * len(of_part))


def main() -> None:
    """Train the baseline."""
    params = read_params("train", TrainParams)
    clips = read_split()
    train, valid = labelled_clips(clips, "train"), labelled_clips(clips, "valid")
    features = open_features()
    pin(params.seed)
    normalisation = Normalisation.learn(load_clips(features, train.clip_ids))
    network = build_network(tuple(features.description["shape"]))
    model = Model(network, features.description, normalisation)
    history = train_model(model, features, train, valid, params)
    save_model(BASELINE, calibrate(model, features, valid))
    write_table(HISTORY, HISTORY_COLUMNS, history)


if __name__ == "__main__":
    run_stage(main)
