"""Answer the queue of the synthetic data set, to try the loop without an expert: `python -m tools.answer_queue`."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run
from stages.lib.runtime.table import Row, read_table
from stages.lib.tables.clips import UNLABELLED, read_clips
from stages.lib.tables.expert import COLUMNS, EXPERT, QUEUE, write_rows
from tools.lib.clips.known_clips import absence, clips_table
from tools.lib.command_parser import command_parser
from tools.lib.wording import counted

ANNOTATOR = "synthetic-truth"


def answers_for(
    queued: Sequence[str], answered: set[tuple[str, str]], truth: Mapping[str, str], annotator: str, day: date
) -> list[tuple[str, ...]]:
    """Answer the queued clips with a known truth that the annotator has not answered yet.

    Parameters
    ----------
    queued : sequence of str
        Clip ids.
    answered : set of (clip id, annotator)
    truth : mapping
        From clip id to `call`, `nocall` or empty.
    annotator : str
    day : date

    Returns
    -------
    list of tuple
        Rows of labels/expert.csv.
    """
    return [
        (clip_id, truth[clip_id], annotator, day.isoformat(), "")
        for clip_id in queued
        if truth.get(clip_id, UNLABELLED) != UNLABELLED and (clip_id, annotator) not in answered
    ]


def answer_queue(folder: Path, truth: Mapping[str, str], annotator: str) -> int:
    """Add answers for the queue to the expert labels of the repository in a folder; return their number."""
    queued = [row.cells["clip_id"] for row in read_table(folder / QUEUE, COLUMNS)]
    rows = read_table(folder / EXPERT, COLUMNS)
    answered = {(row.cells["clip_id"], row.cells["annotator"]) for row in rows}
    new = answers_for(queued, answered, truth, annotator, date.today())
    write_rows(folder / EXPERT, [*rows, *(Row(0, dict(zip(COLUMNS, cells, strict=True))) for cells in new)])
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
