"""Set params.yaml so that the pipeline runs on an imported data set."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import read_params
from stages.lib.split.params import SplitParams
from stages.lib.tables.clips import Clip, read_clips
from stages.lib.tables.held_out import DRAWN_PARTS, HeldOutClip, draw_of, read_held_out
from tools.lib.clips.known_clips import note_all_answered
from tools.lib.params_file import PARAMS, set_params
from tools.lib.split.hold_out import hold_out
from tools.lib.split.split_suggestion import left_to_train_on, suggested_counts

Values = dict[tuple[str, str], str | int | float]


def advise(table: Path) -> str:
    """Say which params to set, given the clips.csv of a data set."""
    values, fault = values_for(table)
    return fault or f"{PARAMS}: set {listed(values)}; the same command with --use sets them"


def use(table: Path) -> str:
    """Set the params and say so; refuse a data set that cannot be divided."""
    values, fault = values_for(table)
    refuse([fault] if fault else [])
    noted = note_all_answered()  # Answers about clips of the data set in use until now.
    before = PARAMS.read_text(encoding="utf-8")
    set_params(values)
    try:
        drawn = [] if held_out_of(table) else hold_out()
    except InputFaults:
        write_text(PARAMS, before)
        raise
    return "\n".join([*noted, f"{PARAMS}: now has {listed(values)}", *drawn])


def values_for(table: Path) -> tuple[Values, str]:
    """Return the values by section and key, or a fault if there are none."""
    clips, split = read_clips(table), read_params("split", SplitParams)
    dataset: Values = {("data", "dataset"): table.parent.name}
    if held_out_of(table):
        # Nothing is drawn again.
        return dataset | sizes_when_drawn(clips, split, held_out_of(table)), ""
    counts = suggested_counts(clips, split.seed, split.group_by)
    if counts is None:
        by = split.group_by
        return {}, (
            f"{table}: cannot be divided: train, valid and test each need calls and no-calls, and no {by} may be in "
            f"two of them. That takes at least three {by}s with calls, better ten; annotate more {by}s, or cut long "
            "recordings and their annotations into several files"
        )
    return dataset | {("split", part): count for part, count in counts.items()}, ""


def held_out_of(table: Path) -> list[HeldOutClip]:
    """Return the clips that a data set holds out, given its clips.csv."""
    return [clip for clip in read_held_out() if clip.dataset == table.parent.name]


def sizes_when_drawn(clips: Sequence[Clip], split: SplitParams, held_out: Sequence[HeldOutClip]) -> Values:
    """Return the section `split` of a data set drawn before: its sizes then, and all the rest to train on.

    A list of test recordings is only in params.yaml, so it is not included.
    """
    drawn = draw_of(held_out)
    by_share = any("." in drawn.get(f"split.{part}", "") for part in DRAWN_PARTS)
    sizes = {part: drawn.get(f"split.{part}", "" if by_share else "0") for part in reversed(DRAWN_PARTS)}
    numbers = {part: float(size) if by_share else int(size) for part, size in sizes.items() if size and " " not in size}
    if by_share:
        numbers["train"] = float(1 - sum(map(Fraction, map(str, numbers.values()))))
    else:
        numbers["train"] = left_to_train_on(clips, {clip.clip_id for clip in held_out}, drawn["split.group_by"])
    values: dict[tuple[str, str], str | int | float] = {("split", part): size for part, size in numbers.items()}
    if drawn["split.seed"] != str(split.seed):
        values["split", "seed"] = int(drawn["split.seed"])
    if drawn["split.group_by"] != split.group_by:
        values["split", "group_by"] = drawn["split.group_by"]
    return values


def listed(values: Values) -> str:
    """Return params and their values as text."""
    return ", ".join(f"{section}.{key}: {value}" for (section, key), value in values.items())
