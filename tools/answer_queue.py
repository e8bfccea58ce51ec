"""Answer the queue of the synthetic data set, to try the loop without an expert: `python -m tools.answer_queue`."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run
from stages.lib.runtime.table import Row, read_table
from stages.lib.tables.clips import UNLABELLED, read_clips
from stages.lib.tables.expert import COLUMNS, EXPERT, QUEUE, clip_ids_of, write_rows
from tools.lib.clips.known_clips import absence, clips_table
from tools.lib.command_parser import command_parser
from tools.lib.wording import counted

ANNOTATOR = "synthetic-truth"


def answer_queue(folder: Path, truth: Mapping[str, str], annotator: str) -> int:
    """Answer the queued clips with a known truth that an annotator has not answered yet.

    Parameters
    ----------
    folder : Path
        A repository; its labels/expert.csv gets the answers.
    truth : mapping
        From clip id to `call`, `nocall` or empty.
    annotator : str

    Returns
    -------
    int
        The number of new answers.
    """
    rows = read_table(folder / EXPERT, COLUMNS)
    answered = clip_ids_of(row for row in rows if row.cells["annotator"] == annotator)
    today = date.today().isoformat()
    new = [
        Row(0, {"clip_id": clip_id, "label": truth[clip_id], "annotator": annotator, "date": today, "note": ""})
        for clip_id in clip_ids_of(read_table(folder / QUEUE, COLUMNS)) - answered
        if truth.get(clip_id, UNLABELLED) != UNLABELLED
    ]
    write_rows(folder / EXPERT, [*rows, *new])
    return len(new)


def main() -> None:
    """Answer the queue of the synthetic data set."""
    command_parser(__doc__).parse_args()
    data = read_params("data", DataParams)
    if not data.is_synthetic:
        raise InputFaults(
            [
                f"params.yaml: data.dataset is {data.dataset}; made-up answers are only for the synthetic data set, "
                "real clips need a person who listens"
            ]
        )
    table = clips_table()
    refuse(absence([table]))
    truth = {clip.clip_id: clip.label for clip in read_clips(table)}
    count = answer_queue(Path(), truth, ANNOTATOR)
    print(f"{EXPERT}: {counted(count, 'answer')} added under the annotator name {ANNOTATOR}")


if __name__ == "__main__":
    run(main)
