"""Search recordings with a model, and keep the record and the tables of the run as it goes on."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, tee
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from stages.lib.cache.digests import file_digest
from stages.lib.cluster.cluster import NO_FILES, Cluster
from stages.lib.feature_store import in_batches
from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.model_folder import RETRAINED
from stages.lib.model.scoring import BATCH_SIZE
from stages.lib.runtime.inputs import state
from tools.lib.detection.detections import window_starts
from tools.lib.detection.detector import open_detector, scores
from tools.lib.detection.run_record import DECIMALS, Run, RunRecording, write_scores
from tools.lib.detection.searched import Order, searched
from tools.lib.recordings.file_names import absolute
from tools.lib.recordings.given_recordings import GivenRecording
from tools.lib.recordings.recording_origin import origin_of_recording
from tools.lib.search.run_tables import commit, finish, table_stem

COMMIT_EVERY_S = 10.0  # So that writing the record takes a small part of the time, however many recordings it names.


class Outcome(NamedTuple):
    """What a search has come to.

    Attributes
    ----------
    run : Run
    recordings : list of RunRecording
        The ones searched now.
    detections : int
        A detection that continues in the next recording counts once.
    empty : int
        How many recordings are without one.
    changed : list of str
        The fault of each recording that changed while it was searched.
    """

    run: Run
    recordings: list[RunRecording]
    detections: int
    empty: int
    changed: list[str]


class Plan(NamedTuple):
    """The windows of a recording: their starts, which of them hold sound, and these in batches."""

    recording: GivenRecording
    starts_s: np.ndarray
    sounds: np.ndarray
    batches: list[Sequence[float]]


def plan(recording: GivenRecording, run: Run) -> Plan:
    """Return the windows of a recording."""
    starts_s = window_starts(recording.length_s, run.clip_s, run.hop_s)
    sounds = recording.found.has_sound(starts_s, run.clip_s)
    return Plan(recording, starts_s, sounds, list(in_batches(starts_s[sounds], BATCH_SIZE)))


def entry_of(recording: GivenRecording, site: str | None, digest: str = "") -> RunRecording:
    """Return the entry of a recording in the record; without a digest until it was searched."""
    origin = origin_of_recording(recording.name)
    status = recording.path.stat()
    return RunRecording(
        name=recording.name,
        path=str(absolute(recording.path)),
        digest=digest,
        length_s=recording.length_s,
        sound_s=recording.length_s - recording.found.missing_s,
        site=origin.site if site is None else site,
        began=origin.began,
        file_stem=recording.file_stem,
        sample_rate=recording.sample_rate,
        missing=recording.found.missing,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
    )


def search(
    recordings: Sequence[GivenRecording],
    params: FeatureParams,
    folder: Path,
    run: Run,
    states: Mapping[Path, tuple | None],
    *,
    site: str | None = None,
    pictures: bool = False,
    cluster: Cluster | None = None,
    files: Mapping[Path, str] = NO_FILES,
) -> Outcome:
    """Search recordings with the retrained model, in the order of their sites and times.

    Parameters
    ----------
    recordings : sequence of GivenRecording
        There may be none; then only what a killed run has left is done.
    params : FeatureParams
        Of the retrained model.
    folder : Path
        The output folder.
    run : Run
        What was searched before.
    states : mapping
        From recordings to their states before they were checked.
    site : str or None
        The site of all; None to take it from names and folders.
    pictures : bool
        Whether to draw each recording.
    cluster, files
        As for `scores`.
    """
    entries = {one.path: entry_of(one, site) for one in recordings}
    in_order = sorted(recordings, key=lambda one: (entries[one.path].site, entries[one.path].began, one.name))
    found = (
        (entries[one.recording.path], one.recording.path, one.starts_s, p_call)
        for one, p_call in scored(in_order, run, cluster, files)
    )
    return keep(found, list(entries.values()), params, folder, run, states=states, pictures=pictures, files=files)


def keep(
    found: Iterable[tuple[RunRecording, Path, np.ndarray, np.ndarray]],
    entries: Sequence[RunRecording],
    params: FeatureParams,
    folder: Path,
    run: Run,
    *,
    states: Mapping[Path, tuple | None],
    pictures: bool = False,
    files: Mapping[Path, str] = NO_FILES,
) -> Outcome:
    """Write the scores of each recording, and the record and the tables every few seconds and at the end.

    Parameters
    ----------
    found : iterable of (RunRecording, Path, ndarray, ndarray)
        Each recording without its digest, its path, and the starts and scores of its windows.
    entries : sequence of RunRecording
        All recordings that `found` will yield.
    params, folder, run, states, pictures, files
        As for `search`.
    """
    run = finish(folder, run)
    again = {entry.path for entry in entries}
    known = {one.name for one in run.recordings}
    order = Order(one for one in run.recordings if one.path not in again)
    waiting = Counter(table_stem(entry, run.per) for entry in entries)
    done: list[RunRecording] = []
    changed: list[str] = []
    detections = empty = 0
    committed = time.monotonic()
    for unhashed, path, starts_s, p_call in found:
        waiting -= Counter([table_stem(unhashed, run.per)])
        digest = files.get(path) or file_digest(path)
        if state(path) != states[path]:
            changed.append(f"{path}: changed while it was searched, so it is left for the next start")
            continue
        entry = unhashed.model_copy(update={"digest": digest})
        write_scores(folder, entry, starts_s, p_call)
        others = run.recordings
        if entry.name in known:
            others = tuple(other for other in others if other.name != entry.name)
        run = run.model_copy(update={"recordings": (*others, entry)})
        result = searched(folder, run, entry, order)
        order.add(entry)
        done.append(entry)
        detections += len(result.detections) - bool(result.continues)
        empty += not result.detections
        if time.monotonic() > committed + COMMIT_EVERY_S:
            run = commit(folder, run, waiting, params, order, pictures=pictures)
            committed = time.monotonic()
    if run.recordings:  # Also where nothing is new: a folder may have been moved.
        run = commit(folder, run, (), params, order, pictures=pictures)
    return Outcome(finish(folder, run), done, detections, empty, changed)


def scored(
    recordings: Sequence[GivenRecording],
    run: Run,
    cluster: Cluster | None,
    files: Mapping[Path, str],
) -> Iterator[tuple[Plan, np.ndarray]]:
    """Yield each recording with the scores of its windows, shape (windows,), NaN for those without sound."""
    if not recordings:
        return
    ahead, plans = tee(plan(one, run) for one in recordings)
    windows = ((one.recording.path, batch) for one in ahead for batch in one.batches)
    results = scores(open_detector(RETRAINED), windows, cluster, files)
    seconds = sum(ceil(one.length_s) for one in recordings)
    with tqdm(total=seconds, desc="detect", unit="s", unit_scale=True, disable=None) as bar:
        for one in plans:
            of_batches = [np.empty(0)]
            for p_call in islice(results, len(one.batches)):
                of_batches.append(p_call)
                bar.update(len(p_call) * run.hop_s)
            # Sound can be scattered so thinly that no window holds enough of it. Rounded, as in the files.
            p_call = np.full(len(one.starts_s), np.nan)
            p_call[one.sounds] = np.round(np.concatenate(of_batches), DECIMALS)
            yield one, p_call
