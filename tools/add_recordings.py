"""Add recordings without labels to the pool: `python -m tools.add_recordings FOLDER`.

They are copied to the data set in params.yaml, unless they are already there, and cut into windows of
`featurize.clip_s` seconds. Windows without sound are left out. Existing clips do not change.

example:
  python -m tools.add_recordings /media/card/2026-11 --site lime_kiln
"""

from collections.abc import Collection, Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from stages.lib.audio.examination import Examined
from stages.lib.audio.recording import Channel
from stages.lib.audio.remarks import low_rate_lines, unfinished_lines
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run
from stages.lib.tables.clips import read_clips
from stages.lib.tables.held_out import length_faults, read_held_out
from tools.lib.clips.clip_rows import SHORTEST_HOP_S, ClipRow, append_rows, unlabelled_rows
from tools.lib.clips.foreign_ids import foreign_joining, other_sound
from tools.lib.command_parser import command_parser
from tools.lib.recordings.audio_files import (
    audio_files,
    bring,
    bring_faults,
    clash_line,
    clashes,
    examine_all,
    known_sound,
)
from tools.lib.recordings.data_set import overwriting_faults
from tools.lib.recordings.recording_origin import origin_of_recording
from tools.lib.recordings.register import NAME, Registered, one_spelling, read_register, site_faults, write_register
from tools.lib.wording import counted


class Joining(NamedTuple):
    """A new recording: its current path, its row in the register, and the result of decoding it."""

    source: Path
    registered: Registered
    found: Examined


def new_files(source: Path, recordings: Path, known: Collection[str]) -> dict[str, Path]:
    """Return the recordings of a folder that are not in a data set yet; refuse paths taken by other recordings.

    `known` holds paths below `recordings`, and the result is by such paths, sorted.
    """
    found = audio_files(source) if source.is_dir() else {}
    refuse([] if found else [f"{source}: holds no recording; name a folder of FLAC, WAV, Ogg or MP3 files"])
    refuse(bring_faults(found, recordings))
    return {name: path for name, path in found.items() if name not in known}


def joining(
    files: Mapping[str, Path], site: str | None, hop_s: float, channel: Channel
) -> tuple[list[Joining], list[str]]:
    """Return the usable recordings, and the faults of the others.

    `files` is as from `new_files`. Without a site, it is taken from their names and folders.
    """
    usable, faults = [], []
    for (name, source), found in zip(files.items(), examine_all(list(files.values()), channel), strict=True):
        if isinstance(found, str):
            faults.append(f"{found}; left out")
        else:
            by_path = origin_of_recording(name)
            registered = Registered(name, by_path.site if site is None else site, by_path.began, str(hop_s))
            usable.append(Joining(source, registered, found))
    return usable, faults


def known_recordings(table: Path, register: Iterable[Registered]) -> list[str]:
    """Return the recordings that have clips or annotations, by their paths below `recordings/`."""
    # A recording with a hop in the register but without a clip is left over from a killed run.
    names = [clip.recording for clip in read_clips(table)] + [one.recording for one in register if not one.hop_s]
    return list(dict.fromkeys(names))


def add_recordings(source: Path, folder: Path, site: str | None, hop_s: float, params: FeatureParams) -> list[str]:
    """Add the recordings of a folder to a data set; return the lines to print."""
    table, recordings, register = folder / "clips.csv", folder / "recordings", read_register(folder / NAME)
    refuse(overwriting_faults(folder))
    known = known_recordings(table, register)
    files = new_files(source, recordings, known)
    repeats = known_sound(files, [recordings / name for name in known])
    clashing = clashes([name for name in files if name not in repeats], known)
    new_sound = {name: path for name, path in files.items() if name not in repeats and name not in clashing}
    joined, lines = joining(new_sound, site, hop_s, params.channel)
    lines += [f"{files[name]}: holds the same bytes as {first}; left out" for name, first in repeats.items()]
    lines += [clash_line(files[name], other) for name, other in clashing.items()]
    sources = {one.source: one.found.sample_rate for one in joined}
    lines += unfinished_lines(sources) + low_rate_lines(sources, params.highest_hz)

    # Recordings left over from a killed run are registered again.
    sound = {one.registered.recording: one.source for one in joined}
    kept = [one for one in register if one.recording not in sound]
    registered = one_spelling([*kept, *(one.registered for one in joined)], [clip.site for clip in read_clips(table)])
    new: list[ClipRow] = []
    for one, as_registered in zip(joined, registered[len(kept) :], strict=True):
        rows, without_sound = unlabelled_rows(as_registered, one.found, params.clip_s)
        new += rows
        if without_sound:
            lines.append(f"{one.source}: {counted(without_sound, 'window')} without sound left out")
    refuse(
        foreign_joining(
            folder,
            {row[0]: row[1] for row in new},
            lambda name, other: other_sound(sound[name], other),
            "name a folder further up, so that the paths differ",
        )
    )
    bring(sound, recordings)
    write_register(folder / NAME, registered)
    append_rows(table, new)
    without_site = sum(not one.registered.site for one in joined)
    return [
        *lines,
        f"{table}: {counted(len(new), 'clip')} of {counted(len(joined), 'recording')} joined the pool"
        + (f"; {without_site} without a site, because their names have none" if without_site else ""),
    ]


def option_faults(site: str | None, hop_s: float | None) -> list[str]:
    """List the faults of the options."""
    faults = site_faults(site)
    if hop_s is not None and not (isfinite(hop_s) and hop_s >= SHORTEST_HOP_S):
        faults.append(f"--hop {hop_s:g}: is not a valid hop; write seconds, at least {SHORTEST_HOP_S}")
    return faults


def main() -> None:
    """Add the recordings of a folder."""
    parser = command_parser(__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="recordings, with any subfolders")
    parser.add_argument("--site", metavar="NAME", help="site of all recordings (default: from their names and folders)")
    parser.add_argument(
        "--hop", type=float, metavar="SECONDS", help="from one window to the next (default: featurize.clip_s)"
    )
    options = parser.parse_args()
    refuse(option_faults(options.site, options.hop))

    params = read_params("featurize", FeatureParams)
    folder = read_params("data", DataParams).folder
    refuse(length_faults(folder.name, read_held_out(), params.clip_s))
    print(*add_recordings(options.folder, folder, options.site, options.hop or params.clip_s, params), sep="\n")


if __name__ == "__main__":
    run(main)
