"""Find clips whose label is probably wrong, by cross-validation: `python -m tools.find_label_errors`.

Run it after `dvc repro`. It trains one model per fold and lists the labels that these models doubt.
`python -m tools.error_page` then shows the clips.
"""

from collections.abc import Sequence
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


def find_label_errors(clips: Sequence[LabelledClip], fold_count: int) -> list[LabelError]:
    """Return the probable errors among labels; refuse clips that are no longer in the data set."""
    params = read_params("train", TrainParams)
    known = clips_by_id(clips_table(), (clip.clip_id for clip in clips))
    recordings = [known[clip.clip_id].recording for clip in clips]
    labelled = LabelledClips.unweighted([clip.clip_id for clip in clips], [clip.label for clip in clips])
    refuse_too_many_folds(str(SPLIT), labelled.labels, recordings, fold_count)
    log_odds = out_of_fold_log_odds(open_features(), labelled, recordings, fold_count, params)
    return probable_errors(labelled.clip_ids, labelled.labels, probability(log_odds, 1.0))


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
    clips = read_labels_in_force()
    errors = find_label_errors(clips, arguments.folds)
    write_label_errors(arguments.output, errors)
    print(summary(errors, len(clips), arguments.output))


if __name__ == "__main__":
    run(main)
