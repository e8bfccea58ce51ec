"""Annotations of a recording that is there under two names: it is taken once where both say the same, and else not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.lib.annotations.clip_folders import FOLDERS
from tools.lib.annotations.event import Annotations
from tools.lib.recording_name import stem


def said_of(read: Iterable[Annotations], clips: Iterable[str]) -> dict[str, set[tuple]]:
    """Return what is said of each recording, by its stem: begin, end and word; the word alone of a clip in a folder."""
    said: dict[str, set[tuple]] = defaultdict(set)
    for event in (event for one in read for event in one.events):
        said[stem(event.recording)].add((event.begin_s, event.end_s, event.words))
    for name in clips:
        said[stem(name)].add(((FOLDERS[name.partition("/")[0]],),))
    return said


def contradictory(
    repeats: Mapping[str, Path], sources: Mapping[str, Path], said: Mapping[str, set[tuple]]
) -> dict[str, Path]:
    """Return the recordings that hold the same bytes as another one and are annotated otherwise, with the other."""
    found = {}
    for name, first in repeats.items():
        # The name that the first one gets: those of a folder of clips may have the folder's put before theirs.
        of_first = next((other for other, path in sources.items() if path == first), first.name)
        pair = [said.get(stem(other), set()) for other in (name, of_first)]
        if any(len(one) == 1 for both in pair for one in both):
            pair = [{one[-1] for one in both} for both in pair]
        if pair[0] != pair[1]:
            found[name] = first
    return found
