"""Find the queued clips, and their windows in their recordings."""

from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import ClipLength, read_params
from stages.lib.runtime.table import quoted, read_table
from stages.lib.tables.clips import Clip, read_clips, recording_of
from stages.lib.tables.expert import COLUMNS, QUEUE
from stages.lib.tables.held_out import length_faults, read_held_out
from tools.lib.clips.data_sets import clips_of, window_lengths
from tools.lib.clips.known_clips import absence, clips_table, in_history


class Window(NamedTuple):
    """A queued clip: its recording, as a path below the data set's `recordings/`, and its start and end in seconds."""

    recording: str
    start_s: float
    end_s: float
    clip_id: str

    @property
    def recording_id(self) -> str:
        """The recording's part of the clip id, used in the names of its files."""
        return recording_of(self.clip_id)


def windows_ever_queued() -> list[list[Window]]:
    """Return the windows of each data set on this machine that a queue in any commit has, the data set in use first."""
    in_use = clips_table().parent
    clips = [(clip_s, list(clips_of(folder))) for folder, clip_s in window_lengths(in_use).items()]
    queued = in_history({clip.clip_id for _, of_folder in clips for clip in of_folder}, [str(QUEUE)])
    return [[window_of(clip, clip_s) for clip in of_folder if clip.clip_id in queued] for clip_s, of_folder in clips]


def window_of(clip: Clip, clip_s: float) -> Window:
    """Return the window of a clip."""
    return Window(clip.recording, clip.start_s, clip.start_s + clip_s, clip.clip_id)


def read_queue_windows() -> list[Window]:
    """Return the queued clips by recording and time, so that their order does not reveal their scores."""
    table = clips_table()
    clips, clip_s = queued_clips(table), read_params("featurize", ClipLength).clip_s
    refuse(length_faults(table.parent.name, read_held_out(), clip_s))
    return sorted(window_of(clip, clip_s) for clip in clips)


def queued_clips(table: Path) -> list[Clip]:
    """Return the clips of the queue, in its order; refuse repeated clips, and clips that a clips.csv does not have."""
    refuse(absence([table]) + absence([QUEUE], "dvc repro score_pool"))
    rows = read_table(QUEUE, COLUMNS)
    known = {clip.clip_id: clip for clip in read_clips(table)}
    first_line: dict[str, int] = {}
    faults = []
    for row in rows:
        clip_id = row.cells["clip_id"]
        if clip_id not in known:
            faults.append(f"{QUEUE}:{row.line}: there is no clip {quoted(clip_id)} in {table}; run dvc repro")
        elif first_line.setdefault(clip_id, row.line) != row.line:
            first = first_line[clip_id]
            faults.append(f"{QUEUE}:{row.line}: clip {quoted(clip_id)} is already on line {first}; remove one of them")
    refuse(faults)
    return [known[row.cells["clip_id"]] for row in rows]
