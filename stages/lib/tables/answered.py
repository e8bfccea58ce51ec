"""`labels/answered.csv`: clips that experts have answered for and that the current data set may no longer have.

An answer about such a clip is kept, counted and skipped. An id that no table has ever had is a typing error.
Commands write this table when a data set is put to use and when a round is closed. No stage writes it.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from stages.lib.runtime.table import read_table, without_guard, write_table

ANSWERED = Path("labels/answered.csv")
DATA = Path("data")
COLUMNS = ("clip_id",)
ELSEWHERE = "elsewhere"  # Takes the place of the part.


def read_answered(path: Path = ANSWERED) -> set[str]:
    """Return the clip ids of the table; an empty set if there is no table."""
    return {row.cells["clip_id"] for row in read_table(path, COLUMNS)} if path.exists() else set()


def write_answered(path: Path, clip_ids: Iterable[str]) -> None:
    """Write the table, sorted by clip id."""
    write_table(path, COLUMNS, ((clip_id,) for clip_id in sorted(clip_ids)))


def with_clips_elsewhere(part_of: Mapping[str, str], clip_ids: Iterable[str]) -> dict[str, str]:
    """Add the clips that are in no part of the split, but that experts could once answer for.

    An answered clip that is now a test clip counts too: another data set may hold the same recordings.

    Parameters
    ----------
    part_of : mapping
        From clip id to `train`, `valid`, `pool` or `test`.
    clip_ids : iterable of str
        The clips to look up.

    Returns
    -------
    dict
        As `part_of`, with `elsewhere` for these clips.
    """
    of_no_use = {clip_id for clip_id in clip_ids if part_of.get(clip_id, "test") == "test"}
    answered = of_no_use & read_answered()
    unknown = of_no_use - answered - part_of.keys()
    return {**part_of, **dict.fromkeys(answered | in_data_sets(unknown), ELSEWHERE)}


def in_data_sets(clip_ids: set[str]) -> set[str]:
    """Return the clips that are in any data set on this machine.

    No stage declares these tables, because no output depends on their content. They only prevent an answer from being
    refused in a clone where `labels/answered.csv` does not list its clip yet.
    """
    found: set[str] = set()
    for table in sorted(DATA.glob("*/clips.csv")) if clip_ids else []:
        found |= clip_ids & first_cells(table.read_text(encoding="utf-8-sig", errors="replace").splitlines())
    return found


def first_cells(lines: Iterable[str]) -> set[str]:
    """Return the first cell of each line of a table, which is the clip id in every table of clips."""
    rows = (next(csv.reader([line]), [""]) for line in lines)
    return {without_guard(row[0].strip()) for row in rows if row}
