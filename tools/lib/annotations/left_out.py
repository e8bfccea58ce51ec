"""The recordings and names that an import leaves out, such as repeats with other annotations, and why."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tools.lib.annotations.clip_folders import FolderClip
from tools.lib.annotations.matching import Resolved
from tools.lib.formats.event import Annotations
from tools.lib.recordings.audio_files import clash_line
from tools.lib.wording import counted

DIFFERING = ", but its annotations differ, so both are left out; keep one, with the annotations of both"


class NotTaken(NamedTuple):
    """Recordings that annotations name but that are left out.

    Attributes
    ----------
    lying : dict
        From the path of every named recording to its current path.
    repeats : dict
        Recordings that hold the same bytes as another one.
    differing : collection of str
        The repeats whose annotations differ.
    clashing : dict
        Recordings that differ from another one only in the suffix.
    """

    lying: dict[str, Path]
    repeats: dict[str, Path]
    differing: Collection[str]
    clashing: dict[str, str]

    @property
    def names(self) -> set[str]:
        """Their paths."""
        others = [self.repeats[name] for name in self.differing]
        return {*self.repeats, *self.clashing, *(name for name, path in self.lying.items() if path in others)}

    def lines(self) -> list[str]:
        """Say why each is left out."""
        what = {name: DIFFERING if name in self.differing else "; taken once" for name in self.repeats}
        return [
            f"{self.lying[name]}: holds the same bytes as {first}{what[name]}" for name, first in self.repeats.items()
        ] + [clash_line(self.lying[name], other) for name, other in self.clashing.items()]


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


def not_found_lines(found: Resolved, places: Collection[Path | None], there: Collection[str]) -> list[str]:
    """List names without a file, ambiguous names, and the number of files that no annotation names.

    `places` are the folders searched for recordings, and `there` all recordings in them.
    """
    where = " or ".join(str(place) for place in places if place)
    lines = []
    for name, elsewhere in sorted(found.missing.items()):
        if elsewhere:
            lines.append(
                f"{name}: there is no such recording in {where}; {elsewhere[0]} has its name, but is in another "
                "folder; correct the path, or name the folder that holds the recording with --recordings"
            )
        else:
            lines.append(
                f"{name}: there is no recording with this name in {where}; name the folder that holds it with "
                "--recordings"
            )
    lines += [
        f"{name} ({file}): may be {' or '.join(meant)}, which differ, so it is left out, and no clip "
        "without a call is drawn from them; add the folder to the name in the table, or put the table in the folder of "
        "its recordings"
        for (file, name), meant in sorted(found.unclear.items())
    ]
    unnamed = set(there) - found.named
    if unnamed:
        lines.append(
            f"left out because no annotation names them: {counted(len(unnamed), 'recording')} in {where}; "
            "python -m tools.add_recordings adds such recordings to the pool, without labels"
        )
    return lines
