"""Make a data set from annotations: `python -m tools.import_annotations NAME FILE... --recordings FOLDER`.

The files and the recordings that they name are copied to data/NAME. With the name alone, the clips are made again from
the files there. --use sets params.yaml so that the pipeline runs on this data set, with suitable sizes for the split.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.audio.recording import sample_rate_of
from stages.lib.audio.remarks import low_rate_lines, unfinished_lines
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import changed_inputs, remembered
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS, recording_id
from stages.lib.tables.held_out import drawn_of, read_held_out
from tools.lib.annotations import outcome
from tools.lib.annotations.annotated import by_recording
from tools.lib.annotations.annotation_files import RECORDINGS, write_files
from tools.lib.annotations.clip_table import filled_line, length_lines, make_clips
from tools.lib.annotations.gather import Gathered, gather, gathered
from tools.lib.annotations.import_params import ImportParams, read_import_params, with_labels, write_import_params
from tools.lib.annotations.import_stage import FILE, write_stage
from tools.lib.annotations.kept_windows import answered_windows, starts_held_out
from tools.lib.annotations.matching import write_unclear
from tools.lib.annotations.outcome import Outcome
from tools.lib.annotations.put_to_use import advise, use
from tools.lib.clips.clip_rows import ClipRow
from tools.lib.clips.foreign_ids import foreign_joining, other_sound
from tools.lib.clips.own_windows import NAME as WINDOWS
from tools.lib.clips.own_windows import add_windows, not_annotated
from tools.lib.clips.telling_names import telling_line
from tools.lib.command_parser import command_parser
from tools.lib.formats.event import KINDS
from tools.lib.formats.word_columns import NONE
from tools.lib.recordings.audio_files import bring
from tools.lib.recordings.data_set import ANNOTATIONS, data_set_folder
from tools.lib.recordings.register import NAME, write_register
from tools.lib.split.hold_out import false_labels
from tools.lib.wording import counted

CLIPS, SUMMARY, IGNORED = "clips.csv", "import.csv", ".gitignore"
DESCRIPTION = """\
Make the data set data/NAME from annotations and the recordings that they name. A FILE is one of
- a table of events from Raven, Pod.Cast, BirdNET, Ketos, OpenSoundscape, Kaleidoscope, APLOSE or others:
  the recording, the start, the end or duration in seconds, and a word for the sound
- the DCLDE killer-whale CSV
- an Audacity label track, named after its recording
- a folder that holds two folders of clips, calls and nocalls
docs/data.md has an example of each. The meaning given to each word is printed.

example:
  python -m tools.import_annotations bay bay.csv --recordings ~/bay --label S01=call --use"""


class Made(NamedTuple):
    """The clips of a data set, and the outcome of each annotation."""

    rows: list[ClipRow]
    outcomes: list[Outcome]
    said: list[str]
    rate: str


def make(folder: Path, material: Gathered, params: ImportParams) -> Made:
    """Make the clips; refuse to make none."""
    refuse([] if material.read else [f"{folder}: holds no {ANNOTATIONS}; name the files to import"])
    began = time.monotonic()
    features = read_params("featurize", FeatureParams)
    held_out = read_held_out()
    refuse(false_labels(folder, set(map(recording_id, material.lying)), held_out, features.clip_s))
    annotated = by_recording(material.read, params.labels, material.doubtful)
    starts = starts_held_out(drawn_of(folder.name, held_out), material.lying)
    rows, outcomes = make_clips(material.lying, annotated, material.register, params, features, held_out=starts)
    table = outcome.printed(outcomes)
    notes = [note for one in material.read for note in one.notes]
    refuse([*material.said, *notes, f"{folder}: the annotations give no clip", *table] if not rows else [])
    used = [material.lying[name] for name in sorted({row[1] for row in rows})]
    low = low_rate_lines({path: sample_rate_of(path) for path in used}, features.highest_hz)
    events = sum(len(one.events) for one in material.read)
    said = [
        *notes,
        *table,
        *length_lines(outcomes, features.clip_s, params.gap_s),
        *filled_line(rows, outcomes),
        *telling_line((row[1], row[3]) for row in rows if row[3]),
        *unfinished_lines(used),
        *low,
    ]
    own, gone = not_annotated(folder / WINDOWS, rows, material.lying)
    return Made(rows + own, outcomes, said + gone, rate_line(events, len(material.register), time.monotonic() - began))


def bring_in(folder: Path, material: Gathered, params: ImportParams, windows: Iterable[ClipRow]) -> list[str]:
    """Write the new files of a data set and new windows of its own, recordings first; return the lines to print."""
    if not (folder / IGNORED).exists():
        write_text(folder / IGNORED, f"/{RECORDINGS}\n")  # `dvc add` does the same, but people may forget it.
    copied = bring(material.lying, folder / RECORDINGS)
    replaced = write_files(folder, material.texts)
    write_unclear(folder / ANNOTATIONS, material.unclear)
    write_register(folder / NAME, material.register)
    add_windows(folder / WINDOWS, windows)
    write_import_params(folder, params)
    return [f"{folder / RECORDINGS}: {counted(copied, 'recording')} copied", *replaced]


def write_clips(folder: Path, made: Made) -> list[str]:
    """Write clips.csv and the summary; return the lines to print."""
    write_table(folder / CLIPS, COLUMNS, made.rows)
    write_table(folder / SUMMARY, outcome.COLUMNS, outcome.added_up(made.outcomes, by_recording=True))
    clips = counted(len(made.rows), "clip")
    return [*made.said, f"{folder / CLIPS}: {clips}; {folder / SUMMARY} has the table by recording", made.rate]


def import_new(
    folder: Path, given: Sequence[Path], recordings: Path | None, labels: Mapping[str, str], words: Sequence[str]
) -> list[str]:
    """Import new files: check all of them, then write all of them; return the lines to print."""
    foreign = [name for name in (CLIPS, FILE) if (folder / name).exists() and not (folder / ANNOTATIONS).exists()]
    refuse(f"{folder / name}: exists, but not from annotations; choose another name" for name in foreign)
    read_params("featurize", FeatureParams)  # Report faults in params.yaml before reading recordings.
    params = with_labels(read_import_params(folder), labels, words)
    material = gather(folder, given, recordings, params)
    made = make(folder, material, params)
    kept = answered_windows(folder, material.lying, made.rows)
    made.rows.extend(kept)
    if folder == read_params("data", DataParams).folder:  # For another data set, --use checks the same.
        refuse(
            foreign_joining(
                folder,
                {row[0]: row[1] for row in made.rows},
                lambda name, other: other_sound(material.lying.get(name, folder / RECORDINGS / name), other),
                "name a folder further up as --recordings, so that the paths differ, or rename the folder that holds "
                "folders of clips",
            )
        )
    refuse(changed_inputs())
    said = [f"{folder / WINDOWS}: keeps {counted(len(kept), 'window')} with answers"] if kept else []
    return [*material.said, *bring_in(folder, material, params, kept), *write_clips(folder, made), *said]


def import_again(folder: Path) -> list[str]:
    """Make the clips again from the files of a data set; return the lines to print."""
    remembered(folder / NAME)
    remembered(folder / WINDOWS)
    params = read_import_params(folder)
    material = gathered(folder, params)
    made = make(folder, material, params)
    # The stage may not write windows.csv, which it reads.
    gone = answered_windows(folder, material.lying, made.rows)
    said = [
        f"{folder / CLIPS}: no longer has {counted(len(gone), 'window')} with answers ({row[0]} first); to keep them, "
        f"restore it from Git and name the files in {folder / ANNOTATIONS} to this command"
        for row in gone[:1]
    ]
    # As in any stage: DVC would record files edited meanwhile as the source of these clips.
    refuse(changed_inputs())
    return [*write_clips(folder, made), *said]


def rate_line(events: int, recordings: int, seconds: float) -> str:
    """Return a line with the speed of the import."""
    counts = f"{counted(events, 'annotation')} of {counted(recordings, 'recording')}"
    return f"{counts} in {seconds:.1f} s: {events / seconds:.0f} annotations per second"


def parse_labels(options: Sequence[str]) -> dict[str, str]:
    """Parse options such as S01=call into a mapping."""
    pairs = [option.rpartition("=") for option in options]
    refuse(
        f"--label {option}: write WORD=KIND, where KIND is {', '.join(KINDS[:-1])} or {KINDS[-1]}"
        for option, (word, _, kind) in zip(options, pairs, strict=True)
        if not word or kind not in KINDS
    )
    return {word: kind for word, _, kind in pairs}


def main() -> None:
    """Import new files, or make the clips again."""
    parser = command_parser(DESCRIPTION)
    parser.usage = "%(prog)s NAME FILE... --recordings FOLDER [options]"
    parser.add_argument("name", metavar="NAME", help="the data set, a folder below data/")
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="annotation file; without any, the clips are made again"
    )
    parser.add_argument("--recordings", type=Path, metavar="FOLDER", help="folder of the recordings")
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="WORD=KIND",
        help=f"meaning of a word: {', '.join(KINDS[:-1])} or {KINDS[-1]}; * matches any letters",
    )
    parser.add_argument(
        "--words", action="append", default=[], metavar="COLUMN", help=f"column that holds these words, or {NONE}"
    )
    parser.add_argument("--use", action="store_true", help="set params.yaml so that the pipeline runs on this data set")
    options = parser.parse_args()
    folder, labels = data_set_folder(options.name), parse_labels(options.label)
    given = (options.files, options.recordings, labels, options.words)
    new = any(given)
    said = import_new(folder, *given) if new else import_again(folder)
    print(*said, sep="\n")
    if new:
        write_stage(folder)
    if new or options.use:
        table = folder / CLIPS
        print(use(table) if options.use else advise(table))


if __name__ == "__main__":
    run(main)
