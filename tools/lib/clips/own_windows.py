"""`data/<name>/windows.csv`: windows of an imported data set that come from no annotation, such as reviewed ones.

The stage that makes the clips of the data set reads it. People may remove rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import parse_table, quoted, write_table
from stages.lib.tables.clips import UNLABELLED, parse_seconds, path_fault
from tools.lib.clips.clip_rows import ClipRow, clip_row
from tools.lib.wording import counted

NAME = "windows.csv"
COLUMNS = ("recording", "start_s", "site")


def read_windows(path: Path) -> list[ClipRow]:
    """Return the rows of clips.csv for the windows, without labels; none if there is no table."""
    if not path.exists():
        return []
    rows, faults = parse_table(path, COLUMNS)
    for row in rows:
        fault = path_fault(row.cells["recording"])
        if not fault and parse_seconds(row.cells["start_s"]) is None:
            fault = f"start_s {quoted(row.cells['start_s'])} is not a time; restore the row from Git, or remove it"
        faults += [f"{path}:{row.line}: {fault}"] if fault else []
    refuse(faults)
    return [
        clip_row(row.cells["recording"], float(row.cells["start_s"]), UNLABELLED, row.cells["site"]) for row in rows
    ]


def add_windows(path: Path, rows: Iterable[ClipRow]) -> None:
    """Add windows to the table, which need not exist, after the existing ones."""
    present = read_windows(path)
    write_table(path, COLUMNS, [(row[1], row[2], row[4]) for row in dict.fromkeys([*present, *rows])])


def not_annotated(path: Path, rows: Iterable[ClipRow], lying: Mapping[str, Path]) -> tuple[list[ClipRow], list[str]]:
    """Return the windows that are not among the clips from annotations, and lines about recordings that are gone.

    `lying` has the paths of recordings that are not in the data set yet.
    """
    known = {row[0] for row in rows}
    others = [row for row in read_windows(path) if row[0] not in known]
    number_of = Counter(row[1] for row in others)
    gone = [name for name in number_of if not lying.get(name, path.parent / "recordings" / name).is_file()]
    return [row for row in others if row[1] not in gone], [
        f"{path}: {counted(number_of[name], 'window')} left out, because the recording is gone ({name})"
        for name in gone
    ]
