"""Make clips from the archives, with the study's roles: `python -m data.orcasound.import_archives`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from data.orcasound.settings import FOLDER, TEST, Archives, OrcasoundParams, archive_path, read_settings
from data.orcasound.unpack import unpack
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import atomic_write, write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run_stage
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS, read_clips
from tools.lib.annotations import outcome
from tools.lib.annotations.annotated import by_recording, read_all
from tools.lib.annotations.annotation_files import ANNOTATIONS, RECORDINGS
from tools.lib.annotations.clip_table import make_clips
from tools.lib.annotations.matching import origins_of, resolve
from tools.lib.annotations.outcome import NOTE, Outcome
from tools.lib.clips.clip_rows import ClipRow
from tools.lib.formats.event import Annotations
from tools.lib.recordings.recording_finder import Finder
from tools.lib.recordings.register import NAME, Registered, write_register
from tools.lib.split.split_suggestion import suggested_counts

NOT_NAMED = "a recording that no table names"
SPLIT = """\
# The study's roles. To use them, replace the section `split` of params.yaml with this.
split:
  seed: {seed}
  group_by: recording
  train: {train}
  valid: {valid}
  pool: {pool}
  test:
{test}
"""


class Contents(NamedTuple):
    """The tables and the names of the recordings in one or more archives."""

    tables: list[Path]
    recordings: list[str]


def unpack_archives(names: Iterable[str]) -> dict[str, Contents]:
    """Unpack all archives and return the contents of each."""
    contents = {}
    with atomic_write(FOLDER / ANNOTATIONS) as tables, atomic_write(FOLDER / RECORDINGS) as recordings:
        tables.mkdir()
        recordings.mkdir()
        for name in names:
            of_archive, found = unpack(remembered(archive_path(name)), tables, recordings)
            contents[name] = Contents([FOLDER / ANNOTATIONS / path.name for path in of_archive], found)
    return contents


def read_tables(contents: Contents, settings: OrcasoundParams) -> list[Annotations]:
    """Read the tables of archives, and resolve the recordings that they name to recordings in the archives."""
    finder = Finder(contents.recordings)
    read = read_all(contents.tables, settings.labels)
    named = {path.name: one for path, one in zip(contents.tables, read, strict=True)}
    return resolve(named, lambda _table, name: finder.find(name), set()).read


def mismatches(contents: Mapping[str, Contents], settings: OrcasoundParams) -> Iterator[str]:
    """Yield a fault for each archive whose tables name none of its recordings."""
    for name, one in contents.items():
        named = origins_of(read_tables(one, settings))
        if named.keys().isdisjoint(one.recordings):
            first, other = min(named, default="nothing").removeprefix("./"), min(one.recordings)
            yield f"{archive_path(name)}: its table names {first}, but it holds {other}; check what has changed in it"


def clips_of(
    contents: Contents, settings: OrcasoundParams, features: FeatureParams
) -> tuple[list[Registered], list[ClipRow], list[Outcome]]:
    """Make the clips of archives with the same role.

    Returns
    -------
    register : list of Registered
        The recordings that the tables name.
    rows : list of tuple
        Rows of clips.csv.
    outcomes : list of Outcome
    """
    read = read_tables(contents, settings)
    origins = origins_of(read)
    register = [Registered(name, *origins[name], "") for name in sorted(contents.recordings) if name in origins]
    annotated = by_recording(read, settings.labels)
    lying = {one.recording: FOLDER / RECORDINGS / one.recording for one in register}
    rows, outcomes = make_clips(lying, annotated, register, settings, features)
    known = {one.recording for one in register}
    outcomes += [Outcome(NOTE, NOT_NAMED, name) for name in contents.recordings if name not in known]
    return register, rows, outcomes


def together(contents: Iterable[Contents]) -> Contents:
    """Return the combined contents of several archives."""
    contents = list(contents)
    return Contents(
        [path for one in contents for path in one.tables], [name for one in contents for name in one.recordings]
    )


def split_section(table: Path, test: Sequence[str], seed: int) -> str:
    """Return a section of params.yaml that assigns the clips of a table to their roles.

    Parameters
    ----------
    table : Path
        The clips of all archives.
    test : sequence of str
        The recordings of the test archive.
    seed : int
    """
    clips = read_clips(table)
    tested = sorted({clip.recording for clip in clips} & set(test))
    rest = [clip for clip in clips if clip.recording not in tested]
    counts = suggested_counts(rest, seed, "recording", parts=("pool", "valid", "train"))
    refuse([] if counts and tested else [f"{table}: has too few recordings with and without calls to divide them"])
    return SPLIT.format(seed=seed, **counts, test="\n".join(f"    - {name}" for name in tested))


def import_archives(contents: Mapping[str, Contents], settings: OrcasoundParams, features: FeatureParams) -> list[str]:
    """Write the tables of the data set; return the lines to print about it."""
    refuse(mismatches(contents, settings))
    to_learn = together(one for name, one in contents.items() if name != TEST)
    # Separately, so that one role's shortage of windows without calls is not filled from the other role.
    register, rows, outcomes = (
        learnt + tested
        for learnt, tested in zip(
            clips_of(to_learn, settings, features), clips_of(contents[TEST], settings, features), strict=True
        )
    )
    write_register(FOLDER / NAME, register)
    write_table(FOLDER / "clips.csv", COLUMNS, rows)
    write_table(FOLDER / "import.csv", outcome.COLUMNS, outcome.added_up(outcomes, by_recording=True))
    write_text(FOLDER / "split.yaml", split_section(FOLDER / "clips.csv", contents[TEST].recordings, settings.seed))
    return outcome.printed(outcomes)


def main() -> None:
    """Unpack the archives and make their clips."""
    settings = read_settings()
    features = read_params("featurize", FeatureParams)
    missing = [name for name in Archives.model_fields if not archive_path(name).exists()]
    refuse(f"{archive_path(name)}: there is no such file; run dvc repro in {FOLDER}" for name in missing)
    print(*import_archives(unpack_archives(Archives.model_fields), settings, features), sep="\n")


if __name__ == "__main__":
    run_stage(main)
