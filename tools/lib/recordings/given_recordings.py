"""Recordings that are named on a command line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.audio.missing_sound import LEAST_SHARE
from stages.lib.audio.recording import Examined, examine
from stages.lib.cluster.cluster import NO_FILES, Cluster
from stages.lib.cluster.parallel import in_parallel
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.spectrogram import held_bands
from stages.lib.tables.clips import FOLDER_MARK, is_utf8, path_fault, recording_id
from tools.lib.recordings.file_names import told_apart
from tools.lib.recordings.recording_name import stem


class GivenRecording(NamedTuple):
    """A sound recording.

    Attributes
    ----------
    path : Path
    found : Examined
        What it holds.
    called : str
        Its name, with the folders that tell it from others of its name; empty for its name alone.
    file_stem : str
        What the files that are made from it are named after.
    """

    path: Path
    found: Examined
    called: str = ""
    file_stem: str = ""

    @property
    def length_s(self) -> float:
        """Its length in seconds."""
        return self.found.length_s

    @property
    def sample_rate(self) -> int:
        """Its own sample rate, in Hz."""
        return self.found.sample_rate

    @property
    def name(self) -> str:
        """What tables and pictures call it."""
        return self.called or self.path.name


def check_recordings(
    paths: Sequence[Path],
    params: FeatureParams,
    *,
    any_rate: bool = False,
    cluster: Cluster | None = None,
    files: Mapping[Path, str] = NO_FILES,
) -> tuple[list[GivenRecording], list[str]]:
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
    recordings : list of GivenRecording
        Those that can be searched for calls, in the order given.
    left_out : list of str
        What is wrong with each of the others, one sentence each.
    """
    named = {path: name_fault(path) for path in paths}
    there = [path for path in paths if path.is_file() and is_utf8(path.name)]
    results = in_parallel(examine, [(path, params.channel) for path in there], "checking", cluster=cluster, files=files)
    examined: dict[Path, Examined | str] = dict(zip(there, results, strict=True))
    recordings, left_out = [], []
    names = called(paths)
    stems = file_stems(names)
    for path in paths:
        found = examined.get(path, "")
        if isinstance(found, str):
            fault = found or named[path]
        elif not (fault := named[path] or content_fault(path, found, params, any_rate)):
            recordings.append(GivenRecording(path, found, names[path], stems[path]))
        if fault:
            left_out.append(fault)
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
    if not path.is_file():
        return f"{path}: there is no such file; name recordings that are there"
    fault = path_fault(path.name)
    return fault and f"{path}: {fault}"


def called(paths: Iterable[Path]) -> dict[Path, str]:
    """Return what recordings are called: their names, with the folders in which those of one stem differ."""
    return told_apart(paths, lambda path: stem(path.name))


def file_stems(names: Mapping[Path, str]) -> dict[Path, str]:
    """Return what the files about recordings are named after, given what the recordings are called.

    That is without suffix, unless it is the suffix alone that tells two recordings apart.
    """
    count_of = Counter(map(recording_id, set(names.values())))
    return {
        path: recording_id(name) if count_of[recording_id(name)] == 1 else name.replace("/", FOLDER_MARK)
        for path, name in names.items()
    }


def same_files(paths: Sequence[Path]) -> list[str]:
    """List the recordings that are named twice, so that what is made from both would have one name."""
    stems = file_stems(called(paths))
    first: dict[str, Path] = {}
    return [
        f"{path}: {first[stems[path]]} would have files of the same name; name each recording once"
        for path in paths
        if first.setdefault(stems[path], path) is not path
    ]
