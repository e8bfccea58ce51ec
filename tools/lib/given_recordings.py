"""Recordings that are named on a command line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.clips import path_fault
from stages.lib.cluster import NO_FILES, Cluster
from stages.lib.missing_sound import LEAST_SHARE
from stages.lib.parallel import in_parallel
from stages.lib.recording import Examined, examine
from stages.lib.spectrogram import FeatureParams, held_bands
from tools.lib.recording_name import stem


class Recording(NamedTuple):
    """A sound recording.

    Attributes
    ----------
    path : Path
    found : Examined
        What it holds.
    """

    path: Path
    found: Examined

    @property
    def length_s(self) -> float:
        """Its length in seconds."""
        return self.found.length_s

    @property
    def sample_rate(self) -> int:
        """Its own sample rate, in Hz."""
        return self.found.sample_rate

    @property
    def stem(self) -> str:
        """Its name without folder and suffix, by which what is made from it is named."""
        return stem(self.path.name)


def check_recordings(
    paths: Sequence[Path],
    params: FeatureParams,
    *,
    any_rate: bool = False,
    cluster: Cluster | None = None,
    files: Mapping[Path, str] = NO_FILES,
) -> tuple[list[Recording], list[str]]:
    """Decode recordings from end to end, on all cores or on a cluster, which is told of the files by their digests.

    Parameters
    ----------
    paths : sequence of Path
    params : FeatureParams
        What the model looks at.
    any_rate : bool
        Whether to take a recording whose sample rate cannot hold all of that.
    cluster, files
        As of `in_parallel`.

    Returns
    -------
    recordings : list of Recording
        Those that can be searched for calls, in the order given.
    left_out : list of str
        What is wrong with each of the others, one sentence each.
    """
    named = {path: name_fault(path) for path in paths}
    there = [path for path in paths if path.is_file()]
    examined = in_parallel(
        examine, [(path, params.channel) for path in there], "checking", cluster=cluster, files=files
    )
    examined = dict(zip(there, examined, strict=True))
    recordings, left_out = [], []
    for path in paths:
        found = examined.get(path)
        fault = found if isinstance(found, str) else named[path] or content_fault(path, found, params, any_rate)
        if fault:
            left_out.append(fault)
        else:
            recordings.append(Recording(path, found))
    return recordings, left_out


def content_fault(path: Path, found: Examined, params: FeatureParams, any_rate: bool) -> str | None:
    """Say why a sound recording cannot be searched for calls; None where it can."""
    if not held_bands(params, found.highest_hz):
        return f"{path}: was recorded at {found.sample_rate} Hz, which holds nothing of what the model looks at"
    if found.highest_hz < params.max_hz and not any_rate:
        return (
            f"{path}: was recorded at {found.sample_rate} Hz, which holds nothing above {found.highest_hz:g} Hz, "
            f"but the model looks up to {params.max_hz:g} Hz; --any-rate takes it all the same"
        )
    needed_s = LEAST_SHARE * params.clip_s
    if found.length_s - found.missing_s < needed_s:
        return f"{path}: holds {found.length_s - found.missing_s:.3f} s of sound, but a window needs {needed_s:g} s"
    return None


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
