"""Find clips whose label is probably wrong, by cross-validation: `python -m tools.find_label_errors`.

Run it after `dvc repro`. It trains one model per fold and lists the labels that these models doubt.
`python -m tools.error_page` then shows the clips.
"""

from pathlib import Path

from stages.lib.feature_store import open_features

# Import libraries only through these modules: `stages` first pins the environment variables that they read.
from stages.lib.model.calibration import probability
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run
from stages.lib.tables.split import SPLIT
from stages.lib.training.inputs import LabelledClips, TrainParams
from tools.lib.clips.known_clips import clips_by_id, clips_table
from tools.lib.command_parser import command_parser, output_file
from tools.lib.label_errors.cross_validation import out_of_fold_log_odds, refuse_too_many_folds
from tools.lib.label_errors.label_error_table import LABEL_ERRORS, LabelError, write_label_errors
from tools.lib.label_errors.label_quality import probable_errors
from tools.lib.label_errors.labels_in_force import LabelledClip, read_labels_in_force
from tools.lib.wording import counted

FOLDS = 5
SHOWN = 10


def recordings_of(clips: list[LabelledClip], table: Path) -> list[str]:
    """Return the recording of each clip; refuse clips that are no longer in the data set."""
    known = clips_by_id(table, (clip.clip_id for clip in clips))
    return [known[clip.clip_id].recording for clip in clips]


def find_label_errors(fold_count: int) -> tuple[list[LabelError], int]:
    """Return the probable errors among the labels in force, and the number of labels."""
    params = read_params("train", TrainParams)
    clips = read_labels_in_force()
    recordings = recordings_of(clips, clips_table())
    labels = [clip.label for clip in clips]
    refuse_too_many_folds(str(SPLIT), labels, recordings, fold_count)
    labelled = LabelledClips.unweighted([clip.clip_id for clip in clips], labels)
    log_odds = out_of_fold_log_odds(open_features(), labelled, recordings, fold_count, params)
    return probable_errors(labelled.clip_ids, labels, probability(log_odds, 1.0)), len(clips)


def summary(errors: list[LabelError], clip_count: int, output: Path) -> str:
    """Summarise the errors: their number, the first ones, and the command to hear them."""
    lines = [
        f"  {error.clip_id}  {error.label}, p_call {error.p_call:.3f}, quality {error.quality:.3f}"
        for error in errors[:SHOWN]
    ]
    return "\n".join(
        [
            f"{output}: {counted(len(errors), 'label')} of {clip_count} in doubt, most doubtful first",
            *lines,
            *(["  ..."] if len(errors) > SHOWN else []),
            "python -m tools.error_page shows them with their sound.",
        ]
    )


def main() -> None:
    """Write the table of probable label errors."""
    parser = command_parser(__doc__)
    parser.add_argument(
        "--folds", type=int, default=FOLDS, help=f"number of trainings, each a few minutes (default: {FOLDS})"
    )
    parser.add_argument(
        "--output", type=output_file, default=LABEL_ERRORS, help=f"output file (default: {LABEL_ERRORS})"
    )
    arguments = parser.parse_args()
    errors, clip_count = find_label_errors(arguments.folds)
    write_label_errors(arguments.output, errors)
    print(summary(errors, clip_count, arguments.output))


if __name__ == "__main__":
    run(main)
