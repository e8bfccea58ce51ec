"""Draws of windows for review, and their files in the folder of the run.

A draw is a table, `review.csv`, with the columns of labels/reviews.csv. Later draws are `review-2.csv` and so on; none
is ever overwritten. `review_candidates.csv` has a row for each recording that has been drawn from: its batch, its hours
of sound, and its number of candidates in each bin.
"""

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from stages.lib.runtime.determinism import stable_random
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import quoted, read_table, write_table
from stages.lib.tables.reviews import Review, number, read_reviews
from tools.lib.detection.run_record import DAMAGED, RUN_DIGITS, Run, RunRecording, read_scores
from tools.lib.detection.window_id import window_id
from tools.lib.draws.candidates import BINS, Candidate, candidates_of
from tools.lib.draws.runs_table import SearchedBin
from tools.lib.draws.sampling import draw, most_uncertain, surest

CANDIDATES = "review_candidates.csv"
DRAW = re.compile(r"review(?:-(\d+))?\.csv")
COLUMNS = ("batch", "recording", "site", "hours", *BINS)


class Covered(NamedTuple):
    """A recording that has been drawn from: its batch and site, its hours of sound, and its candidates in each bin."""

    batch: str
    recording: str
    site: str
    hours: float
    candidates: tuple[int, ...]

    @property
    def content(self) -> tuple[float, tuple[int, ...]]:
        """What changes when the recording grows or is replaced."""
        return self.hours, self.candidates


class Counts(NamedTuple):
    """The number of windows to draw at random, and of the surest and most uncertain ones to add.

    Only windows drawn at random have a weight.
    """

    random: int
    surest: int = 0
    uncertain: int = 0


class Draw(NamedTuple):
    """A draw.

    Attributes
    ----------
    covered : list of Covered
        All recordings drawn from so far.
    windows : list of Review
        Windows named by `window_id`, in random order, so that the first answers are a random part.
    scores : dict
        From the id of each window to its score.
    changed : set of str
        The recordings that hold other windows than when they were first drawn from, so that none of theirs is drawn.
    """

    covered: list[Covered]
    windows: list[Review]
    scores: dict[str, float]
    changed: set[str]


def draw_paths(folder: Path) -> list[Path]:
    """Return the tables of the draws of a run, in order."""
    return sorted((path for path in folder.iterdir() if DRAW.fullmatch(path.name)), key=draw_number)


def draw_number(path: Path) -> int:
    """Return the number of a draw from the name of its table."""
    match = DRAW.fullmatch(path.name)
    return int(match[1]) if match and match[1] else 1


def next_draw_path(folder: Path) -> Path:
    """Return the path of the next draw's table."""
    before = draw_paths(folder)
    return folder / (f"review-{draw_number(before[-1]) + 1}.csv" if before else "review.csv")


def read_draws(folder: Path) -> list[Review]:
    """Return the windows of all draws of a run."""
    return [review for path in draw_paths(folder) for review in read_reviews(path)]


def read_covered(folder: Path) -> list[Covered]:
    """Return the recordings that have been drawn from; an empty list before the first draw."""
    path = folder / CANDIDATES
    if not draw_paths(folder) and not path.exists():
        return []
    rows = read_table(path, COLUMNS)
    refuse(
        f"{path}:{row.line}: {quoted(row.cells[name])} is no number of {name}; {DAMAGED}"
        for row in rows
        for name in ("hours", *BINS)
        if number(row.cells[name]) is None or (name in BINS and not row.cells[name].isdecimal())
    )
    return [
        Covered(
            row.cells["batch"],
            row.cells["recording"],
            row.cells["site"],
            float(row.cells["hours"]),
            tuple(int(row.cells[name]) for name in BINS),
        )
        for row in rows
    ]


def write_covered(folder: Path, covered: Sequence[Covered]) -> None:
    """Write the recordings that have been drawn from."""
    write_table(folder / CANDIDATES, COLUMNS, [(*one[:-1], *one.candidates) for one in covered])


def draw_windows(folder: Path, run: Run, recordings: Sequence[RunRecording], counts: Counts) -> Draw:
    """Draw windows that have not been drawn before, without writing anything.

    If recordings have joined the run since the last draw, they are the batch that windows are drawn from. Otherwise the
    windows are drawn from all that are left. So every candidate in a batch and bin has the same chance.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    run : Run
    recordings : sequence of RunRecording
        Recordings of the run that can be reviewed.
    counts : Counts
    """
    covered, before = read_covered(folder), read_draws(folder)
    known = {one.recording: one for one in covered}
    new = [one for one in recordings if one.name not in known]
    batch = batch_id(run.run, new)
    of_recording = {one.name: candidates_in(folder, run, one) for one in tqdm(recordings, "reading", disable=None)}
    now = {one.name: covered_by(batch, one, of_recording[one.name]) for one in recordings}
    changed = {name for name, one in known.items() if now.get(name, one).content != one.content}
    covered += [now[one.name] for one in new]
    batch_of = {one.recording: one.batch for one in covered}
    names = [one.name for one in new or recordings if one.name not in changed]
    shown = {(review.recording, review.start_s): review.drawn for review in before}
    # Windows that were chosen by score can still be drawn: without them, the others would not stand for their bin.
    free = [one for name in names for one in of_recording[name] if not shown.get((one.recording, one.start_s))]
    weight_of = draw(free, counts.random, f"{run.run}:{batch}:{len(draw_paths(folder))}")
    rest = {one for one in free if (one.recording, one.start_s) not in shown} - weight_of.keys()
    highest = surest(rest, counts.surest)
    doubtful = most_uncertain(rest - set(highest), counts.uncertain)
    candidate_of = {window_id(run.run, one.recording, one.start_s): one for one in [*weight_of, *highest, *doubtful]}
    windows = [
        review_of(run.run, clip_id, one, batch_of[one.recording], weight_of.get(one))
        for clip_id, one in sorted(candidate_of.items(), key=lambda item: stable_random(f"order:{item[0]}"))
    ]
    return Draw(covered, windows, {clip_id: one.p_call for clip_id, one in candidate_of.items()}, changed)


def batch_id(run: str, recordings: Collection[RunRecording]) -> str:
    """Return the id of a batch of recordings."""
    content = json.dumps([run, sorted([one.name, one.digest] for one in recordings)])
    return hashlib.sha256(content.encode()).hexdigest()[:RUN_DIGITS]


def candidates_in(folder: Path, run: Run, recording: RunRecording) -> list[Candidate]:
    """Return the candidates of a recording of a run."""
    starts_s, p_call = read_scores(folder, run, recording)
    return candidates_of(recording.name, recording.site, starts_s, p_call, run.clip_s)


def covered_by(batch: str, recording: RunRecording, candidates: Sequence[Candidate]) -> Covered:
    """Count the candidates of a recording in each bin."""
    bins = [one.bin for one in candidates]
    counts = tuple(bins.count(name) for name in BINS)
    return Covered(batch, recording.name, recording.site, recording.sound_s / 3600, counts)


def review_of(run: str, clip_id: str, candidate: Candidate, batch: str, weight: float | None) -> Review:
    """Return a window to review. Without a weight it was not drawn at random, so it has no batch, score and bin."""
    place = candidate.recording, candidate.start_s
    if weight is None:
        return Review(run, "", clip_id, *place, candidate.site, None, "", None)
    return Review(run, batch, clip_id, *place, candidate.site, candidate.p_call, candidate.bin, weight)


def searched_by(run: Run, covered: Sequence[Covered], batches: Collection[str]) -> list[SearchedBin]:
    """Return the rows of labels/runs.csv for some batches of a run."""
    rows = []
    for batch, site in sorted({(one.batch, one.site) for one in covered if one.batch in batches}):
        here = [one for one in covered if (one.batch, one.site) == (batch, site)]
        hours = round(sum(one.hours for one in here), 6)
        for position, name in enumerate(BINS):
            found = sum(one.candidates[position] for one in here)
            settings = (run.run, batch, run.model, run.clip_s, run.hop_s)
            rows.append(SearchedBin(*settings, site, name, len(here), hours, found))
    return rows
