"""The task of a search: the given recordings that are new to the run, checked before anything is written."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.cache.digests import hash_files
from stages.lib.cluster.cluster import Cluster
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import state
from tools.lib.detection.run_record import RECORD, Run, RunRecording, read_run
from tools.lib.formats.detection_files import FORMS
from tools.lib.recordings.audio_files import audio_files
from tools.lib.recordings.file_names import absolute
from tools.lib.recordings.given_recordings import GivenRecording, check_recordings, file_stems, named, same_files
from tools.lib.recordings.recording_origin import origin_of_recording
from tools.lib.search.choices import Choices, option_faults, wanted_run
from tools.lib.search.growing import compare, misfits, newest, still_recorded
from tools.lib.search.run_pictures import PICTURE_SUFFIX
from tools.lib.search.run_tables import table_stem

STILL_RECORDED = "it is the newest in its folder and perhaps still being recorded, so it is left for the next start"


class Task(NamedTuple):
    """The recordings to search, and what was searched before.

    Attributes
    ----------
    run : Run
        The run, with the recordings searched before.
    recordings : list of GivenRecording
    entries : dict
        From each recording to its entry in the record, without a digest until it has been searched.
    states : dict
        From each recording to its file state before the check.
    files : dict
        From each recording to its digest, for a cluster.
    before : set of str
        Names of the given recordings that were searched before.
    left_out : list of str
        The fault of each recording that cannot be searched.
    waiting : list of str
        A sentence for each recording that is left for the next start.
    """

    run: Run
    recordings: list[GivenRecording]
    entries: dict[Path, RunRecording]
    states: dict[Path, tuple | None]
    files: dict[Path, str]
    before: set[str]
    left_out: list[str]
    waiting: list[str]


def task(given: Sequence[Path], choices: Choices, params: FeatureParams, cluster: Cluster | None) -> Task:
    """Return the new recordings among those given, decoded; refuse with all faults if there is nothing to do."""
    folder, names, wanted = choices.folder, named(given), wanted_run(choices, params)
    run = read_run(folder) if (folder / RECORD).exists() else wanted
    # Checked before decoding recordings, which may take hours.
    refuse([*option_faults(choices, params.clip_s), *(misfits(folder, run, wanted) if run is not wanted else [])])
    compared = compare(folder, run, dict(names))
    stated = set(given)
    in_folders = [path for path, _ in names if path not in stated]
    open_ones = set(still_recorded(in_folders)) & compared.new.keys()
    new = {path: name for path, name in compared.new.items() if path not in open_ones}
    states = {path: state(path) for path in new}
    files = {} if cluster is None else digests(new)
    stems = file_stems(new, {one.name: one.file_stem for one in run.recordings})
    recordings, left_out, unready = check_recordings(
        new, stems, params, any_rate=choices.any_rate, cluster=cluster, files=files
    )
    entries = {one.path: entry_of(one, choices.site, states[one.path]) for one in recordings}
    without_any = [path for path in given if path.is_dir() and not audio_files(path)]
    faults = [
        *(f"{path}: holds no recording; name a folder of FLAC, WAV, Ogg or MP3 files" for path in without_any),
        *compared.faults,
        *output_faults(list(entries.values()), run, choices),
        *same_files(names),
    ]
    waiting = [f"{path}: its header is unfinished; {STILL_RECORDED}" for path in sorted(open_ones)]
    waiting += [f"{left_out.pop(path)}; {STILL_RECORDED}" for path in sorted(newest(in_folders) & unready)]
    out = [*left_out.values(), *compared.changed]
    if faults or not (recordings or compared.before or waiting):
        refuse([*faults, *out])
    return Task(compared.run, recordings, entries, states, files, compared.before, out, waiting)


def digests(paths: Iterable[Path]) -> dict[Path, str]:
    """Return the digests of the recordings that exist."""
    return {Path(path): seen.digest for path, seen in hash_files(filter(Path.is_file, paths), {}).items()}


def entry_of(recording: GivenRecording, site: str | None, before: tuple | None) -> RunRecording:
    """Return the entry of a recording in the record, without a digest, given the state of its file before the check."""
    origin = origin_of_recording(recording.name)
    _, size, modified_ns = before or (0, 0, 0)  # It has appeared since then.
    return RunRecording(
        name=recording.name,
        path=str(absolute(recording.path)),
        digest="",
        length_s=recording.length_s,
        sound_s=recording.length_s - recording.found.missing_s,
        site=origin.site if site is None else site,
        began=origin.began,
        file_stem=recording.file_stem,
        sample_rate=recording.found.sample_rate,
        missing=recording.found.missing,
        size=size,
        modified_ns=modified_ns,
    )


def output_faults(entries: Sequence[RunRecording], run: Run, choices: Choices) -> list[str]:
    """List existing outputs that are not from this run; somebody may have corrected them."""
    known = {*run.tables, *(f"{one.file_stem}{PICTURE_SUFFIX}" for one in run.recordings)}
    suffix = FORMS[choices.form].suffix
    outputs = [f"{table_stem(one, choices.per)}{suffix}" for one in entries]
    outputs += [f"{one.file_stem}{PICTURE_SUFFIX}" for one in entries if choices.pictures]
    return [
        f"{choices.folder / name}: already exists; move it away, or name another folder with --output"
        for name in dict.fromkeys(outputs)
        if name not in known and (choices.folder / name).exists()
    ]
