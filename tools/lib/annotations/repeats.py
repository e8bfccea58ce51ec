"""Recordings under two names: taken once if their annotations agree, otherwise left out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.lib.annotations.clip_folders import FolderClip
from tools.lib.formats.event import Annotations


def said_of(read: Iterable[Annotations], clips: Mapping[str, FolderClip]) -> dict[str, set[tuple]]:
    """Return the annotations of each recording by its path: start, end and words; only the word for a clip."""
    said: dict[str, set[tuple]] = defaultdict(set)
    for event in (event for one in read for event in one.events):
        said[event.recording].add((event.start_s, event.end_s, event.words))
    for name, clip in clips.items():
        said[name].add(((clip.label,),))
    return said


def contradictory(repeats: Mapping[str, Path], name_of: Mapping[Path, str], said: Mapping[str, set[tuple]]) -> set[str]:
    """Return the recordings that repeat another but have different annotations.

    `repeats` is from `known_sound`, `said` from `said_of`; `name_of` has the path below `recordings/` by current path.
    """
    found = set()
    for name, first in repeats.items():
        pair = [said.get(other, set()) for other in (name, name_of[first])]
        if any(len(one) == 1 for both in pair for one in both):
            pair = [{one[-1] for one in both} for both in pair]
        if pair[0] != pair[1]:
            found.add(name)
    return found
