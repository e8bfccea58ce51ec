"""What an import leaves out, so that people can look for it."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from tools.lib.annotations.matching import Resolved
from tools.lib.recordings.audio_files import clash_line
from tools.lib.wording import counted

DIFFERING = ", but is annotated otherwise, so neither is taken; keep one, with the annotations of both"


class NotTaken(NamedTuple):
    """Recordings that are named and not taken.

    Attributes
    ----------
    lying : dict
        From the path of every recording that is named to where it lies now.
    repeats : dict
        Those that hold the same bytes as another one.
    differing : collection of str
        Of these, those that are annotated otherwise.
    clashing : dict
        Those that differ from another one in the suffix alone.
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
        """Say why they are not taken."""
        what = {name: DIFFERING if name in self.differing else "; taken once" for name in self.repeats}
        return [
            f"{self.lying[name]}: holds the same bytes as {first}{what[name]}" for name, first in self.repeats.items()
        ] + [clash_line(self.lying[name], other) for name, other in self.clashing.items()]


def not_found_lines(found: Resolved, places: Collection[Path | None], there: Collection[str]) -> list[str]:
    """Say which names mean no file, or no one file, and how many files have no name.

    Parameters
    ----------
    found : Resolved
    places : collection of Path or None
        Where recordings were looked for.
    there : collection of str
        All recordings that lie there.
    """
    where = " or ".join(str(place) for place in places if place)
    lines = []
    for name, elsewhere in sorted(found.missing.items()):
        if elsewhere:
            lines.append(
                f"{name}: there is no such recording in {where}; {elsewhere[0]} has its name, but lies in another "
                "folder; correct the path, or name the folder that holds the recording with --recordings"
            )
        else:
            lines.append(
                f"{name}: there is no recording of this name in {where}; name the folder that holds it with "
                "--recordings"
            )
    lines += [
        f"{name} ({file}): may be {' or '.join(meant)}, which differ, so it is left out; write the folder into the "
        "table, or keep the table in the folder of its recordings"
        for (file, name), meant in sorted(found.unclear.items())
    ]
    unnamed = set(there) - found.named
    if unnamed:
        lines.append(
            f"named by no annotation, so left out: {counted(len(unnamed), 'recording')} in {where}; "
            "python -m tools.add_recordings lets such join the pool, without labels"
        )
    return lines
