"""Write a page with the model's most confident errors and probable label errors: `python -m tools.error_page`.

Run it after `dvc repro`, to hear hard clips and wrong labels. Run `python -m tools.find_label_errors` first to include
label errors.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# Import libraries only through these modules: `stages` first pins the environment variables that they read.
from stages.lib.feature_store import open_features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.model_folder import RETRAINED, load_model
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run
from tools.lib.clips.known_clips import clips_by_id
from tools.lib.command_parser import command_parser, output_file
from tools.lib.label_errors.confident_errors import ScoredClip, confident_errors, errors_by_site
from tools.lib.label_errors.label_error_table import LABEL_ERRORS, REMEDY, LabelError, read_label_errors
from tools.lib.label_errors.labels_in_force import LabelledClip, read_labels_in_force
from tools.lib.pages.clip_parts import clip_parts, in_data_set, media_blocks
from tools.lib.pages.document import document

PAGE = Path("labels/errors.html")
PARTS = ("valid", "test")
MOST_CLIPS = 60  # Per section: an hour of listening, and a page small enough for e-mail.

STYLES = ("base.css", "spectrogram.css", "error_page.css")
SCRIPTS = ("player.js", "spectrogram.js", "clip_media.js", "clip_card.js", "error_page.js")


class Doubts(NamedTuple):
    """The labels that are probably wrong and still in force.

    Attributes
    ----------
    shown : list of LabelError
        The first ones.
    total : int
    corrected : int
        The number of rows whose label was changed or disputed since.
    """

    shown: list[LabelError]
    total: int
    corrected: int


def error_page(
    dataset: str, params: FeatureParams, labelled: Sequence[LabelledClip], scores: Mapping[str, float], count: int
) -> str:
    """Return the page.

    Parameters
    ----------
    dataset : str
    params : FeatureParams
    labelled : sequence of LabelledClip
        Every label in force.
    scores : mapping
        From the ids of the valid and test clips to the model's calibrated log-odds.
    count : int
        The maximum number of clips in each of the two sections.

    Raises
    ------
    InputFaults
        With every clip that is not in the data set, or whose recording is missing.
    """
    folder = DataParams(dataset=dataset).folder
    in_force = {clip.clip_id: clip for clip in labelled}
    doubts = standing_doubts(in_force, count) if LABEL_ERRORS.exists() else None
    doubted = [doubt.clip_id for doubt in doubts.shown] if doubts else []
    known = clips_by_id(folder / "clips.csv", [*scores, *doubted])
    scored = [
        ScoredClip(clip_id, known[clip_id].site, *in_force[clip_id][1:], log_odds)
        for clip_id, log_odds in scores.items()
    ]
    wrong = confident_errors(scored, count)
    shown = list(dict.fromkeys([*(clip.clip_id for clip in wrong), *doubted]))
    parts = clip_parts(in_data_set(folder, (known[clip_id] for clip_id in shown)), params, "error page")
    place = {clip_id: position for position, clip_id in enumerate(shown)}
    page = {
        "dataset": dataset,
        "errors": sum(clip.is_wrong for clip in scored),
        "scored": len(scored),
        "sites": [
            {**errors._asdict(), "shown": [entry(clip, place) for clip in wrong if clip.site == errors.site]}
            for errors in errors_by_site(scored)
        ],
        "doubts": doubts
        and doubts._asdict()
        | {"shown": [entry(doubt, place, **in_force[doubt.clip_id]._asdict()) for doubt in doubts.shown]},
        "remedy": REMEDY,
        "clips": [about for about, _ in parts],
    }
    title = f"Model errors: {dataset}"
    return document("error_page.html", title, STYLES, SCRIPTS, {"page": page} | media_blocks(parts))


def entry(clip: ScoredClip | LabelError, place: Mapping[str, int], **more: Any) -> dict[str, Any]:
    """Return the facts that a section shows about a clip, and the position of its sound and pictures."""
    return {"position": place[clip.clip_id], **more, **clip._asdict(), "p_call": clip.p_call}


def standing_doubts(in_force: Mapping[str, LabelledClip], count: int) -> Doubts:
    """Return the probable label errors whose label is still in force."""
    found = read_label_errors()
    standing = [doubt for doubt in found if doubt.clip_id in in_force and in_force[doubt.clip_id].label == doubt.label]
    return Doubts(standing[:count], len(standing), len(found) - len(standing))


def retrained_scores(labelled: Sequence[LabelledClip]) -> dict[str, float]:
    """Return the retrained model's log-odds for the valid and test clips, which it was not trained on."""
    clip_ids = [clip.clip_id for clip in labelled if clip.part in PARTS]
    features = open_features()
    model = load_model(RETRAINED, features)
    log_odds = calibrated_log_odds(model, features, clip_ids)
    return dict(zip(clip_ids, log_odds.tolist(), strict=True))


def main() -> None:
    """Write the error page."""
    parser = command_parser(__doc__)
    parser.add_argument("--count", type=int, default=MOST_CLIPS, help=f"clips per section (default: {MOST_CLIPS})")
    parser.add_argument("--output", type=output_file, default=PAGE, help=f"output file (default: {PAGE})")
    arguments = parser.parse_args()
    refuse([f"--count {arguments.count}: is too small; give 1 or more"] if arguments.count < 1 else [])
    dataset = read_params("data", DataParams).dataset
    params = read_params("featurize", FeatureParams)
    labelled = read_labels_in_force()
    page = error_page(dataset, params, labelled, retrained_scores(labelled), arguments.count)
    write_text(arguments.output, page)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.1f} MB; open it in a browser")
    if not LABEL_ERRORS.exists():
        print(f"To include probable label errors, {REMEDY} first; it takes a few minutes")


if __name__ == "__main__":
    run(main)
