"""Gather the annotations of a data set and the recordings that they name. Nothing is written here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import changed_inputs, forget_all
from tools.lib.annotations.annotated import read_all
from tools.lib.annotations.annotation_files import RECORDINGS, name_faults, placed, present_files
from tools.lib.annotations.clip_folders import (
    beside_lines,
    clips_of,
    is_clip_folders,
    lone_folder_faults,
    table_of,
)
from tools.lib.annotations.import_params import ImportParams
from tools.lib.annotations.left_out import NotTaken, contradictory, not_found_lines, said_of
from tools.lib.annotations.matching import Name, folder_of, origins_of, read_unclear, resolve
from tools.lib.formats.delimited import parse_table
from tools.lib.formats.event import Annotations
from tools.lib.formats.event_table import read_event_table
from tools.lib.formats.text_lines import lines_of
from tools.lib.recordings.audio_files import audio_files, bring_faults, clashes, known_sound, one_content
from tools.lib.recordings.data_set import ANNOTATIONS
from tools.lib.recordings.recording_finder import Finder, Match
from tools.lib.recordings.register import NAME, Registered, one_spelling, read_register


class Gathered(NamedTuple):
    """The annotations and recordings that the clips of a data set are made from.

    Attributes
    ----------
    read : list of Annotations
        Their recordings are paths below `recordings/` where the files are known.
    register : list of Registered
    lying : dict
        From the path of a recording below `recordings/` to its current path.
    texts : dict
        The contents of the annotation files given now, by their paths below `annotations/`.
    unclear : set of (file, name)
        Ambiguous names of recordings.
    doubtful : set of str
        The recordings that they may mean, whose annotations are incomplete.
    said : list of str
        Lines to print.
    """

    read: list[Annotations]
    register: list[Registered]
    lying: dict[str, Path]
    texts: dict[str, bytes]
    unclear: set[Name]
    doubtful: set[str]
    said: list[str]


def gathered(folder: Path, params: ImportParams) -> Gathered:
    """Gather what the folder of a data set holds."""
    register = read_register(folder / NAME)
    lying = {one.recording: folder / RECORDINGS / one.recording for one in register}
    files, unclear = present_files(folder), read_unclear(folder / ANNOTATIONS)
    finder = Finder(lying)
    read = dict(zip(files, read_all(list(files.values()), params.labels, params.words), strict=True))
    found = resolve(read, lambda file, name: finder.find(name, folder_of(file)), unclear)
    return Gathered(found.read, register, lying, {}, unclear, meant_by(unclear, lying), [])


def gather(folder: Path, given: Sequence[Path], source: Path | None, params: ImportParams) -> Gathered:
    """Check new annotations and recordings against the data set that they will join.

    Parameters
    ----------
    folder : Path
        The data set.
    given : sequence of Path
        Annotation files, and folders that hold `calls` and `nocalls`. They replace existing files of the same name.
    source : Path or None
        The folder of the recordings, if they are not in the data set already.
    params : ImportParams

    Raises
    ------
    InputFaults
        With every fault.
    """
    if source and not source.is_dir():
        raise InputFaults([f"{source}: there is no such folder; name the folder with the recordings"])
    refuse(lone_folder_faults(given))
    clip_folders = [path for path in given if is_clip_folders(path)]
    register = read_register(folder / NAME)
    registered = {one.recording: folder / RECORDINGS / one.recording for one in register}
    tables = {f"{path.resolve().name}.tsv": clips_of(path, registered) for path in clip_folders}
    files = placed([path for path in given if path not in clip_folders], [folder / ANNOTATIONS, source])
    refuse(name_faults([*zip(tables, clip_folders, strict=False), *files]))
    texts = {name: path.read_bytes() for name, path in files if path.is_file()}

    # Earlier annotation files count too: a recording that was missing may have been found.
    before = {name: path for name, path in present_files(folder).items() if name not in texts.keys() | tables.keys()}
    read = read_files(folder, before | dict(files), params)
    present = audio_files(folder / RECORDINGS) if (folder / RECORDINGS).is_dir() else {}
    offered = audio_files(source) if source else {}
    had_before = registered | present
    unclear_before = {name for name in read_unclear(folder / ANNOTATIONS) if name[0] in before}
    found = resolve(read, finding(had_before, had_before | offered, before), unclear_before)

    clips = {name: clip for of_folder in tables.values() for name, clip in of_folder.items()}
    everywhere = had_before | offered | {name: clip.path for name, clip in clips.items()}
    lying = {name: path for name, path in everywhere.items() if name in found.named | clips.keys()}
    refuse(bring_faults(lying, folder / RECORDINGS))
    new = {name: path for name, path in lying.items() if name not in registered}
    repeats = known_sound(new, registered.values())
    name_of = {path: name for of_place in (registered, lying) for name, path in of_place.items()}
    differing = contradictory(repeats, name_of, said_of(found.read, clips))
    not_taken = NotTaken(lying, repeats, differing, clashes(new, registered))
    taken = {name: path for name, path in lying.items() if name not in not_taken.names}

    texts |= {
        name: table_of({place: clip for place, clip in of_folder.items() if place in taken}).encode()
        for name, of_folder in tables.items()
    }
    of_tables = [read_event_table(parse_table(folder / ANNOTATIONS / name, lines_of(texts[name]))) for name in tables]
    refuse(fault for one in of_tables for fault in one.faults)
    refuse(changed_inputs())
    forget_all()  # Some of the files read so far will be written.
    read_now = [*found.read, *of_tables]
    there = {*present, *offered} - lying.keys() - registered.keys()
    said = [line for path in clip_folders for line in beside_lines(path)]
    said += not_taken.lines() + not_found_lines(found, (folder / RECORDINGS, source), there)
    unclear = found.unclear.keys() | unclear_before
    now, lying_now = registered_now(register, read_now, taken), registered | taken
    return Gathered(read_now, now, lying_now, texts, unclear, meant_by(unclear, lying_now), said)


def meant_by(unclear: Iterable[Name], lying: Iterable[str]) -> set[str]:
    """Return the recordings of a data set that ambiguous names may mean."""
    finder = Finder(lying)
    return {path for file, name in unclear for path in finder.find(name, folder_of(file)).meant}


def read_files(folder: Path, files: Mapping[str, Path], params: ImportParams) -> dict[str, Annotations]:
    """Read annotation files as if all were in the data set already; faults name the files as given."""
    read = read_all(list(files.values()), params.labels, params.words)
    return {
        name: in_data_set(one, path, folder / ANNOTATIONS / name)
        for (name, path), one in zip(files.items(), read, strict=True)
    }


def in_data_set(one: Annotations, given: Path, place: Path) -> Annotations:
    """Return annotations whose events name the file in the data set as their source."""
    events = [event._replace(source=f"{place}{event.source.removeprefix(str(given))}") for event in one.events]
    return one._replace(events=events)


def finding(
    had: Mapping[str, Path], all_there: Mapping[str, Path], before: Mapping[str, Path]
) -> Callable[[str, str], Match]:
    """Return a function that finds recordings; for files already in the data set, it looks there first.

    Of recordings that match and hold the same bytes, one of the data set is meant, whatever its folders.
    """
    in_data_set, everywhere = Finder(had), Finder(all_there)

    def find(file: str, name: str) -> Match:
        known = in_data_set.find(name, folder_of(file))
        if file in before and len(known.meant) == 1:
            return known
        match = everywhere.find(name, folder_of(file))
        meant = list(dict.fromkeys([*known.meant, *match.meant]))
        paths = [all_there[path] for path in meant]
        same = len(paths) > 1 and all(map(Path.is_file, paths)) and one_content(paths)
        return Match(meant[:1], []) if same else match

    return find


def registered_now(
    register: Sequence[Registered], read: Sequence[Annotations], taken: Mapping[str, Path]
) -> list[Registered]:
    """Return the register with the new recordings, without recordings that no annotation names any more."""
    origins = origins_of(read)
    kept = [one for one in register if one.hop_s or one.recording in origins]
    known = {one.recording for one in kept}
    new = sorted(Registered(name, *origins[name], "") for name in taken.keys() & origins.keys() - known)
    return one_spelling([*kept, *new])
