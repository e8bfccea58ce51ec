"""Folders `calls` and `nocalls` of clips, written down as a table that says it of each file."""

from pathlib import Path

from stages.lib.faults import refuse
from tools.lib.annotations.event import CALL, NOCALL
from tools.lib.audio_files import audio_files
from tools.lib.recording_lengths import lengths_or_faults

FOLDERS = {"calls": CALL, "nocalls": NOCALL}
HEADER = "filename\tstart_s\tduration_s\tlabel\n"


def is_clip_folders(folder: Path) -> bool:
    """Tell whether a folder holds both folders of clips."""
    return all((folder / name).is_dir() for name in FOLDERS)


def clips_of(folder: Path) -> dict[str, Path]:
    """Return every clip, by the path that it should have below `recordings/`.

    A name that is in both folders, as where each counts from 1, has the folder's put before it.
    """
    in_folder = {name: audio_files(folder / name) for name in FOLDERS}
    twice = set.intersection(*map(set, in_folder.values()))
    return {
        f"{name}/{name}_{path.name}" if stem in twice else f"{name}/{path.name}": path
        for name, by_stem in in_folder.items()
        for stem, paths in by_stem.items()
        for path in paths
    }


def table_of(clips: dict[str, Path]) -> str:
    """Return a table in the form of Pod.Cast's; refuse clips that are no audio."""
    lengths = lengths_or_faults(list(clips.values()))
    refuse(fault for fault in lengths if isinstance(fault, str))
    rows = [
        f"{Path(name).name}\t0\t{length_s:.6f}\t{FOLDERS[name.partition('/')[0]]}\n"
        for name, length_s in zip(clips, lengths, strict=True)
    ]
    return HEADER + "".join(rows)
