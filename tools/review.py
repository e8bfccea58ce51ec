"""Draw windows of searched recordings to listen to: `python -m tools.review FOLDER --count N`.

A FOLDER is one that tools.detect has written. The windows are drawn at random from all recordings and all ranges of
scores, also below the threshold. The folder gets the page where people listen to them (review.html) and the list of the
windows (review.csv). `python -m tools.add_reviews` takes in the answers. If you run it again, it draws other windows,
from recordings that have joined the run since if there are any.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run as run_tool
from stages.lib.tables.clips import UNLABELLED, Clip
from stages.lib.tables.reviews import read_reviews, write_reviews
from tools.lib.command_parser import command_parser
from tools.lib.detection.run_record import DETECTIONS, RECORD, Run, read_run
from tools.lib.draws.draws import Counts, Draw, batch_id, draw_windows, next_draw_path, read_covered, write_covered
from tools.lib.pages.clip_parts import Shown
from tools.lib.pages.label_document import label_document
from tools.lib.verdicts.data_set import (
    DataSet,
    held_out_reasons,
    present_names,
    read_data_set,
    run_faults,
    source_faults,
    twins_by_name,
)
from tools.lib.wording import counted


class Planned(NamedTuple):
    """The files that a draw from one folder will write, and the lines to print about it."""

    folder: Path
    run: Run
    draw: Draw
    said: list[str]


def plan(folder: Path, data: DataSet, counts: Counts) -> Planned:
    """Draw the windows of one folder, or refuse."""
    run = read_run(folder)
    refuse(run_faults(data, folder, run))
    path_of = {one.name: Path(one.path) for one in run.recordings}
    there = [one for one in run.recordings if path_of[one.name].is_file()]
    reasons = {name: "is no longer there" for name, path in path_of.items() if not path.is_file()}
    present, covered = present_names(data, there), read_covered(folder)
    reasons |= held_out_reasons(data, there, present)
    allowed = [one for one in there if one.name not in reasons]
    drawn_before = {one.recording for one in covered}
    twins_of = twins_by_name(allowed)
    for one in allowed:
        first = min(twins_of[one.name], key=lambda twin: twin.name not in drawn_before)
        if first != one:
            reasons[one.name] = f"holds the same bytes as {first.path}"
    new = [one for one in allowed if one.name not in reasons and one.name not in drawn_before]
    batches = {batch_id(run.run, new), *(one.batch for one in covered)}
    elsewhere = drawn_elsewhere(data, run, batches)
    reasons |= {
        one.name: "windows of it were drawn in another folder of this run"
        for one in new
        if {one.name, present.get(one.name)} & elsewhere
    }
    usable = [one for one in allowed if one.name not in reasons]
    said = [f"{path_of[name]}: {reason}; no window of it is drawn" for name, reason in reasons.items()]
    refuse([] if usable else [f"{folder / RECORD}: has no recording to review", *said])
    draw = draw_windows(folder, run, usable, counts)
    said += [
        f"{one.path}: has changed since windows of it were drawn, so no more are drawn; to review it, search it again "
        "with another --output"
        for one in usable
        if one.name in draw.changed
    ]
    left = "no window is left to draw" if draw.changed else "all windows have been drawn"
    none_left = f"{folder}: {left}; python -m tools.add_reviews takes the answers"
    refuse([] if draw.windows else [none_left, *said])
    drawn = {one.recording for one in draw.windows}
    refuse(source_faults([one for one in usable if one.name in drawn], f"{folder / RECORD}:"))
    return Planned(folder, run, draw, said)


def drawn_elsewhere(data: DataSet, run: Run, batches: Collection[str]) -> set[str]:
    """Return the recordings of other batches of a run that have been reviewed, by the names in it and in the data set.

    Drawn from again in this batch, they would count twice: their hours, and what their windows stand for.
    """
    recording = {clip.clip_id: clip.recording for clip in data.clips}
    reviews = [one for one in read_reviews() if one.drawn and one.run == run.run and one.batch not in batches]
    return {name for one in reviews for name in (one.recording, recording.get(one.clip_id, ""))}


def page_of(planned: Planned, params: FeatureParams) -> str:
    """Return the page of a draw."""
    path_of = {one.name: Path(one.path) for one in planned.run.recordings}
    windows = planned.draw.windows
    clips = [Clip(0, one.clip_id, one.recording, one.start_s, UNLABELLED, one.site) for one in windows]
    shown = [Shown(clip, path_of[clip.recording], str(planned.folder / RECORD)) for clip in clips]
    return label_document(planned.folder.name, shown, params, scores=planned.draw.scores, answered_by={}, table=None)


def write(planned: Planned, params: FeatureParams) -> list[str]:
    """Write the files of a draw, its table last; return the lines to print."""
    table = next_draw_path(planned.folder)
    page = table.with_suffix(".html")
    write_text(page, page_of(planned, params))
    write_covered(planned.folder, planned.draw.covered)
    write_reviews(table, planned.draw.windows)
    drawn = [one for one in planned.draw.windows if one.drawn]
    bins = sorted({one.bin for one in drawn})
    shares = ", ".join(f"{sum(one.bin == name for one in drawn)} of {name}" for name in bins)
    others = len(planned.draw.windows) - len(drawn)
    recordings = len({one.recording for one in planned.draw.windows})
    return [
        *planned.said,
        f"{table}: {counted(len(drawn), 'window')} drawn at random by score ({shares})"
        + (f", and {others} more, chosen by score" if others else "")
        + f", in {counted(recordings, 'recording')}",
        f"{page}: {page.stat().st_size / 1e6:.1f} MB; open it in a browser, or send it to an expert",
    ]


def review(folders: Sequence[Path], counts: Counts) -> list[str]:
    """Draw from each folder; every check comes before the first write. Return the lines to print."""
    data, params = read_data_set(), read_params("featurize", FeatureParams)
    planned = [plan(folder, data, counts) for folder in folders]
    return [line for one in planned for line in write(one, params)]


def main() -> None:
    """Draw windows from the given folders."""
    parser = command_parser(__doc__)
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="FOLDER",
        help=f"output folder of tools.detect (default: {DETECTIONS}/)",
    )
    parser.add_argument(
        "--count", type=int, default=100, metavar="N", help="windows to draw at random per folder (default: 100)"
    )
    parser.add_argument(
        "--surest", type=int, default=0, metavar="M", help="add the M with the highest scores (default: 0)"
    )
    parser.add_argument(
        "--uncertain", type=int, default=0, metavar="M", help="add the M most uncertain ones (default: 0)"
    )
    given = parser.parse_args()
    least = {"count": 1, "surest": 0, "uncertain": 0}
    numbers = {name: getattr(given, name) for name in least}
    refuse(f"--{name} {numbers[name]}: should be {few} or more" for name, few in least.items() if numbers[name] < few)
    folders = list({folder.resolve(): folder for folder in given.folders}.values()) or [DETECTIONS]
    print(*review(folders, Counts(given.count, given.surest, given.uncertain)), sep="\n")


if __name__ == "__main__":
    run_tool(main)
