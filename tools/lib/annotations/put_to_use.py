"""Set params.yaml so that the pipeline runs on an imported data set."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import read_params
from stages.lib.split.drawing import group_name
from stages.lib.split.params import SplitParams
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED, Clip, read_clips
from stages.lib.tables.held_out import DRAWN_PARTS, HeldOutClip, draw_of, drawn_of, read_held_out, size_text
from tools.lib.clips.foreign_ids import foreign_ids
from tools.lib.clips.known_clips import note_all_answered
from tools.lib.params_file import PARAMS, Value, set_params
from tools.lib.split.hold_out import hold_out
from tools.lib.split.split_suggestion import LEAST, left_to_train_on, suggested_counts
from tools.lib.wording import counted

Values = dict[tuple[str, str], Value]
# Labelled clips. With fewer, the study's proportions leave next to nothing to test on, and too little to learn from.
FEWEST_TO_DIVIDE = 40
# Of a part for which no clip was drawn. Its share is not known, but larger; so no clip to train on joins it.
SMALLEST_SHARE = 0.01


def advise(table: Path) -> str:
    """Say which params to set, given the clips.csv of a data set."""
    values, remarks, fault = values_for(table)
    return "\n".join([fault or f"{PARAMS}: set {listed(values)}; the same command with --use sets them", *remarks])


def use(table: Path) -> str:
    """Set the params and say so; refuse a data set that nothing can be learned from."""
    values, remarks, fault = values_for(table)
    refuse([fault] if fault else foreign_ids(table.parent))
    noted = note_all_answered()  # Answers about clips of the data set in use until now.
    before = PARAMS.read_text(encoding="utf-8")
    set_params(values)
    try:
        drawn = [] if held_out_of(table) else hold_out()
    except InputFaults:
        write_text(PARAMS, before)
        raise
    return "\n".join([*noted, f"{PARAMS}: now has {listed(values)}", *drawn, *remarks])


def values_for(table: Path) -> tuple[Values, list[str], str]:
    """Return the values by section and key, what they leave out, and a fault if there are none."""
    clips, split = read_clips(table), read_params("split", SplitParams)
    labels = Counter(clip.label for clip in clips if clip.label != UNLABELLED)
    if not (labels[CALL] and labels[NOCALL]):
        has = f"{counted(labels[CALL], 'call')} and {counted(labels[NOCALL], 'no-call')}"
        return {}, [], f"{table}: has {has}; annotate at least one of each, better four"
    dataset: Values = {("data", "dataset"): table.parent.name}
    if held_out := held_out_of(table):
        # Nothing is drawn again.
        return dataset | sizes_when_drawn(clips, split, held_out), [], ""
    counts = suggested_counts(clips, split.seed, split.group_by) if labels.total() >= FEWEST_TO_DIVIDE else None
    remarks = [] if counts else [nothing_held_out(clips, labels.total(), split.group_by)]
    counts = counts or {"test": 0, "pool": 0, "valid": 0, "train": labels.total()}
    return dataset | {("split", part): count for part, count in counts.items()}, remarks, ""


def nothing_held_out(clips: Sequence[Clip], labelled: int, group_by: str) -> str:
    """Say why all labelled clips are trained on, and when figures can be had."""
    few = f"there are fewer than {FEWEST_TO_DIVIDE}"
    groups = len({group_name(clip, group_by) for clip in clips if clip.label != UNLABELLED})
    whole = f"{counted(groups, group_by)} cannot be divided into train, valid and test with calls and no-calls in each"
    return (
        f"All {labelled} labelled clips are trained on and nothing is measured, because "
        f"{few if labelled < FEWEST_TO_DIVIDE else whole}. Give the same command again when more are annotated"
    )


def held_out_of(table: Path) -> list[HeldOutClip]:
    """Return the clips that a data set holds out, given its clips.csv."""
    return drawn_of(table.parent.name, read_held_out())


def sizes_when_drawn(clips: Sequence[Clip], split: SplitParams, held_out: Sequence[HeldOutClip]) -> Values:
    """Return the section `split` of a data set drawn before: its sizes then, and all the rest to train on.

    A list of test recordings is included if these still are the recordings of the test clips.
    """
    drawn = draw_of(held_out)
    by_share = any("." in drawn.get(f"split.{part}", "") for part in DRAWN_PARTS)
    sizes = {part: drawn.get(f"split.{part}", "" if by_share else "0") for part in reversed(DRAWN_PARTS)}
    numbers = {part: float(size) if by_share else int(size) for part, size in sizes.items() if size and " " not in size}
    if by_share:
        numbers |= {part: SMALLEST_SHARE for part, size in sizes.items() if not size}
        numbers["train"] = float(1 - sum(map(Fraction, map(str, numbers.values()))))
    else:
        left = left_to_train_on(clips, {clip.clip_id for clip in held_out}, drawn["split.group_by"])
        numbers["train"] = max(LEAST, left)  # If fewer are left, split says so.
    values: Values = {("split", part): size for part, size in numbers.items()}
    tests = {clip.clip_id for clip in held_out if clip.part == "test"}
    recordings = sorted({clip.recording for clip in clips if clip.clip_id in tests})
    if size_text(recordings) == sizes["test"]:
        values["split", "test"] = recordings
    if drawn["split.seed"] != str(split.seed):
        values["split", "seed"] = int(drawn["split.seed"])
    if drawn["split.group_by"] != split.group_by:
        values["split", "group_by"] = drawn["split.group_by"]
    return values


def listed(values: Values) -> str:
    """Return params and their values as text."""
    return ", ".join(f"{section}.{key}: {value}" for (section, key), value in values.items())
