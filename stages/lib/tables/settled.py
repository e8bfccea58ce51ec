"""`labels/settled.csv`: the experts' labels from closed rounds. The next baseline learns from them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import Row, parse_table, quoted, write_table
from stages.lib.tables.answered import ANSWERED
from stages.lib.tables.clips import CALL, NOCALL, Clip

SETTLED = Path("labels/settled.csv")
COLUMNS = ("clip_id", "label", "round")


class SettledClip(NamedTuple):
    """A clip, the experts' label (`call` or `nocall`), the round that settled it, and its line in the table, if any."""

    clip_id: str
    label: str
    round: int
    line: int = 0


def write_settled(path: Path, clips: Iterable[SettledClip]) -> None:
    """Write the table, sorted by clip id."""
    write_table(path, COLUMNS, (clip[: len(COLUMNS)] for clip in sorted(clips)))


def read_settled(path: Path = SETTLED) -> list[SettledClip]:
    """Read the table back; raise `InputFaults` with every wrong row, since people can edit it."""
    rows, faults = parse_table(path, COLUMNS)
    faults += [f"{path}:{row.line}: {fault}" for row in rows for fault in row_faults(row)]
    first_line: dict[str, int] = {}
    for row in rows:
        clip_id = row.cells["clip_id"]
        if first_line.setdefault(clip_id, row.line) != row.line:
            faults.append(f"{path}:{row.line}: {quoted(clip_id)} is on line {first_line[clip_id]} already; remove one")
    refuse(faults)
    return [SettledClip(row.cells["clip_id"], row.cells["label"], int(row.cells["round"]), row.line) for row in rows]


def row_faults(row: Row) -> list[str]:
    """List what is wrong with a single row."""
    label, number = row.cells["label"], row.cells["round"]
    faults = []
    if label not in (CALL, NOCALL):
        faults.append(f"unknown label {quoted(label)}; write {CALL} or {NOCALL}")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        faults.append(f"round {quoted(number)} is not a number; write the round's number from labels/rounds.csv")
    return faults


def settled_faults(settled: Sequence[SettledClip], part_of: Mapping[str, str]) -> list[str]:
    """List the settled clips that cannot be right.

    Parameters
    ----------
    settled : sequence of SettledClip
    part_of : mapping
        From clip id to `train`, `valid`, `pool`, `test` or `elsewhere`.
    """
    reasons = {
        "test": "is a test clip, which is frozen; restore the split params from when the round was closed, or remove "
        "the row",
        None: f"is in no part of the split, in no other data set and not in {ANSWERED}; correct the id; if the clip "
        "existed once, run python -m tools.check_labels --fix",
    }
    return [
        f"{SETTLED}:{clip.line}: {quoted(clip.clip_id)} {reasons[part_of.get(clip.clip_id)]}"
        for clip in settled
        if part_of.get(clip.clip_id) in reasons
    ]


def in_use(settled: Sequence[SettledClip], part_of: Mapping[str, str]) -> list[SettledClip]:
    """Return the settled clips that a model can learn from: those in train, valid or pool."""
    return [clip for clip in settled if part_of.get(clip.clip_id) in ("train", "valid", "pool")]


def learn_from(
    settled: Sequence[SettledClip], clips: Sequence[Clip], parts: dict[str, str]
) -> tuple[list[Clip], dict[str, str]]:
    """Move settled pool clips to the training part, and apply every settled label.

    The split is drawn first, so that the experts' labels never move another clip.
    """
    label_of = {clip.clip_id: clip.label for clip in settled}
    moved = {clip_id: "train" for clip_id in label_of if parts[clip_id] == "pool"}
    return [clip._replace(label=label_of.get(clip.clip_id, clip.label)) for clip in clips], parts | moved
