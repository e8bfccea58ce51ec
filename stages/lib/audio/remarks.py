"""What people should know about recordings that can be used all the same, in sentences."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from stages.lib.audio.unfinished import unfinished_from


def low_rate_lines(sample_rates: Mapping[Path, int], max_hz: float) -> list[str]:
    """List the recordings whose sample rate is too low for a frequency, one sentence per rate.

    Parameters
    ----------
    sample_rates : mapping
        From recording to its own rate, in Hz.
    max_hz : float
        The highest frequency of the features.
    """
    names = defaultdict(list)
    count_of = Counter(path.name for path in sample_rates)
    for path, sample_rate in sample_rates.items():
        if sample_rate / 2 < max_hz:
            names[sample_rate].append(path.name if count_of[path.name] == 1 else str(path))
    return [
        f"recorded at {sample_rate} Hz, which holds nothing above {sample_rate / 2:g} Hz, while featurize.max_hz is "
        f"{max_hz:g}; missing bands count as unknown ({len(of_rate)} in all): {', '.join(of_rate)}"
        for sample_rate, of_rate in sorted(names.items())
    ]


def unfinished_lines(paths: Iterable[Path]) -> list[str]:
    """List the recordings whose headers were never finished, one sentence each."""
    return [
        f"{path}: its header was never finished, probably because the recorder stopped abruptly; read to the end of "
        "the file"
        for path in paths
        if unfinished_from(path) is not None
    ]
