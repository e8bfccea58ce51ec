"""Turn two folders of clips, `calls` and `nocalls`, into a table with the label of each file.

The folders' names may vary: `call`, `Calls`, `NoCalls`, `no_calls` and so on. Folder and file names of such clips often
tell the label, and experts see the ids of clips before they answer. So a clip gets a name that tells nothing, and the
table keeps its own name, site and time.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import soundfile

from stages.lib.audio.examination import recording_fault
from stages.lib.audio.recording import duration_s
from stages.lib.runtime.faults import refuse
from tools.lib.formats.delimited import key_of
from tools.lib.formats.event import CALL, NOCALL
from tools.lib.recordings.audio_files import audio_files
from tools.lib.recordings.recording_origin import origin_of_recording
from tools.lib.wording import counted

FOLDERS = {"calls": CALL, "nocalls": NOCALL}
SPELLINGS = {"call": "calls", "calls": "calls", "nocall": "nocalls", "nocalls": "nocalls"}
HEADER = "filename\tstart_s\tduration_s\tlabel\tlocation\tdate\tsource\n"


class FolderClip(NamedTuple):
    """A clip of a folder: its current path, its label, and its path below the folder of both folders."""

    path: Path
    label: str
    source: str


def is_clip_folders(folder: Path) -> bool:
    """Tell whether a folder holds both folders of clips."""
    return label_folders(folder).keys() == FOLDERS.keys()


def lone_folder_faults(paths: Iterable[Path]) -> Iterator[str]:
    """Yield a fault for each path that is one of the two folders, or holds one of them."""
    for path in paths:
        if path.is_dir() and key_of(path.name) in SPELLINGS:
            yield f"{path}: is one of two folders of clips; name the folder that holds both, {path.parent}"
        elif len(held := label_folders(path)) == 1:
            (there,), (lacking,) = held, FOLDERS.keys() - held.keys()
            what = "hold a call" if FOLDERS[lacking] == CALL else "hold no call"
            yield f"{path}: holds {there} and no folder {lacking}; add one, with clips that {what}"


def label_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the folders of clips for each label, in any spelling."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir() if folder.is_dir() else []):
        name = SPELLINGS.get(key_of(path.name))
        if name and path.is_dir():
            found.setdefault(name, []).append(path)
    return found


def beside_lines(folder: Path) -> list[str]:
    """Say which recordings of a folder are in neither folder of clips."""
    others = [name for name in audio_files(folder) if key_of(name.partition("/")[0]) not in SPELLINGS]
    places = ", ".join(sorted({name.partition("/")[0] for name in others}))
    return [
        f"{folder}: left out because in neither calls nor nocalls: {counted(len(others), 'recording')} ({places}); "
        "move sounds without a call into nocalls; python -m tools.add_recordings adds recordings without a label"
    ][: len(others)]


def clips_of(folder: Path, registered: Collection[str]) -> dict[str, FolderClip]:
    """Return every clip in both folders of a folder, by its future path below `recordings/`.

    A clip that the data set has registered under its own name keeps it.
    """
    clips = {}
    for name, folders in label_folders(folder).items():
        for one in folders:
            for clip, path in audio_files(one).items():
                own, source = f"{name}/{clip}", f"{one.name}/{clip}"
                place = own if own in registered else neutral_name(f"{folder.resolve().name}/{source}")
                clips[place] = FolderClip(path, FOLDERS[name], source)
    return clips


def neutral_name(path: str) -> str:
    """Return a file name that tells nothing of a path but its suffix, the same for every import."""
    digest = hashlib.sha256(path.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"clip_{digest}{Path(path).suffix.lower()}"


def table_of(clips: Mapping[str, FolderClip]) -> str:
    """Return a table in Pod.Cast's format; refuse clips that are not audio."""
    refuse(fault for clip in clips.values() if (fault := opening_fault(clip.path)))
    rows = []
    for name, clip in clips.items():
        site, began = origin_of_recording(clip.source)
        cells = (name, "0", f"{duration_s(clip.path):.6f}", clip.label, plain(site), began, plain(clip.source))
        rows.append("\t".join(cells) + "\n")
    return HEADER + "".join(rows)


def plain(text: str) -> str:
    """Return a text without what would end a cell or is not UTF-8."""
    return "".join(letter if letter.isprintable() and letter != '"' else "_" for letter in text)


def opening_fault(path: Path) -> str | None:
    """Say why a clip cannot be opened; any other fault only leaves out that clip, later."""
    try:
        duration_s(path)
    except soundfile.LibsndfileError:
        return recording_fault(path)
    return None
