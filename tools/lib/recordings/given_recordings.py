"""Check recordings named on a command line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.audio.examination import Examined, examine
from stages.lib.audio.missing_sound import LEAST_SHARE
from stages.lib.cluster.cluster import NO_FILES, Cluster
from stages.lib.cluster.parallel import in_parallel
from stages.lib.features.clip_faults import holds_no_band
from stages.lib.features.feature_params import FeatureParams
from stages.lib.tables.clips import FOLDER_MARK, is_utf8, path_fault, recording_id
from tools.lib.recordings.audio_files import audio_files
from tools.lib.recordings.file_names import absolute, told_apart
from tools.lib.recordings.recording_name import stem


class GivenRecording(NamedTuple):
    """A valid recording.

    Attributes
    ----------
    path : Path
    found : Examined
        The result of decoding it.
    name : str
        Its name in tables and pictures, with the folders that distinguish it from others.
    file_stem : str
        The stem of the files made from it.
    """

    path: Path
    found: Examined
    name: str
    file_stem: str

    @property
    def length_s(self) -> float:
        """Its length in seconds."""
        return self.found.length_s


def named(given: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return given recordings and those in given folders, each with its name.

    A recording in a folder is named after its path below the folder; any other after its file name, with the folders
    that distinguish it from others.
    """
    names = told_apart((path for path in given if not path.is_dir()), lambda path: stem(path.name))
    found: list[tuple[Path, str]] = []
    for path in given:
        found += [(file, name) for name, file in audio_files(path).items()] if path.is_dir() else [(path, names[path])]
    return found


def check_recordings(
    names: Mapping[Path, str],
    stems: Mapping[Path, str],
    params: FeatureParams,
    *,
    any_rate: bool = False,
    cluster: Cluster | None = None,
    files: Mapping[Path, str] = NO_FILES,
) -> tuple[list[GivenRecording], dict[Path, str], set[Path]]:
    """Decode recordings from end to end, on all cores or on a cluster.

    Parameters
    ----------
    names, stems : mapping
        From each recording to its name, and to the stem of its files.
    params : FeatureParams
        Give the frequencies that the model uses.
    any_rate : bool
        Whether to accept a sample rate too low for some of these frequencies.
    cluster, files
        As for `in_parallel`; `files` gives the digests of the recordings.

    Returns
    -------
    recordings : list of GivenRecording
        Recordings that can be searched for calls, in the order given.
    left_out : dict
        From each other recording to its fault, in one sentence.
    unready : set of Path
        Left-out recordings that may be usable once they are recorded to the end.
    """
    left_out = {path: fault for path, name in names.items() if (fault := name_fault(path, name))}
    there = [path for path in names if path not in left_out]
    results = in_parallel(examine, [(path, params.channel) for path in there], "checking", cluster=cluster, files=files)
    recordings, unready = [], set()
    for path, found in zip(there, results, strict=True):
        unfit = isinstance(found, Examined) and rate_fault(path, found, params, any_rate)
        fault = unfit or (found if isinstance(found, str) else length_fault(path, found, params))
        if fault:
            left_out[path] = fault
            unready |= set() if unfit else {path}
        else:
            recordings.append(GivenRecording(path, found, names[path], stems[path]))
    return recordings, {path: left_out[path] for path in names if path in left_out}, unready


def rate_fault(path: Path, found: Examined, params: FeatureParams, any_rate: bool) -> str | None:
    """Say why the sample rate of a recording is too low; None if it is not."""
    if holds_no_band(found, params):
        return f"{path}: was recorded at {found.sample_rate} Hz, which holds none of the frequencies the model uses"
    if found.highest_hz < params.highest_hz and not any_rate:
        return (
            f"{path}: was recorded at {found.sample_rate} Hz, which holds nothing above {found.highest_hz:g} Hz, "
            f"but the model uses up to {params.highest_hz:g} Hz; --any-rate accepts it anyway"
        )
    return None


def length_fault(path: Path, found: Examined, params: FeatureParams) -> str | None:
    """Say why a recording holds too little sound; None if it holds enough."""
    needed_s = LEAST_SHARE * params.clip_s
    if found.length_s - found.missing_s < needed_s:
        return f"{path}: holds {found.length_s - found.missing_s:.3f} s of sound, but a window needs {needed_s:g} s"
    return None


def name_fault(path: Path, name: str) -> str | None:
    """Return the fault of the path and the name of a recording; None if it has none."""
    if path.is_symlink() and not path.exists():
        return f"{path}: links to a missing file; fetch it, for example with dvc pull"
    if not path.is_file():
        return f"{path}: there is no such file; name existing recordings"
    fault = path_fault(name)
    if not fault and not is_utf8(str(absolute(path))):
        fault = "is in a folder whose name is not UTF-8; rename the folder"
    return fault and f"{path}: {fault}"


def file_stems(names: Mapping[Path, str], taken: Mapping[str, str]) -> dict[Path, str]:
    """Return the stem of the files made from each recording.

    It has no suffix, unless two recordings differ only in the suffix. `names` is by recording; `taken` has the stems of
    earlier recordings by their names.
    """
    count_of = Counter(recording_id(name) for name in {*taken, *names.values()})
    return {
        path: taken.get(name)
        or (recording_id(name) if count_of[recording_id(name)] == 1 else name.replace("/", FOLDER_MARK))
        for path, name in names.items()
    }


def same_files(names: Sequence[tuple[Path, str]]) -> list[str]:
    """List a fault for each recording given twice, or whose files would have the same name as another's."""
    stems = file_stems(dict(names), {})
    first: dict[str, int] = {}
    faults = []
    for number, (path, name) in enumerate(names):
        same = min(first.setdefault(key, number) for key in (f"stem {stems[path]}", f"path {absolute(path)}"))
        other, its_name = names[same]
        if same == number:
            continue
        if absolute(path) == absolute(other):
            remedy = "name each recording once"
        else:
            remedy = "name a folder that holds both" if name == its_name else "rename one of them"
        faults.append(f"{path}: {other} would have files of the same name; {remedy}")
    return faults
