"""Folders `calls` and `nocalls` of clips, written down as a table that says it of each file."""

from pathlib import Path

import soundfile

from stages.lib.faults import refuse
from stages.lib.recording import duration_s, recording_fault
from tools.lib.annotations.event import CALL, NOCALL
from tools.lib.audio_files import audio_files

FOLDERS = {"calls": CALL, "nocalls": NOCALL}
HEADER = "filename\tstart_s\tduration_s\tlabel\n"


def is_clip_folders(folder: Path) -> bool:
    """Tell whether a folder holds both folders of clips."""
    return all((folder / name).is_dir() for name in FOLDERS)


def clips_of(folder: Path) -> dict[str, Path]:
    """Return every clip, by the path that it should have below `recordings/`."""
    return {f"{name}/{clip}": path for name in FOLDERS for clip, path in audio_files(folder / name).items()}


def table_of(clips: dict[str, Path]) -> str:
    """Return a table in the form of Pod.Cast's; refuse clips that are no audio."""
    refuse(fault for fault in map(opening_fault, clips.values()) if fault)
    rows = [f"{name}\t0\t{duration_s(path):.6f}\t{FOLDERS[name.partition('/')[0]]}\n" for name, path in clips.items()]
    return HEADER + "".join(rows)


def opening_fault(path: Path) -> str | None:
    """Say why a clip cannot be opened; what else may be wrong with it leaves out that clip alone, later."""
    try:
        duration_s(path)
    except soundfile.LibsndfileError:
        return recording_fault(path)
    return None
