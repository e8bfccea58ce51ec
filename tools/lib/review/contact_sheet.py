"""Draw the spectrograms of many clips on one sheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile
from matplotlib.axes import Axes
from tqdm import tqdm

from stages.lib.cards.markdown import code
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.tables.clips import Clip, read_clips
from tools.lib.pictures.clip_view import ClipView, view_clip
from tools.lib.pictures.figure_file import new_figure, show, write_figure
from tools.lib.review.label_changes import Change
from tools.lib.review.label_contradictions import Evidence
from tools.lib.wording import counted

MOST_CLIPS = 48
COLUMNS = 4
TILE_INCHES = 4.0, 2.6
LONGEST_LINE = 60
CONTEXT_DARKNESS = 0.5


class Tile(NamedTuple):
    """A clip on the sheet, and the lines above it."""

    view: ClipView
    title: str


def draw_changes(path: Path, changes: Sequence[Change], evidence: Evidence) -> list[str]:
    """Draw the clips whose answers changed, sorted by clip id; return lines of Markdown about them."""
    changed = sorted({change.clip_id for change in changes})
    if not changed:
        return ["No clip changed, so there is no sheet."]
    folder = read_params("data", DataParams).folder
    clips = {clip.clip_id: clip for clip in read_clips(folder / "clips.csv")} if (folder / "clips.csv").exists() else {}
    params = read_params("featurize", FeatureParams)
    clip_ids = [clip_id for clip_id in changed if not clips or clip_id in clips]
    tiles, missing = [], []
    for clip_id in tqdm(clip_ids[:MOST_CLIPS], desc="sheet", unit="clip", disable=None):
        view = view_or_none(folder / "recordings", clips.get(clip_id), params)
        if view:
            tiles.append(Tile(view, title_of(clip_id, changes, evidence)))
        else:
            missing.append(clip_id)
    if tiles:
        draw_sheet(path, tiles)
    said = [f"{code(str(path))}: {counted(len(tiles), 'clip')}." if tiles else "No sheet was drawn."]
    if len(clip_ids) < len(changed):
        said.append(f"{counted(len(changed) - len(clip_ids), 'clip')} left out, because not in this data set.")
    if len(clip_ids) > MOST_CLIPS:
        said.append(f"{counted(len(clip_ids) - MOST_CLIPS, 'more clip')} left out.")
    if missing:
        said.append(f"Recording missing or unreadable: {', '.join(map(code, missing))}; run `dvc pull`.")
    return [" ".join(said)]


def view_or_none(recordings: Path, clip: Clip | None, params: FeatureParams) -> ClipView | None:
    """Return the view of a clip; None if its recording is missing or unreadable."""
    if clip is None or not (recordings / clip.recording).is_file():
        return None
    try:
        return view_clip(recordings / clip.recording, clip, params)
    except soundfile.LibsndfileError:
        return None


def title_of(clip_id: str, changes: Sequence[Change], evidence: Evidence) -> str:
    """Return three lines: the clip, the experts' answers, the model's decision."""
    answers = ", ".join(f"{answer.annotator}: {answer.label}" for answer in evidence.answers.get(clip_id, []))
    removed = ", ".join(
        f"{change.annotator}: {change.before} removed"
        for change in changes
        if change.clip_id == clip_id and not change.after
    )
    score = evidence.scores.get(clip_id)
    model = f"model: {score.p_call:.3f} {score.decision}" if score else "model: no score"
    return "\n".join(shortened(line) for line in (clip_id, ", ".join(filter(None, (answers, removed))), model))


def shortened(line: str) -> str:
    """Cut a line to the width of a tile."""
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..."


def draw_sheet(path: Path, tiles: Sequence[Tile]) -> None:
    """Write the tiles as one picture."""
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    width, height = TILE_INCHES
    figure = new_figure(columns * width, rows * height)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, tile in zip(grid, tiles, strict=False):
        draw_tile(axes, tile)
    for axes in grid[len(tiles) :]:
        axes.set_axis_off()
    write_figure(path, figure)


def draw_tile(axes: Axes, tile: Tile) -> None:
    """Draw one clip, with its context darkened."""
    view = tile.view
    show(axes, view.plain)
    for start_s, end_s in ((view.plain.start_s, view.clip_start_s), (view.clip_end_s, view.plain.end_s)):
        if start_s < end_s:
            axes.axvspan(start_s, end_s, color="black", alpha=CONTEXT_DARKNESS, linewidth=0)
    for edge_s in (view.clip_start_s, view.clip_end_s):
        axes.axvline(edge_s, color="white", linewidth=0.8)
    axes.set_xlim(view.plain.start_s, view.plain.end_s)
    # A name may contain a formula for matplotlib.
    axes.set_title(tile.title, fontsize=8, loc="left", parse_math=False)
    axes.xaxis.set_major_formatter("{x:g} s")
