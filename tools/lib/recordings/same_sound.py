"""Find duplicate recordings: files that hold the same bytes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tqdm import tqdm

from stages.lib.cache.digests import file_digest, repeated


def known_sound(sources: Mapping[str, Path], present: Iterable[Path]) -> dict[str, Path]:
    """Return the recordings that hold the same bytes as another.

    Parameters
    ----------
    sources : mapping
        From the path of a new recording below `recordings/` to its current path. Among equal recordings, the one with
        the shortest name is kept: `r00.wav`, not `r00 (1).wav`.
    present : iterable of Path
        The recordings of the data set, which take precedence over new ones.

    Returns
    -------
    dict
        From the path below `recordings/` to the recording that is kept; missing files are skipped.
    """
    in_order = sorted(sources, key=lambda name: (len(name), name))
    files = list(filter(Path.is_file, [*present, *(sources[name] for name in in_order)]))
    size_of = {path: path.stat().st_size for path in files}
    of_size = Counter(size_of.values())
    same_size = [path for path in files if of_size[size_of[path]] > 1]
    first = repeated(
        {path: file_digest(path) for path in tqdm(same_size, desc="comparing", unit="recording", disable=None)}
    )
    return {name: first[sources[name]] for name in in_order if sources[name] in first}
