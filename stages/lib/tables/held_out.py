"""`labels/held_out.csv`: the clips of each data set that are held out for good, and how they were drawn.

`python -m tools.hold_out` and `tools.import_annotations --use` write it, once for each data set. `split` reads it; no
stage writes it. So no change to a data set moves a clip into or out of the test and validation parts.

A data set that holds nothing out has one row, of a clip to train on: it keeps the length of the windows.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import param_line
from stages.lib.runtime.table import Row, parse_table, quoted, write_table
from stages.lib.tables.clips import parse_seconds

HELD_OUT = Path("labels/held_out.csv")
COLUMNS = ("dataset", "clip_id", "part", "size", "seed", "group_by", "clip_s")
DRAWN_PARTS = ("valid", "pool", "test")
KEEPS_LENGTH = "train"  # The part of the clip in the one row of a data set that holds nothing out.
COMMAND = "python -m tools.hold_out"


class HeldOutClip(NamedTuple):
    """A clip that was held out when its data set was put to use.

    Attributes
    ----------
    dataset, clip_id, part : str
    size, seed, group_by : str
        The values of `split` in params.yaml at that time: the size of this part, and the seed and grouping of the draw.
    clip_s : str
        The length in seconds of the windows that the data set's labels apply to.
    """

    dataset: str
    clip_id: str
    part: str
    size: str
    seed: str
    group_by: str
    clip_s: str

    @property
    def draw(self) -> dict[str, str]:
        """The values shared by all clips of one draw, by their names in params.yaml."""
        return {
            f"split.{self.part}": self.size,
            "split.seed": self.seed,
            "split.group_by": self.group_by,
            "featurize.clip_s": str(float(self.clip_s)),
        }


def read_held_out(path: Path = HELD_OUT) -> list[HeldOutClip]:
    """Read the rows of all data sets (none if there is no table); raise `InputFaults` with every wrong row."""
    if not path.exists():
        return []
    rows, faults = parse_table(path, COLUMNS)
    of_rows = [f"{path}:{row.line}: {fault}" for row in rows for fault in row_faults(row)]
    refuse([] if not of_rows else faults + of_rows)
    clips = [HeldOutClip(**row.cells) for row in rows]
    first: dict[tuple[str, str], tuple[str, int]] = {}
    for row, clip in zip(rows, clips, strict=True):
        for name, value in [*clip.draw.items(), (clip.clip_id, clip.part)]:
            before, line = first.setdefault((clip.dataset, name), (value, row.line))
            if before != value:
                faults.append(
                    f"{path}:{row.line}: {name} is {value} here and {before} on line {line}; a data set is drawn once: "
                    f"keep the rows of one draw of {clip.dataset}"
                )
    refuse(faults)
    return clips


def row_faults(row: Row) -> list[str]:
    """List what is wrong with a single row."""
    faults = [f"{name} is empty; restore the row from Git" for name, cell in row.cells.items() if not cell]
    if row.cells["part"] not in (*DRAWN_PARTS, KEEPS_LENGTH):
        faults.append(f"unknown part {quoted(row.cells['part'])}; write {', '.join(DRAWN_PARTS[:-1])} or test")
    if not parse_seconds(row.cells["clip_s"]):
        faults.append(f"clip_s {quoted(row.cells['clip_s'])} is not a number above 0; restore the row from Git")
    return faults


def drawn_of(dataset: str, rows: Iterable[HeldOutClip]) -> list[HeldOutClip]:
    """Return the clips that a data set holds out."""
    return [clip for clip in rows if clip.dataset == dataset and clip.part in DRAWN_PARTS]


def write_held_out(path: Path, clips: Iterable[HeldOutClip]) -> None:
    """Write the table, sorted by data set and clip id."""
    write_table(path, COLUMNS, sorted(clips))


def size_text(size: int | float | list[str]) -> str:
    """Return a size from params.yaml as the table has it; a list of recordings becomes its length and a digest."""
    if isinstance(size, list):
        return f"{len(size)} recordings {hashlib.sha256(repr(sorted(size)).encode()).hexdigest()[:8]}"
    return str(size)


def draw_of(clips: Iterable[HeldOutClip]) -> dict[str, str]:
    """Return the params with which the clips of one data set were drawn, by their names in params.yaml."""
    values: dict[str, str] = {}
    for clip in clips:
        values |= clip.draw
    return values


def length_faults(dataset: str, held_out: Sequence[HeldOutClip], clip_s: float) -> list[str]:
    """List a fault if `clip_s`, in seconds, differs from the window length that a data set's labels apply to."""
    labels_are_for = {clip.draw["featurize.clip_s"] for clip in held_out if clip.dataset == dataset}
    return [
        f"params.yaml:{param_line('featurize', 'clip_s')}: featurize.clip_s is {clip_s}, but the labels of {dataset} "
        f"are for windows of {length} s ({HELD_OUT}); set it to {length}. If every label stays true at the new "
        f"length, accept it with {COMMAND} --again"
        for length in labels_are_for - {str(clip_s)}
    ]


def draw_faults(drawn: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Compare params.yaml with the params of the draw.

    Parameters
    ----------
    drawn, now : mapping
        From a name in params.yaml to the value at the draw, and the value now. The draw does not record the size of an
        empty part; it may be any share, or the count 0. Of a draw that holds nothing out, it records nothing.

    Returns
    -------
    dict
        From the name of each param that differs to what is wrong with its value.
    """
    faults = {}
    for name, value in now.items():
        is_count = name.removeprefix("split.") in DRAWN_PARTS and "." not in value
        before = drawn.get(name, "0" if is_count else value)
        if before != value:
            faults[name] = f"{name} is {value}, but the held-out clips were drawn with {before}"
    return faults
