"""One sound under two names: recordings that hold the same bytes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tqdm import tqdm

from stages.lib.cache.digests import file_digest, repeated


def known_sound(sources: Mapping[str, Path], present: Iterable[Path]) -> dict[str, Path]:
    """Return the recordings that hold the same bytes as another one.

    Parameters
    ----------
    sources : mapping
        From the path of a new recording below `recordings/` to where it lies now. Of equal ones that of the shortest
        name counts, so that `r00.wav` goes before `r00 (1).wav`.
    present : iterable of Path
        The recordings that the data set has; they go before the new ones. Those that are not there are passed over.

    Returns
    -------
    dict
        From the path below `recordings/` to the recording that counts.
    """
    in_order = sorted(sources, key=lambda name: (len(name), name))
    files = [*filter(Path.is_file, present), *(sources[name] for name in in_order)]
    size_of = {path: path.stat().st_size for path in files}
    of_size = Counter(size_of.values())
    alike = [path for path in files if of_size[size_of[path]] > 1]
    first = repeated(
        {path: file_digest(path) for path in tqdm(alike, desc="comparing", unit="recording", disable=None)}
    )
    return {name: first[sources[name]] for name in in_order if sources[name] in first}
