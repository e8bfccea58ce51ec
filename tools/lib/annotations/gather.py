"""Bring annotations, and the recordings that they name, into the folder of a data set."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.faults import refuse
from stages.lib.whole import whole, write_text
from tools.lib.annotations.annotated import read_all
from tools.lib.annotations.audacity import name_in_data_set
from tools.lib.annotations.clip_folders import clips_of, is_clip_folders, table_of
from tools.lib.annotations.event import Annotations, Origin
from tools.lib.annotations.import_params import ImportParams
from tools.lib.annotations.repeats import contradictory, said_of
from tools.lib.audio_files import audio_files, bring, one_content
from tools.lib.counted import counted
from tools.lib.recording_name import origin_of, stem
from tools.lib.register import NAME, Registered, read_register, write_register
from tools.lib.same_sound import known_sound

DIFFERING = ", but is annotated otherwise, so neither is taken; keep one, with the annotations of both"
ANNOTATIONS, RECORDINGS, IGNORED = "annotations", "recordings", ".gitignore"


class Found(NamedTuple):
    """Recordings that annotations name.

    Attributes
    ----------
    recordings : list of Registered
    sources : dict
        From the path below `recordings/` to where the recording lies now.
    missing, ambiguous : list of str
        Stems of which there is no file, or several that differ.
    unnamed : set of str
        Stems of recordings that lie there too, and that no annotation names.
    """

    recordings: list[Registered]
    sources: dict[str, Path]
    missing: list[str]
    ambiguous: list[str]
    unnamed: set[str]


def gather(folder: Path, given: Sequence[Path], source: Path | None, params: ImportParams) -> list[str]:
    """Copy files of annotations and recordings into a data set; nothing where anything is wrong.

    Parameters
    ----------
    folder : Path
        Of the data set.
    given : sequence of Path
        Files of annotations, and folders that hold `calls` and `nocalls`.
    source : Path or None
        Where the recordings lie, if not in the data set already.
    params : ImportParams

    Returns
    -------
    list of str
        What to say about it.
    """
    if source and not source.is_dir():
        refuse([f"{source}: there is no such folder; name the one that holds the recordings"])
    clip_folders = [path for path in given if is_clip_folders(path)]
    files = {name_in_data_set(path): path for path in given if path not in clip_folders}
    refuse(name_faults([path for path in given if path not in clip_folders], folder / ANNOTATIONS))
    # What was there before counts too: a recording that was missing may have been found.
    before = [path for path in present_files(folder) if path.name not in files]
    read = read_all([*before, *files.values()], params.labels, params.words)
    tables = {f"{path.resolve().name}.tsv": clips_of(path) for path in clip_folders}

    register = read_register(folder / NAME)
    places = [folder / RECORDINGS] + ([source] if source else [])
    found = find(origins_of(read), {stem(one.recording) for one in register}, places)
    clips = {name: path for of_folder in tables.values() for name, path in of_folder.items()}
    sources = found.sources | clips
    repeats = known_sound(sources, [folder / RECORDINGS / one.recording for one in register])
    differing = contradictory(repeats, sources, said_of(read, clips))
    # Of a pair that is annotated in two ways nobody can tell which is right, so that neither is taken.
    taken = {name: path for name, path in sources.items() if name not in repeats and path not in differing.values()}
    tables = {
        name: {clip: path for clip, path in of_folder.items() if clip in taken} for name, of_folder in tables.items()
    }
    texts = {name: table_of(of_folder) for name, of_folder in tables.items()}
    found = found._replace(recordings=[one for one in found.recordings if one.recording in taken])
    known = {one.recording for one in register}
    of_clips = [Registered(name, *origin_of(stem(name)), "") for name in clips if name in taken.keys() - known]
    if not (folder / IGNORED).exists():
        write_text(folder / IGNORED, f"/{RECORDINGS}\n")  # As dvc add does, which people may forget.
    copied = bring(taken, folder / RECORDINGS)
    for name, path in files.items():
        copy_file(path, folder / ANNOTATIONS / name)
    for name, text in texts.items():
        write_text(folder / ANNOTATIONS / name, text)
    write_register(folder / NAME, [*register, *sorted(found.recordings + of_clips)])
    left_out = [
        f"{sources[name]}: holds the same bytes as {first}{DIFFERING if name in differing else '; taken once'}"
        for name, first in repeats.items()
    ]
    return [f"{folder / RECORDINGS}: {counted(copied, 'recording')} copied", *left_out, *not_found(found, places)]


def present_files(folder: Path) -> list[Path]:
    """Return the files of annotations that a data set has already; hidden ones aside."""
    present = folder / ANNOTATIONS
    return sorted(path for path in present.iterdir() if path.name[0] != ".") if present.is_dir() else []


def name_faults(files: Sequence[Path], annotations: Path) -> Iterable[str]:
    """Yield why files of annotations cannot lie beside one another."""
    first: dict[str, Path] = {}
    for path in files:
        name = name_in_data_set(path)
        other = first.setdefault(name, path)
        if other != path:
            yield f"{path}: {other} has the same name; rename one of them"
        present = annotations / name
        if path.is_file() and present.exists() and not one_content([path, present]):
            yield f"{path}: {present} is there already and holds something else; rename the new one, or remove the old"


def origins_of(read: Iterable[Annotations]) -> dict[str, Origin]:
    """Return where and when each recording was made, by its stem: what annotations say before what its name tells."""
    origins: dict[str, Origin] = {}
    for name, said in ((stem(recording), said) for one in read for recording, said in one.origins.items()):
        before = origins.setdefault(name, said)
        by_name = origin_of(name)
        origins[name] = Origin(before.site or said.site or by_name.site, before.began or said.began or by_name.began)
    return origins


def find(origins: Mapping[str, Origin], registered: set[str], places: Sequence[Path]) -> Found:
    """Look for the recordings that are not registered yet; the first place that has one counts."""
    files = [(place, audio_files(place)) for place in places if place.is_dir()]
    there = {name for _, by_stem in files for name in by_stem}
    found = Found([], {}, [], [], there - origins.keys() - registered)
    for name, origin in origins.items():
        if name in registered:
            continue
        place, paths = next(((place, by_stem[name]) for place, by_stem in files if name in by_stem), (None, []))
        if not paths:
            found.missing.append(name)
        elif not one_content(paths):
            found.ambiguous.append(name)
        else:
            recording = paths[0].relative_to(place).as_posix()
            found.recordings.append(Registered(recording, *origin, ""))
            found.sources[recording] = paths[0]
    return found


def copy_file(source: Path, target: Path) -> None:
    """Copy a file of annotations, unless it is there."""
    if not target.exists():
        content = source.read_bytes()
        with whole(target) as unfinished:
            unfinished.write_bytes(content)


def not_found(found: Found, places: Sequence[Path]) -> list[str]:
    """Say which recordings are left out, so that people can look for them."""
    where = " or ".join(map(str, places))
    lines = [
        f"{name}: there is no recording of this name in {where}; name the folder that holds it with --recordings"
        for name in sorted(found.missing)
    ]
    lines += [
        f"{name}: there are several recordings of this name in {where}, which differ; rename all but the right one"
        for name in sorted(found.ambiguous)
    ]
    if found.unnamed:
        lines.append(
            f"named by no annotation, so left out: {counted(len(found.unnamed), 'recording')} in {where}; "
            "python -m tools.add_recordings lets such join the pool, without labels"
        )
    return lines
