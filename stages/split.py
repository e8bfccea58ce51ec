"""split: assign each clip to train, valid, pool or test, without dividing a recording or a site."""

from collections.abc import Sequence

from stages.lib.cards.data_card import DATA_CARD, data_card
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import ClipLength, DataParams, param_line, read_params
from stages.lib.runtime.running import run_stage
from stages.lib.split.drawing import empty_classes, group_name
from stages.lib.split.params import SplitParams
from stages.lib.split.parts import parts_of
from stages.lib.tables.answered import with_clips_elsewhere
from stages.lib.tables.clips import Clip, read_clips
from stages.lib.tables.held_out import (
    COMMAND,
    HELD_OUT,
    draw_faults,
    draw_of,
    drawn_of,
    length_faults,
    read_held_out,
    size_text,
)
from stages.lib.tables.settled import SETTLED, in_use, learn_from, read_settled, settled_faults
from stages.lib.tables.split import PARTS, SPLIT, missing_classes, write_split


def summary(clips: Sequence[Clip], parts: dict[str, str], group_by: str) -> str:
    """Summarise in one line the clips, the size of each part and the unused clips."""
    counts = {part: sum(taken == part for taken in parts.values()) for part in PARTS}
    groups = len({group_name(clip, group_by) for clip in clips})
    taken = ", ".join(f"{part} {count}" for part, count in counts.items())
    return f"{len(clips)} clips of {groups} {group_by}s: {taken}, unused {len(clips) - len(parts)}"


def main() -> None:
    """Split the data set that params.yaml names."""
    data = read_params("data", DataParams)
    params = read_params("split", SplitParams)
    clip_s = read_params("featurize", ClipLength).clip_s
    table = data.folder / "clips.csv"
    clips = read_clips(table)
    rows = read_held_out()
    held_out = drawn_of(data.dataset, rows)
    # A data set that holds nothing out has a row, too, for the length of its windows.
    put_to_use = bool(held_out) if params.holds_out else any(clip.dataset == data.dataset for clip in rows)
    refuse([] if put_to_use else [f"{HELD_OUT}: has no clips of {data.dataset} yet; run {COMMAND}, and commit it"])
    now = {f"split.{part}": size_text(getattr(params, part)) for part in ("valid", "pool", "test")}
    now |= {"split.seed": str(params.seed), "split.group_by": params.group_by}
    faults = [
        f"params.yaml:{param_line('split', name.removeprefix('split.'))}: {fault} ({HELD_OUT}); set it back, or draw "
        f"other clips with {COMMAND} --again (new figures will not be comparable with old ones)"
        for name, fault in draw_faults(draw_of(held_out), now).items()
    ]
    refuse(length_faults(data.dataset, rows, clip_s) + faults)
    parts = parts_of(clips, params, {clip.clip_id: clip.part for clip in held_out})
    line = summary(clips, parts, params.group_by)
    refuse(
        f"{table}: {fault} is left ({line}); restore the clips and labels, or draw others with {COMMAND} --again "
        "(new figures will not be comparable with old ones)"
        for fault in empty_classes(clips, parts, params.needed)
    )
    settled = read_settled()
    refuse(settled_faults(settled, with_clips_elsewhere(parts, [clip.clip_id for clip in settled])))
    used = in_use(settled, parts)
    clips, parts = learn_from(used, clips, parts)
    refuse(
        f"{SETTLED}: leaves no {label} in {part}: its labels differ from {table}; correct or remove rows"
        for part, label in missing_classes((parts.get(clip.clip_id, ""), clip.label) for clip in clips)
        if part in params.needed
    )
    write_split(SPLIT, clips, parts)
    write_text(DATA_CARD, data_card(data, clips, parts, clip_s=clip_s, group_by=params.group_by, settled=len(used)))
    print(summary(clips, parts, params.group_by))
    gone = sum(clip.clip_id not in parts for clip in held_out)
    if gone:
        print(f"held-out clips that are no longer labelled clips of {table}: {gone} of {len(held_out)}")
    if len(used) < len(settled):
        print(f"skipped settled clips that are not in this split: {len(settled) - len(used)}")


if __name__ == "__main__":
    run_stage(main)
