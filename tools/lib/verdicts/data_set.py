"""The recordings of a run before they join the data set: missing ones, ones already in it, and held-out ones."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.cache.digests import hash_files
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import ClipLength, DataParams, param_line, read_params
from stages.lib.split.drawing import UNHEARD
from stages.lib.split.params import SplitParams
from stages.lib.split.parts import groups_of
from stages.lib.tables.clips import Clip, read_clips, recording_id, recording_of, same_site
from stages.lib.tables.held_out import HeldOutClip, length_faults, read_held_out
from tools.lib.clips.known_clips import absence
from tools.lib.detection.run_record import RECORD, Run, RunRecording
from tools.lib.recordings.audio_files import known_sound
from tools.lib.recordings.data_set import overwriting_faults


class DataSet(NamedTuple):
    """The data set in use.

    Attributes
    ----------
    folder : Path
    clips : list of Clip
    held_out : list of HeldOutClip
        Held-out clips of this data set.
    split : SplitParams
    clip_s : float
        Length of a clip, in seconds.
    """

    folder: Path
    clips: list[Clip]
    held_out: list[HeldOutClip]
    split: SplitParams
    clip_s: float

    @property
    def table(self) -> Path:
        """Its clips.csv."""
        return self.folder / "clips.csv"

    @property
    def recordings(self) -> Path:
        """The folder of its recordings."""
        return self.folder / "recordings"


def read_data_set() -> DataSet:
    """Read the data set that params.yaml names."""
    folder, split = read_params("data", DataParams).folder, read_params("split", SplitParams)
    held_out = [clip for clip in read_held_out() if clip.dataset == folder.name]
    clip_s = read_params("featurize", ClipLength).clip_s
    table = folder / "clips.csv"
    refuse(absence([table]))
    return DataSet(folder, read_clips(table), held_out, split, clip_s)


def run_faults(data: DataSet, folder: Path, run: Run) -> list[str]:
    """List the reasons why no window of a run can become a clip of the data set."""
    faults = length_faults(data.folder.name, data.held_out, data.clip_s)
    if run.clip_s != data.clip_s:
        faults.append(
            f"{folder / RECORD}: its windows are {run.clip_s:g} s long, but a clip of {data.folder.name} is "
            f"{data.clip_s:g} s (params.yaml:{param_line('featurize', 'clip_s')}); search with a model of this data set"
        )
    return faults + overwriting_faults(data.folder)


def source_faults(recordings: Sequence[RunRecording], place: str) -> list[str]:
    """List a fault for each recording that is missing, or has changed since it was searched.

    Parameters
    ----------
    recordings : sequence of RunRecording
    place : str
        The beginning of each fault: the file, and the line if there is one.
    """
    digests = hash_files(filter(Path.is_file, [Path(one.path) for one in recordings]), {})
    faults = []
    for one in recordings:
        if one.path not in digests:
            faults.append(
                f"{place} {one.name} is no longer at {one.path}; put it back there, or give its new folder to "
                "python -m tools.detect, which knows it again"
            )
        elif digests[one.path].digest != one.digest:
            faults.append(
                f"{place} {one.path} has changed since it was searched; restore it, or search it again with another "
                "--output"
            )
    return faults


def twins_by_name(recordings: Iterable[RunRecording]) -> dict[str, list[RunRecording]]:
    """Return by name the recordings with the same bytes as each, itself included, the shortest name first."""
    of_digest: dict[str, list[RunRecording]] = defaultdict(list)
    for one in sorted(recordings, key=lambda one: (len(one.name), one.name)):
        of_digest[one.digest].append(one)
    return {one.name: twins for twins in of_digest.values() for one in twins}


def present_names(data: DataSet, recordings: Sequence[RunRecording]) -> dict[str, str]:
    """Return the names in the data set of recordings that it already has, found by their content.

    Parameters
    ----------
    data : DataSet
    recordings : sequence of RunRecording
        Recordings whose files exist.

    Returns
    -------
    dict
        From the name in the run to the path below the data set's `recordings/`.
    """
    names = list(dict.fromkeys(clip.recording for clip in data.clips))
    path_of = {data.recordings / name: name for name in names}
    same = known_sound({one.name: Path(one.path) for one in recordings}, path_of)
    return {name: path_of[path] for name, path in same.items() if path in path_of}


def held_out_reasons(data: DataSet, recordings: Sequence[RunRecording], present: Mapping[str, str]) -> dict[str, str]:
    """Return the recordings that the data set holds out, each with the reason: the recording itself, or its site.

    Parameters
    ----------
    data : DataSet
    recordings : sequence of RunRecording
    present : mapping
        From `present_names`.
    """
    part_of = {clip.clip_id: clip.part for clip in data.held_out}
    unheard = groups_of(UNHEARD, data.clips, data.split, part_of)
    ids = {recording_of(clip_id) for clip_id, part in part_of.items() if part in UNHEARD}
    listed = data.split.test if isinstance(data.split.test, list) else []
    ids |= {recording_id(name) for name in [*listed, *(unheard if data.split.group_by == "recording" else ())]}
    sites = {same_site(name) for name in unheard} if data.split.group_by == "site" else set()
    site_of = {clip.recording: clip.site for clip in data.clips}
    reasons = {}
    for one in recordings:
        name = present.get(one.name, one.name)
        site = site_of.get(name, one.site)
        if recording_id(name) in ids:
            reasons[one.name] = f"{data.folder.name} holds out {name}, so no model may learn from it"
        elif site and same_site(site) in sites:
            reasons[one.name] = f"{data.folder.name} holds out the site {site}, so no model may learn from it"
    return reasons
