"""Find out which clips may have answers, from the files in this clone."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.table import SEPARATORS, without_guard
from stages.lib.tables.answered import (
    ANSWERED,
    DATA,
    ELSEWHERE,
    first_cells,
    read_answered,
    with_clips_elsewhere,
    write_answered,
)
from stages.lib.tables.clips import Clip, read_clips
from stages.lib.tables.expert import EXPERT, clip_ids_of, read_rows
from stages.lib.tables.held_out import HELD_OUT
from stages.lib.tables.reviews import REVIEWS
from stages.lib.tables.settled import SETTLED, read_settled
from stages.lib.tables.split import SPLIT, read_split
from tools.lib.revisions import git
from tools.lib.wording import counted

# Tables that name clips, in any commit. Answers are no evidence: they may contain typing errors.
TABLES = ("data/*/clips.csv", "labels/queue.csv", str(SETTLED), str(ANSWERED), str(HELD_OUT), str(REVIEWS))
CLIP_ID = re.compile(r".*_[0-9]{7,}", re.DOTALL)


def parts() -> dict[str, str]:
    """Return the part of every clip that has one."""
    refuse(absence([SPLIT]))
    return {clip.clip_id: clip.part for clip in read_split()}


def parts_as_far_as_known(clip_ids: Iterable[str]) -> tuple[dict[str, str], str]:
    """Return the part of every clip, even in a clone without DVC's outputs.

    Parameters
    ----------
    clip_ids : iterable of str
        The clips in question.

    Returns
    -------
    parts : dict
        From clip id to part; `elsewhere` for a clip that only another data set has or had. If parts are unknown, every
        clip counts as a pool clip; if clips are unknown too, the given clip ids are accepted.
    unchecked : str
        A clause that says what was not checked; empty if all was.
    """
    if SPLIT.exists():
        return with_clips_elsewhere(parts(), clip_ids), ""
    table = clips_table()
    if table.exists():
        part_of = dict.fromkeys((clip.clip_id for clip in read_clips(table)), "pool")
        unchecked = f"whether a clip is a test clip was not checked: {SPLIT} is missing"
        return with_clips_elsewhere(part_of, clip_ids), unchecked
    return (
        dict.fromkeys(clip_ids, "pool"),
        f"whether a clip exists and is not a test clip was not checked: {SPLIT} and {table} are missing",
    )


def with_clips_ever(part_of: Mapping[str, str], clip_ids: Iterable[str]) -> dict[str, str]:
    """Add clips that are not in the split, but in a data set or in a table of any commit; `part_of` is by clip id."""
    wanted = set(clip_ids)
    known = with_clips_elsewhere(part_of, wanted)
    known |= dict.fromkeys(in_any_form(wanted - known.keys()), ELSEWHERE)
    return known | dict.fromkeys(in_history(wanted - known.keys()), ELSEWHERE)


def in_any_form(clip_ids: set[str]) -> set[str]:
    """Return the clips that are in any data set on this machine, whatever the form of its table."""
    tables = DATA.glob("*/clips.csv") if clip_ids else ()
    texts = (table.read_text(encoding="utf-8-sig", errors="replace") for table in tables)
    return clip_ids & {clip_id for text in texts for clip_id in ids_in(text.splitlines())}


def in_history(clip_ids: set[str], tables: Sequence[str] = TABLES) -> set[str]:
    """Return the clips found in a table of any commit."""
    if not clip_ids:
        return set()
    log = git("log", "--all", "--no-merges", "--unified=0", "--format=", "--", *tables).stdout.decode(errors="replace")
    return clip_ids & ids_in([line[1:] for line in log.splitlines() if line.startswith("+")])


def ids_in(lines: Sequence[str]) -> set[str]:
    """Return the cells that may be clip ids, in lines of tables with any separator and order of columns."""
    rows = (row for separator in SEPARATORS for row in csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE))
    found = {
        without_guard(cell.strip().strip('"')) for row in rows for cell in row if CLIP_ID.fullmatch(cell.strip(' "'))
    }
    return found | first_cells(lines)


def note(part_of: Mapping[str, str], clip_ids: Iterable[str]) -> list[str]:
    """Add known clips, except test clips, to labels/answered.csv; return the lines to print."""
    noted = read_answered()
    new = {clip_id for clip_id in clip_ids if part_of.get(clip_id, "test") != "test"} - noted
    if not new:
        return []
    write_answered(ANSWERED, noted | new)
    return [f"{ANSWERED}: {counted(len(new), 'clip')} noted; commit it with the answers"]


def note_all_answered() -> list[str]:
    """Note every answered or settled clip, before another data set is put to use."""
    clip_ids = answered_clip_ids()
    part_of = parts() if SPLIT.exists() else {}
    return note(with_clips_ever(part_of, clip_ids), clip_ids)


def answered_clip_ids() -> set[str]:
    """Return the clip ids in labels/expert.csv and labels/settled.csv."""
    return clip_ids_of(read_rows(EXPERT)[0]) | settled_clip_ids()


def settled_clip_ids() -> set[str]:
    """Return the clip ids in labels/settled.csv; empty if there is no such table."""
    return {clip.clip_id for clip in read_settled()} if SETTLED.exists() else set()


def clips_table() -> Path:
    """Return the path of clips.csv of the data set in use."""
    return read_params("data", DataParams).folder / "clips.csv"


def clips_by_id(table: Path, clip_ids: Iterable[str]) -> dict[str, Clip]:
    """Return the clips of a data set by id; refuse ids that outputs of the pipeline have, but not the data set."""
    known = {clip.clip_id: clip for clip in read_clips(table)}
    refuse(
        f"{table}: there is no clip {clip_id}, but outputs of the pipeline have it; run dvc repro"
        for clip_id in clip_ids
        if clip_id not in known
    )
    return known


def absence(paths: Iterable[Path], remedy: str = "dvc pull, or dvc repro split") -> list[str]:
    """List the missing outputs, and the command that makes them."""
    return [f"{path}: there is no such file; run {remedy}" for path in paths if not path.exists()]
