"""Find the clips of verdicts in the data set, and the recordings and excerpts that have to join it for them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.tables.clips import UNLABELLED, Clip, same_site
from tools.lib.annotations.import_stage import write_stage
from tools.lib.clips.clip_rows import ClipRow, append_rows, clip_row
from tools.lib.clips.foreign_ids import foreign_joining, other_sound
from tools.lib.clips.own_windows import NAME, add_windows
from tools.lib.detection.run_record import RunRecording
from tools.lib.recordings.audio_files import bring, bring_faults, clashes, one_content
from tools.lib.recordings.data_set import is_imported
from tools.lib.verdicts.data_set import DataSet, held_out_reasons, present_names, source_faults, twins_by_name
from tools.lib.verdicts.excerpts import Excerpt, excerpt_fault, excerpt_of, holds_part, same_parts, write_excerpt
from tools.lib.verdicts.verdicts import Verdict


class Joining(NamedTuple):
    """What joins a data set: the row of each verdict's clip, whole recordings by their path in it, and excerpts."""

    rows: list[ClipRow]
    recordings: dict[str, Path]
    excerpts: list[Excerpt]

    @property
    def clip_ids(self) -> list[str]:
        """The clip of each verdict."""
        return [row[0] for row in self.rows]


def plan_joining(
    data: DataSet,
    recordings: Mapping[str, RunRecording],
    verdicts: Sequence[Verdict],
    minutes: float | None,
    before: Mapping[tuple[str, float], Clip],
) -> Joining:
    """Find the clip of each verdict and the recordings that have to join for it, or refuse all faults.

    `recordings` are those of the run, by name. `before` has the clip of each window that was reviewed before, by
    recording and start. Excerpts of some minutes join, or whole recordings if `minutes` is None.
    """
    first: dict[str, Verdict] = {}
    for verdict in verdicts:
        first.setdefault(verdict.recording, verdict)
    used = [recordings[name] for name in first]
    refuse(fault for one in used for fault in source_faults([one], f"{first[one.name].place}:"))
    present = present_names(data, used)
    # Twins join as one recording, under the first name, or under the name that it already has in the data set.
    twins_of = twins_by_name(recordings.values())
    held_out = held_out_reasons(data, [twin for one in used for twin in twins_of[one.name]], present)
    faults = [
        f"{first[one.name].place}: {reason}; remove its verdicts, or restore its deleted rows"
        for one in used
        for reason in [held_out[twin.name] for twin in twins_of[one.name] if twin.name in held_out][:1]
    ]

    site_of = {clip.recording: clip.site for clip in data.clips}
    spelling = {same_site(site): site for site in reversed(site_of.values())}  # The first one counts.
    rows, whole, excerpts = [], {}, {}
    is_part = cache(holds_part)  # Many windows lie in one excerpt.
    for verdict in verdicts:
        one, twins = recordings[verdict.recording], twins_of[verdict.recording]
        clip = before.get((verdict.recording, verdict.start_s))
        # The file may be a part of another recording of this name.
        if clip and is_part(data.recordings / clip.recording, Path(one.path), round(verdict.start_s - clip.start_s, 3)):
            rows.append(clip_row(clip.recording, clip.start_s, UNLABELLED, clip.site))
            continue
        name, offset_s = present.get(one.name, twins[0].name), 0.0
        if one.name not in present and minutes is not None:
            parts = [excerpt_of(twin.name, Path(one.path), verdict.start_s, minutes, data.clip_s) for twin in twins]
            excerpt = next((part for part in parts if part.name in site_of), parts[0])
            name, offset_s = excerpt.name, excerpt.start_s
            excerpts[name] = excerpt
        elif one.name not in present:
            whole[name] = Path(one.path)
        site = site_of.get(name, spelling.setdefault(same_site(twins[0].site), twins[0].site))
        rows.append(clip_row(name, verdict.start_s - offset_s, UNLABELLED, site))
    place_of = {row[1]: verdict.place for row, verdict in zip(reversed(rows), reversed(verdicts), strict=True)}
    faults += name_faults(data, [*whole, *excerpts], place_of)
    for name, source in whole.items():
        faults += [f"{place_of[name]}: {fault}" for fault in bring_faults({name: source}, data.recordings)]
    for name, excerpt in excerpts.items():
        fault = excerpt_fault(excerpt, data.recordings / name)
        faults += [f"{place_of[name]}: {excerpt.source} {fault}"] if fault else []

    def differs(name: str, other: Path) -> bool:
        if name in excerpts:
            return other.is_file() and not holds_part(other, *excerpts[name][1:])
        return other_sound(whole.get(name, data.recordings / name), other)

    joining = {row[0]: row[1] for row in new_rows(data, rows)}
    faults += foreign_joining(data.folder, joining, differs, "rename the recordings, and search them again")
    refuse(faults)
    return Joining(rows, whole, list(excerpts.values()))


def name_faults(data: DataSet, names: Sequence[str], place_of: Mapping[str, str]) -> list[str]:
    """List the recordings whose clips would have the same ids as clips of another recording."""
    # Known recordings that join again count as names only, because `clashes` returns no known ones.
    joining = set(names)
    known = dict.fromkeys(clip.recording for clip in data.clips if clip.recording not in joining)
    return id_faults(names, known, place_of)


def faults_together(plans: Iterable[Joining]) -> list[str]:
    """List the recordings of several runs that would take the place of one another in the data set."""
    source_of: dict[str, Path] = {}
    faults = []
    for plan in plans:
        excerpts = {one.name: one for one in plan.excerpts}
        sources = plan.recordings | {name: one.source for name, one in excerpts.items()}
        for name, source in sources.items():
            first, part = source_of.setdefault(name, source), excerpts.get(name)
            if first == source:
                continue
            if not (same_parts(part, part._replace(source=first)) if part else one_content([first, source])):
                faults.append(
                    f"{source}: {first} would have the same name in the data set; rename one of them, and search it "
                    "again"
                )
    return list(dict.fromkeys([*faults, *id_faults(source_of, (), source_of)]))


def id_faults(names: Collection[str], known: Collection[str], place_of: Mapping[str, object]) -> list[str]:
    """List a fault, at the place of the recording, for each result of `clashes`."""
    return [
        f"{place_of[name]}: clips of {name} and {other} would have the same ids; rename one of the recordings"
        for name, other in clashes(names, known).items()
    ]


def new_rows(data: DataSet, rows: Iterable[ClipRow]) -> list[ClipRow]:
    """Return the rows of new clips, each once, by recording and time."""
    known = {clip.clip_id for clip in data.clips}
    return sorted({row for row in rows if row[0] not in known}, key=lambda row: (row[1], float(row[2])))


def join(data: DataSet, joining: Joining) -> int:
    """Add recordings and windows to the data set, recordings first; return the number of new clips."""
    bring(joining.recordings, data.recordings)
    for excerpt in joining.excerpts:
        if not (data.recordings / excerpt.name).exists():
            write_excerpt(excerpt, data.recordings / excerpt.name)
    new = new_rows(data, joining.rows)
    if not new:
        return 0
    if is_imported(data.folder):
        # The import stage of the data set makes these clips again from a separate table.
        add_windows(data.folder / NAME, new)
        write_stage(data.folder)
    append_rows(data.table, new)
    return len(new)
