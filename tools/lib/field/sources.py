"""The files of searched recordings: whether each is still there, and still the one that was searched."""

from collections.abc import Iterable
from pathlib import Path

from stages.lib.cache.digests import hash_files
from tools.lib.detection.run_record import RunRecording


def source_faults(recordings: Iterable[RunRecording], place: str) -> list[str]:
    """List the recordings that are gone, or hold another sound than when they were searched.

    Parameters
    ----------
    recordings : iterable of RunRecording
    place : str
        What faults begin with: the file, and the line if there is one.
    """
    recordings = list(recordings)
    there = [one for one in recordings if Path(one.path).is_file()]
    digests = hash_files((Path(one.path) for one in there), {})
    faults = []
    for one in recordings:
        if one.path not in digests:
            faults.append(
                f"{place} {one.name} is no longer at {one.path}; put it back there, or give its new folder to "
                "python -m tools.detect, which knows it again"
            )
        elif digests[one.path].digest != one.digest:
            faults.append(
                f"{place} {one.path} has changed since it was searched; restore it, or search it again with another "
                "--output"
            )
    return faults
