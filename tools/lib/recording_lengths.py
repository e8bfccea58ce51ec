"""How long recordings are, and which cannot be used."""

from collections.abc import Sequence
from pathlib import Path

from stages.lib.parallel import in_parallel
from stages.lib.recording import duration_s, recording_fault


def length_or_fault(path: Path) -> float | str:
    """Return the length of a recording in seconds, or what is wrong with it, after decoding it from end to end."""
    return recording_fault(path) or duration_s(path)


def lengths_or_faults(paths: Sequence[Path]) -> list[float | str]:
    """Do so for many on all cores, with a progress bar on a terminal."""
    return list(in_parallel(length_or_fault, [(path,) for path in paths], "checking"))
