"""Write the page where experts listen to the queued clips and label them: `python -m tools.label_page`.

Run it after `dvc repro` has filled labels/queue.csv. The page is a single file that works in any browser, offline.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run
from stages.lib.tables.expert import EXPERT, QUEUE, answers_of, read_rows
from stages.lib.tables.held_out import length_faults, read_held_out
from stages.lib.tables.pool import POOL_SCORES, read_pool
from tools.lib.clips.queue_windows import queued_clips
from tools.lib.command_parser import command_parser, output_file
from tools.lib.pages.clip_parts import in_data_set
from tools.lib.pages.label_document import label_document

PAGE = Path("labels/queue.html")


def label_page(
    dataset: str, params: FeatureParams, scores: Mapping[str, float], answered_by: Mapping[str, Sequence[str]]
) -> str:
    """Return the page of the queue; scores and earlier annotators are as for `label_document`.

    Raises
    ------
    InputFaults
        If the queue is empty; with every clip that is not in the data set, or whose recording is missing.
    """
    folder = DataParams(dataset=dataset).folder
    clips = queued_clips(folder / "clips.csv")
    refuse([] if clips else [f"{QUEUE}: is empty{why_empty()}"])
    shown = in_data_set(folder, clips)
    return label_document(dataset, shown, params, scores=scores, answered_by=answered_by, table=EXPERT)


def read_answered_by() -> dict[str, list[str]]:
    """Return the annotators who have answered for each clip; there may be no table of answers yet."""
    rows, faults = read_rows(EXPERT) if EXPERT.exists() else ([], [])
    refuse(faults)
    names = defaultdict(list)
    for answer in answers_of(rows):
        names[answer.clip_id].append(answer.annotator)
    return names


def why_empty() -> str:
    """Say why the queue is empty, as far as the pool tells, and what fills it."""
    if POOL_SCORES.exists() and not read_pool():
        return (
            ", because no clip is in the pool; add recordings with python -m tools.add_recordings FOLDER, then run "
            "dvc repro"
        )
    return "; run dvc repro, or widen the band of score_pool in params.yaml"


def main() -> None:
    """Write the label page."""
    parser = command_parser(__doc__)
    parser.add_argument("--output", type=output_file, default=PAGE, help=f"output file (default: {PAGE})")
    output = parser.parse_args().output
    dataset = read_params("data", DataParams).dataset
    params = read_params("featurize", FeatureParams)
    refuse(length_faults(dataset, read_held_out(), params.clip_s))
    scores = {clip.clip_id: clip.p_call for clip in read_pool()} if POOL_SCORES.exists() else {}
    write_text(output, label_page(dataset, params, scores, read_answered_by()))
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB; open it in a browser, or send it to an expert")


if __name__ == "__main__":
    run(main)
