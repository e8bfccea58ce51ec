"""Take in what reviewers heard in windows of a detector run: `python -m tools.add_reviews FILE...`.

A FILE is the CSV of review.html, or a table of tools.detect (Raven, Audacity or CSV) in which somebody has filled in
verdicts: call, nocall or unsure. Rows may be added and moved. A row without a verdict says nothing, and so does a
deleted row. The recordings and windows join the data set, the answers join labels/expert.csv. Giving a file again
changes nothing.

example:
  python -m tools.add_reviews ~/Downloads/review-val-2026-11-28.csv
  python -m tools.add_reviews detections/*.selections.txt --annotator val
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run as run_tool
from stages.lib.runtime.table import Row
from stages.lib.tables.answer_rules import rule_faults
from stages.lib.tables.clips import Clip
from stages.lib.tables.expert import EXPERT, clip_ids_of, read_rows, write_rows
from stages.lib.tables.reviews import REVIEWS, Review, read_reviews, write_reviews
from tools.lib.answers.answer_merging import contradictions, merge, outcomes_line
from tools.lib.answers.signature import Signature, add_signature, signature_faults, signature_of
from tools.lib.clips.known_clips import parts_as_far_as_known, with_clips_ever
from tools.lib.command_parser import command_parser
from tools.lib.detection.run_record import read_run
from tools.lib.draws.draws import draw_paths, read_covered, searched_by
from tools.lib.draws.runs_table import RUNS, SearchedBin, read_runs, write_runs
from tools.lib.formats.selections import is_filled_in
from tools.lib.verdicts.answers import given_answers, merged_reviews, reviews_of, that_count
from tools.lib.verdicts.data_set import DataSet, read_data_set, run_faults
from tools.lib.verdicts.joining import Joining, faults_together, join, plan_joining
from tools.lib.verdicts.reading import folder_of, page_verdicts, table_verdicts
from tools.lib.verdicts.scored import Scored
from tools.lib.verdicts.verdict_files import HandedIn, read_file
from tools.lib.verdicts.verdicts import Verdict
from tools.lib.wording import counted


class Given(NamedTuple):
    """The options: the run, the signature, the verdict of deleted rows, and the length of excerpts."""

    run: Path | None
    signature: Signature
    deleted: str | None
    minutes: float | None


class Reviewed(NamedTuple):
    """The verdicts of the files about one run, and the clips that join the data set for them."""

    verdicts: list[Verdict]
    joining: Joining
    reviews: list[Review]
    searched: list[SearchedBin]


def review_run(
    folder: Path, files: Sequence[HandedIn], data: DataSet, given: Given, present: Sequence[Row]
) -> Reviewed:
    """Collect the verdicts of the files about one run, or refuse all their faults."""
    run = read_run(folder)
    recordings = {one.name: one for one in run.recordings}
    refuse(run_faults(data, folder, run))
    scores_of = cache(lambda name: Scored(folder, run, recordings[name]))
    draws = [read_reviews(path) for path in draw_paths(folder)]
    found = [
        page_verdicts(file, draws)
        if file.selections is None
        else table_verdicts(file, run, scores_of, given.signature, given.deleted)
        for file in files
    ]
    refuse(fault for _, faults in found for fault in faults)
    before = clips_before(data, run.run)
    drawn = {(review.recording, review.start_s): review for windows in draws for review in windows}
    verdicts = that_count((verdict for of_file, _ in found for verdict in of_file), before, drawn, present)
    joining = plan_joining(data, recordings, verdicts, given.minutes, before)
    reviews = reviews_of(run.run, verdicts, joining.clip_ids, drawn, recordings)
    batches = {review.batch for review in reviews if review.drawn}
    return Reviewed(verdicts, joining, reviews, searched_by(run, read_covered(folder), batches))


def clips_before(data: DataSet, run: str) -> dict[tuple[str, float], Clip]:
    """Return the clips of the windows of a run that were reviewed before, by recording and start in the run."""
    clips = {clip.clip_id: clip for clip in data.clips}
    return {
        (review.recording, review.start_s): clips[review.clip_id]
        for review in read_reviews()
        if review.run == run and review.clip_id in clips
    }


def add_reviews(paths: Sequence[Path], given: Given) -> list[str]:
    """Take in the files, or refuse all faults at once; return the lines to print."""
    present, faults = read_rows(EXPERT)
    part_of, _ = parts_as_far_as_known(clip_ids_of(present))
    faults += rule_faults(EXPERT, present, with_clips_ever(part_of, clip_ids_of(present)))
    files = [read_file(path) for path in dict.fromkeys(paths)]
    refuse([*faults, *(fault for file in files for fault in file.faults)])
    data, before, runs = read_data_set(), read_reviews(), read_runs()
    by_folder = defaultdict(list)
    for file in files:
        by_folder[folder_of(file, given.run).resolve()].append(file)
    reviewed = [review_run(folder, of_folder, data, given, present) for folder, of_folder in by_folder.items()]
    refuse(faults_together(one.joining for one in reviewed))
    verdicts = [verdict for one in reviewed for verdict in one.verdicts]
    clip_ids = [clip_id for one in reviewed for clip_id in one.joining.clip_ids]
    answers = given_answers(verdicts, clip_ids, present)
    refuse(contradictions(answers))

    # Clips first, then the answers about them: after a kill, the same command completes the rest.
    joined = sum(join(read_data_set(), one.joining) for one in reviewed)
    write_reviews(REVIEWS, merged_reviews(before, (review for one in reviewed for review in one.reviews)))
    write_runs(RUNS, {row[:7]: row for row in [*(row for one in reviewed for row in one.searched), *runs]}.values())
    rows, outcomes = merge(present, answers)
    write_rows(EXPERT, rows)
    weighted = len({(one.run, one.clip_id) for each in reviewed for one in each.reviews if one.drawn})
    empty = sum(not is_filled_in(one) for file in files for one in file.selections or [])
    return [
        outcomes_line(EXPERT, outcomes, empty, "label"),
        f"{REVIEWS}: {counted(weighted, 'reviewed window')} drawn at random; no others count for the field report",
        f"{data.table}: {counted(joined, 'window')} joined the pool" + (next_steps(data) if joined else ""),
    ]


def next_steps(data: DataSet) -> str:
    """Return the next steps after recordings have joined."""
    tracked = (data.folder / "recordings.dvc").exists()
    return f"; now dvc add {data.recordings}, commit, dvc repro" if tracked else "; now commit, dvc repro"


def option_faults(given: Given) -> list[str]:
    """List the faults of the options."""
    faults = signature_faults(given.signature)
    if given.minutes is not None and not (isfinite(given.minutes) and 0 < given.minutes <= 1440):
        faults.append(f"--minutes: {given.minutes:g} should be more than 0, and at most a day")
    if given.run is not None and not given.run.is_dir():
        faults.append(f"--run: {given.run} is no folder; name one that tools.detect has written")
    return faults


def main() -> None:
    """Take in the given files."""
    parser = command_parser(__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file with verdicts")
    add_signature(parser)
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="folder of the run (default: the folder of the file, or detections/)"
    )
    parser.add_argument("--deleted", choices=["nocall"], help="take rows that were deleted from a table for no calls")
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="M",
        help="copy only parts of M minutes that hold a window (default: whole recordings)",
    )
    options = parser.parse_args()
    given = Given(options.run, signature_of(options), options.deleted, options.minutes)
    refuse(option_faults(given))
    print(*add_reviews(options.files, given), sep="\n")


if __name__ == "__main__":
    run_tool(main)
