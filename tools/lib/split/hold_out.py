"""Draw the clips that are held out of training for good."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import ClipLength, DataParams, param_line, read_params
from stages.lib.split.drawing import draw, empty_classes
from stages.lib.split.params import SplitParams
from stages.lib.split.parts import parts_of
from stages.lib.tables.clips import UNLABELLED, Clip, read_clips, recording_of
from stages.lib.tables.expert import EXPERT, read_rows
from stages.lib.tables.held_out import (
    COMMAND,
    DRAWN_PARTS,
    HELD_OUT,
    KEEPS_LENGTH,
    HeldOutClip,
    drawn_of,
    length_faults,
    read_held_out,
    size_text,
    write_held_out,
)
from stages.lib.tables.settled import SETTLED
from tools.lib.clips.foreign_ids import foreign_ids
from tools.lib.clips.known_clips import note_all_answered, settled_clip_ids
from tools.lib.clips.telling_names import telling_line
from tools.lib.recordings.data_set import is_imported
from tools.lib.revisions import git
from tools.lib.wording import counted


def hold_out(again: bool = False) -> list[str]:
    """Draw the held-out clips of the data set in use and add them to the table; return the lines to print.

    `again` replaces an earlier draw. Every fault is raised before anything is written.
    """
    folder, params = read_params("data", DataParams).folder, read_params("split", SplitParams)
    clip_s = read_params("featurize", ClipLength).clip_s
    table = folder / "clips.csv"
    made_by = f"dvc repro {folder / 'dvc.yaml'}" if (folder / "dvc.yaml").exists() else "dvc pull, or write the file"
    refuse([] if table.exists() else [f"{table}: there is no such file; run {made_by}"])
    clips = read_clips(table)
    present = read_held_out()
    own = [clip for clip in present if clip.dataset == folder.name]
    before = drawn_of(folder.name, own)
    if before and not again:
        raise InputFaults(
            [
                f"{HELD_OUT}: already holds out {len(before)} clips of {folder.name}; --again draws others "
                "(earlier figures are then not comparable)"
            ]
        )
    # A row that only keeps the length says that nothing is held out.
    refuse([] if own or again else lost_draw(folder.name))
    # Clips from annotations are made again when the length changes, so their labels in clips.csv stay right.
    labelled = 0 if is_imported(folder) else sum(clip.label != UNLABELLED for clip in clips)
    refuse(false_labels(folder, {clip.recording_id for clip in clips}, own, clip_s, labelled))
    refuse(foreign_ids(folder))
    drawn, faults = draw(clips, params)
    refuse(place_faults(table, clips, faults or shortages(clips, params, drawn)))
    drawn = drawn or {min(clip.clip_id for clip in clips if clip.label): KEEPS_LENGTH}
    sizes = {part: size_text(getattr(params, part)) for part in (*DRAWN_PARTS, KEEPS_LENGTH)}
    new = [
        HeldOutClip(folder.name, clip_id, part, sizes[part], str(params.seed), params.group_by, str(clip_s))
        for clip_id, part in drawn.items()
    ]
    told = telling_line((clip.recording, clip.label) for clip in clips if clip.label)
    noted = note_all_answered()  # An answered clip may become a test clip, and its answers are kept.
    write_held_out(HELD_OUT, [clip for clip in present if clip.dataset != folder.name] + new)
    held = f"now holds out {counts(new)} of {folder.name}"
    if not drawn_of(folder.name, new):
        held = f"holds nothing out of {folder.name}, and keeps the length of its windows ({clip_s} s)"
    return [f"{HELD_OUT}: {held}; commit it", *kept(before, new), *noted, *told]


def lost_draw(dataset: str) -> list[str]:
    """List a fault if the table has lost the clips of a data set that an earlier commit has, as in a merge."""
    # Both sides of every merge count, and the other side of a merge that is not committed yet.
    revisions = ("--full-history", "--ignore-missing", "HEAD", "MERGE_HEAD")
    commits = git("log", "--format=%h", *revisions, "--", str(HELD_OUT)).stdout.decode().split()
    for commit in dict.fromkeys(commits):
        table = git("show", f"{commit}:./{HELD_OUT}").stdout.decode(errors="replace")
        if re.search(f"^{re.escape(dataset)},.*,({'|'.join(DRAWN_PARTS)}),", table, re.MULTILINE):
            return [
                f"{HELD_OUT}: has lost the clips that are held out of {dataset}; copy their rows from git show "
                f"{commit}:./{HELD_OUT}; or set data.dataset: {dataset} in params.yaml and draw others with {COMMAND} "
                "--again (earlier figures are then not comparable)"
            ]
    return []


def shortages(clips: Sequence[Clip], params: SplitParams, held_out: dict[str, str]) -> list[str]:
    """List the parts that a draw leaves too small; each fault begins with the name of its part."""
    parts = parts_of(clips, params, held_out)
    left = Counter(parts[clip.clip_id] for clip in clips if clip.clip_id in parts)["train"]
    if not params.by_share and left < params.train:
        return [f"train: {params.train} labelled clips asked for, {left} left to take"]
    return [f"{fault}; ask for more clips or another seed" for fault in empty_classes(clips, parts, params.needed)]


def place_faults(table: Path, clips: Sequence[Clip], faults: Iterable[str]) -> Iterable[str]:
    """Add the place in params.yaml, and the clips available, to the faults of a draw."""
    labels = Counter(clip.label or "unlabelled" for clip in clips)
    there = ", ".join(f"{count} {label}" for label, count in sorted(labels.items()))
    recordings = len({clip.recording for clip in clips})
    for fault in faults:
        line = param_line("split", fault.partition(":")[0])
        yield f"params.yaml:{line}: split.{fault}; {table} has {there} clips from {recordings} recordings"


def false_labels(
    folder: Path, recordings: Container[str], held_out: Iterable[HeldOutClip], clip_s: float, labelled: int = 0
) -> list[str]:
    """List the labels that would be false because windows had another length at the earlier draw.

    Parameters
    ----------
    folder : Path
        The data set.
    recordings : container of str
        The ids of its recordings.
    held_out : iterable of HeldOutClip
    clip_s : float
    labelled : int
        The number of labels in its clips.csv that hold for one length.
    """
    before = [clip for clip in held_out if clip.dataset == folder.name]
    if not length_faults(folder.name, before, clip_s):
        return []
    answers = [row.cells["clip_id"] for row in read_rows(EXPERT)[0]]
    depending = {
        folder / "clips.csv": labelled,
        EXPERT: sum(recording_of(clip_id) in recordings for clip_id in answers),
        SETTLED: sum(recording_of(clip_id) in recordings for clip_id in settled_clip_ids()),
    }
    return [
        f"params.yaml:{param_line('featurize', 'clip_s')}: featurize.clip_s is {clip_s}, which makes "
        f"{counted(count, 'label')} for windows of {before[0].clip_s} s false ({table}); set it back, or make a new "
        f"data set with labels for {clip_s} s"
        for table, count in depending.items()
        if count
    ]


def counts(clips: Sequence[HeldOutClip]) -> str:
    """Count clips by part."""
    by_part = Counter(clip.part for clip in clips)
    return ", ".join(f"{by_part[part]} {part}" for part in ("valid", "pool", "test")) + " clips"


def kept(before: Sequence[HeldOutClip], now: Sequence[HeldOutClip]) -> list[str]:
    """Say how many test clips of an earlier draw are kept."""
    tests = [{clip.clip_id for clip in clips if clip.part == "test"} for clips in (before, now)]
    if not before or tests[0] == tests[1]:
        return []
    left = f"{len(tests[0] & tests[1])} of {len(tests[0])} earlier test clips are kept"
    return [f"{left}; earlier figures are not comparable"]
