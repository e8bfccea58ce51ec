"""Recordings that are named on a command line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile

from stages.lib.clips import path_fault
from stages.lib.cluster import NO_FILES, Cluster
from stages.lib.parallel import in_parallel
from stages.lib.recording import recording_fault
from tools.lib.recording_name import stem


class Recording(NamedTuple):
    """A sound recording.

    Attributes
    ----------
    path : Path
    length_s : float
    sample_rate : int
        Its own, in Hz.
    """

    path: Path
    length_s: float
    sample_rate: int

    @property
    def stem(self) -> str:
        """Its name without folder and suffix, by which what is made from it is named."""
        return stem(self.path.name)


def check_recordings(
    paths: Sequence[Path], cluster: Cluster | None = None, files: Mapping[Path, str] = NO_FILES
) -> tuple[list[Recording], list[str]]:
    """Decode recordings from end to end, on all cores or on a cluster, which is told of the files by their digests.

    Returns
    -------
    recordings : list of Recording
        The sound ones, in the order given.
    faults : list of str
        Everything that is wrong with any of the others, one sentence each.
    """
    there = list(filter(Path.is_file, paths))
    checked = in_parallel(recording_fault, [(path,) for path in there], "checking", cluster=cluster, files=files)
    content = dict(zip(there, checked, strict=True))
    faults = [content.get(path) or name_fault(path) for path in paths]
    sound = [path for path, fault in zip(paths, faults, strict=True) if not fault]
    about = [soundfile.info(path) for path in sound]
    recordings = [
        Recording(path, of.frames / of.samplerate, of.samplerate) for path, of in zip(sound, about, strict=True)
    ]
    return recordings, [*filter(None, faults), *same_names(paths)]


def name_fault(path: Path) -> str | None:
    """Say what is wrong with the name of a recording; None where nothing is."""
    if path.is_dir():
        return f"{path}: is a folder; name the recordings in it, as in {path}/*.flac"
    if not path.exists():
        return f"{path}: there is no such file; name recordings that are there"
    return path_fault(path.name)


def same_names(paths: Sequence[Path]) -> list[str]:
    """List the recordings that have the stem of one before them, so that what is made from both has one name."""
    first: dict[str, Path] = {}
    return [
        f"{path}: {first[stem(path.name)]} has the same stem; name each recording once, and those of one name one at a "
        "time"
        for path in paths
        if first.setdefault(stem(path.name), path) is not path
    ]
