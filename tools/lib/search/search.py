"""Search recordings with a model, and update the record and tables of the run on the way."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise, tee
from math import ceil
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from stages.lib.cache.digests import file_digest
from stages.lib.cluster.cluster import Cluster
from stages.lib.feature_store import in_batches
from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.model_folder import RETRAINED
from stages.lib.model.scoring import BATCH_SIZE
from stages.lib.runtime.inputs import state
from tools.lib.detection.detections import window_starts
from tools.lib.detection.detector import Detector, open_detector, scores
from tools.lib.detection.run_record import DECIMALS, Run, RunRecording, write_scores
from tools.lib.detection.searched import FOLLOWS_S, Order, began, searched
from tools.lib.recordings.given_recordings import GivenRecording
from tools.lib.search.choices import Choices
from tools.lib.search.run_pictures import picture_path
from tools.lib.search.run_tables import commit, finish, table_stem
from tools.lib.search.task import Task

COMMIT_EVERY_S = 10.0  # Writing a long record takes time, so it is not written after each recording.
# A recording, the starts of its windows in seconds, and their scores (NaN for windows without sound). No scores if the
# recording changed or disappeared.
Scored = tuple[Path, np.ndarray, np.ndarray | None]


class Outcome(NamedTuple):
    """The outcome of a search.

    Attributes
    ----------
    run : Run
        The run with these recordings.
    recordings : list of RunRecording
        Recordings searched now.
    detections : int
        Number of detections; one that continues in the next recording counts once.
    empty : int
        Number of recordings without a detection.
    changed : list of str
        The fault of each recording that changed or disappeared while it was searched.
    """

    run: Run
    recordings: list[RunRecording]
    detections: int
    empty: int
    changed: list[str]


class Plan(NamedTuple):
    """The windows of a recording: their starts, which of them hold sound, and batches of these."""

    recording: GivenRecording
    starts_s: np.ndarray
    sounds: np.ndarray
    batches: list[Sequence[float]]


def plan(recording: GivenRecording, run: Run) -> Plan:
    """Return the windows of a recording."""
    starts_s = window_starts(recording.length_s, run.clip_s, run.hop_s)
    sounds = recording.found.has_sound(starts_s, run.clip_s)
    return Plan(recording, starts_s, sounds, list(in_batches(starts_s[sounds], BATCH_SIZE)))


def keep(found: Iterable[Scored], todo: Task, choices: Choices, params: FeatureParams) -> Outcome:
    """Write the scores of each recording, and the record and tables every few seconds and at the end.

    Parameters
    ----------
    found : iterable of Scored
        Output of `scored`.
    todo : Task
        The task; without recordings, only what a killed run left undone is completed.
    choices : Choices
    params : FeatureParams
        Feature params of the model.
    """
    folder, run = choices.folder, finish(choices.folder, todo.run)
    again = {entry.path for entry in todo.entries.values()}
    known = {one.name: one for one in run.recordings}
    order = Order(one for one in run.recordings if one.path not in again)
    waiting = Counter(table_stem(entry, run.per) for entry in todo.entries.values())
    done: list[RunRecording] = []
    left: set[str] = set()
    changed: list[str] = []
    detections = empty = 0
    committed = time.monotonic()
    for path, starts_s, p_call in found:
        waiting -= Counter([table_stem(todo.entries[path], run.per)])
        digest = todo.files.get(path) or (file_digest(path) if path.is_file() else "")
        if p_call is None or state(path) != todo.states[path]:
            what = "changed" if path.exists() else "disappeared"
            changed.append(f"{path}: {what} while it was searched, so it is left for the next start")
            continue
        entry = todo.entries[path].model_copy(update={"digest": digest})
        write_scores(folder, entry, starts_s, p_call)
        others = run.recordings
        if entry.name in known:
            others = tuple(other for other in others if other.name != entry.name)
            left.add(known[entry.name].table)
            picture_path(folder, entry).unlink(missing_ok=True)  # It shows the recording as it was before.
        run = run.model_copy(update={"recordings": (*others, entry)})
        result = searched(folder, run, entry, order)
        order.add(entry)
        done.append(entry)
        detections += len(result.detections) - bool(result.continues)
        empty += not result.detections
        if time.monotonic() > committed + COMMIT_EVERY_S:
            run = commit(folder, run, waiting, params, order, left=left)
            left = set()
            committed = time.monotonic()
    if run.recordings:  # Also if nothing is new, because a folder may have been moved.
        run = commit(folder, run, (), params, order, left=left)
    return Outcome(finish(folder, run), done, detections, empty, changed)


def overlap_lines(outcome: Outcome) -> list[str]:
    """Return a remark on each table that got recordings of one time, which Raven cannot open as one sound."""
    timed = [(one.table, start_s, one) for one in outcome.run.recordings if (start_s := began(one)) is not None]
    new = {one.name for one in outcome.recordings}
    lines: dict[str, str] = {}
    for (table, start_s, one), (next_table, next_s, other) in pairwise(sorted(timed, key=itemgetter(0, 1))):
        overlap = table == next_table and next_s < start_s + one.length_s - FOLLOWS_S
        if overlap and not new.isdisjoint({one.name, other.name}):
            lines.setdefault(
                table,
                f"{table}: {one.name} and {other.name} were recorded at one time; if they are of two places, search "
                "each by itself, with --site and --output",
            )
    return list(lines.values())


def scored(todo: Task, cluster: Cluster | None) -> Iterator[Scored]:
    """Score recordings with the retrained model, ordered by site and time, on this machine or a cluster.

    Yields
    ------
    Scored
        Each recording. One that changes or disappears does not end the search.
    """
    if not todo.recordings:
        return
    by_site_and_time = attrgetter("site", "began", "name")
    left = deque(sorted(todo.recordings, key=lambda one: by_site_and_time(todo.entries[one.path])))
    detector = open_detector(RETRAINED)
    seconds = sum(ceil(one.length_s) for one in left)
    with tqdm(total=seconds, desc="detect", unit="s", unit_scale=True, disable=None) as bar:
        while left:
            try:
                for one in scored_unchanged(list(left), detector, todo, cluster, bar):
                    left.popleft()
                    yield one
            except Exception:
                lost = {one.path for one in left if state(one.path) != todo.states[one.path]}
                if not lost:
                    raise
                left = deque(one for one in left if one.path not in lost)
                yield from ((path, np.empty(0), None) for path in sorted(lost))


def scored_unchanged(
    recordings: Sequence[GivenRecording], detector: Detector, todo: Task, cluster: Cluster | None, bar: tqdm
) -> Iterator[Scored]:
    """Score recordings that stay as they are; the bar shows the progress."""
    ahead, plans = tee(plan(one, todo.run) for one in recordings)
    windows = ((one.recording.path, batch) for one in ahead for batch in one.batches)
    results = scores(detector, windows, cluster, todo.files)
    for one in plans:
        of_batches = [np.empty(0)]
        for p_call in islice(results, len(one.batches)):
            of_batches.append(p_call)
            bar.update(len(p_call) * todo.run.hop_s)
        # There may be no batch: sound can be so scattered that no window holds enough. Rounded, as in the files.
        p_call = np.full(len(one.starts_s), np.nan)
        p_call[one.sounds] = np.round(np.concatenate(of_batches), DECIMALS)
        yield one.recording.path, one.starts_s, p_call
