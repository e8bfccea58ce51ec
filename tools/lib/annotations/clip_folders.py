"""Turn two folders of clips, `calls` and `nocalls`, into a table with the label of each file.

Their names may vary: `call`, `Calls`, `NoCalls`, `no_calls` and so on.
"""

from pathlib import Path

import soundfile

from stages.lib.audio.examination import recording_fault
from stages.lib.audio.recording import duration_s
from stages.lib.runtime.faults import refuse
from tools.lib.formats.delimited import key_of
from tools.lib.formats.event import CALL, NOCALL
from tools.lib.recordings.audio_files import audio_files

FOLDERS = {"calls": CALL, "nocalls": NOCALL}
SPELLINGS = {"call": "calls", "calls": "calls", "nocall": "nocalls", "nocalls": "nocalls"}
HEADER = "filename\tstart_s\tduration_s\tlabel\n"


def is_clip_folders(folder: Path) -> bool:
    """Tell whether a folder holds both folders of clips."""
    return label_folders(folder).keys() == FOLDERS.keys()


def label_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the folders of clips for each label, in any spelling."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir() if folder.is_dir() else []):
        name = SPELLINGS.get(key_of(path.name))
        if name and path.is_dir():
            found.setdefault(name, []).append(path)
    return found


def clips_of(folder: Path) -> dict[str, Path]:
    """Return every clip by its future path below `recordings/`."""
    clips: dict[str, Path] = {}
    refuse(
        f"{path}: {clips[place]} would have the same path, {place}; rename one of them"
        for name, folders in label_folders(folder).items()
        for one in folders
        for clip, path in audio_files(one).items()
        if clips.setdefault(place := f"{name}/{clip}", path) != path
    )
    return clips


def table_of(clips: dict[str, Path]) -> str:
    """Return a table in Pod.Cast's format; refuse clips that are not audio."""
    refuse(fault for fault in map(opening_fault, clips.values()) if fault)
    rows = [f"{name}\t0\t{duration_s(path):.6f}\t{FOLDERS[name.partition('/')[0]]}\n" for name, path in clips.items()]
    return HEADER + "".join(rows)


def opening_fault(path: Path) -> str | None:
    """Say why a clip cannot be opened; any other fault only leaves out that clip, later."""
    try:
        duration_s(path)
    except soundfile.LibsndfileError:
        return recording_fault(path)
    return None
