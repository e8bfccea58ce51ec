"""Make a data set of annotations and recordings: `python -m tools.import_annotations NAME FILE... --recordings FOLDER`.

Files and the recordings that they name are copied to data/NAME; with the name alone, the clips are made again from what
lies there. With --use, params.yaml says from then on that the pipeline runs on this data set, and how many of its clips
each part of the split has.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.audio.recording import low_rate_lines, sample_rate_of, unfinished_lines
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import changed_inputs, remembered
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import COLUMNS
from tools.lib.annotations import outcome
from tools.lib.annotations.annotated import by_recording
from tools.lib.annotations.annotation_files import ANNOTATIONS, RECORDINGS, present_files, write_files
from tools.lib.annotations.clip_table import filled_line, make_clips, short_line
from tools.lib.annotations.gather import Gathered, gather, gathered
from tools.lib.annotations.import_params import ImportParams, read_import_params, with_labels, write_import_params
from tools.lib.annotations.import_stage import FILE, write_stage
from tools.lib.annotations.matching import write_unclear
from tools.lib.annotations.outcome import Outcome
from tools.lib.annotations.put_to_use import advise, use
from tools.lib.clips.clip_rows import ClipRow
from tools.lib.formats.event import KINDS
from tools.lib.formats.word_columns import NONE
from tools.lib.recordings.audio_files import bring
from tools.lib.recordings.data_set import data_set_folder
from tools.lib.recordings.register import NAME, write_register
from tools.lib.wording import counted

CLIPS, SUMMARY, IGNORED = "clips.csv", "import.csv", ".gitignore"
DESCRIPTION = """\
Make the data set data/NAME of annotations and the recordings that they name. A FILE is
- a table of events, as Raven, Pod.Cast, BirdNET, Ketos, OpenSoundscape, Kaleidoscope, APLOSE and others
  write it: the recording, the start, the end or the duration in seconds, and a word for the sound,
- the DCLDE killer-whale CSV, or an Audacity label track, named after its recording,
- or a folder that holds the folders calls and nocalls of clips.
docs/data.md has an example of each. What each word was taken for is printed."""


def feature_params() -> FeatureParams:
    """Read what a clip is: its length, its channel and its frequencies."""
    return read_params("featurize", FeatureParams)


class Made(NamedTuple):
    """The clips of a data set, and what became of the annotations."""

    rows: list[ClipRow]
    outcomes: list[Outcome]
    said: list[str]
    rate: str


def make(folder: Path, material: Gathered, params: ImportParams) -> Made:
    """Make the clips; refuse where there is not one."""
    began = time.monotonic()
    features = feature_params()
    annotated = by_recording(material.read, params.labels)
    rows, outcomes = make_clips(material.lying, annotated, material.register, params, features)
    table = outcome.printed(outcomes)
    notes = [note for one in material.read for note in one.notes]
    refuse([*material.said, *notes, f"{folder}: not one clip came of the annotations", *table] if not rows else [])
    used = [material.lying[name] for name in sorted({row[1] for row in rows})]
    low = low_rate_lines({path: sample_rate_of(path) for path in used}, features.max_hz)
    events = sum(len(one.events) for one in material.read)
    said = [
        *notes,
        *table,
        *short_line(outcomes, features.clip_s, params.gap_s),
        *filled_line(rows, outcomes),
        *unfinished_lines(used),
        *low,
    ]
    return Made(rows, outcomes, said, rate_line(events, len(material.register), time.monotonic() - began))


def bring_in(folder: Path, material: Gathered, params: ImportParams) -> list[str]:
    """Write what is new in the folder of a data set, the recordings first; return what to say about it."""
    if not (folder / IGNORED).exists():
        write_text(folder / IGNORED, f"/{RECORDINGS}\n")  # As dvc add does, which people may forget.
    copied = bring(material.lying, folder / RECORDINGS)
    replaced = write_files(folder, material.texts)
    write_unclear(folder / ANNOTATIONS, material.unclear)
    write_register(folder / NAME, material.register)
    write_import_params(folder, params)
    return [f"{folder / RECORDINGS}: {counted(copied, 'recording')} copied", *replaced]


def write_clips(folder: Path, made: Made) -> list[str]:
    """Write clips.csv and the summary; return what to say about it."""
    write_table(folder / CLIPS, COLUMNS, made.rows)
    write_table(folder / SUMMARY, outcome.COLUMNS, outcome.added_up(made.outcomes, by_recording=True))
    clips = counted(len(made.rows), "clip")
    return [*made.said, f"{folder / CLIPS}: {clips}; {folder / SUMMARY} has the table by recording", made.rate]


def import_new(
    folder: Path, given: Sequence[Path], recordings: Path | None, labels: Mapping[str, str], words: Sequence[str]
) -> list[str]:
    """Import what is given: check all of it, then write all of it; return what to say about it."""
    foreign = [name for name in (CLIPS, FILE) if (folder / name).exists() and not (folder / ANNOTATIONS).exists()]
    refuse(f"{folder / name}: is there already, and not from annotations; choose another name" for name in foreign)
    feature_params()  # Whatever is wrong with it is said before recordings are looked at.
    params = with_labels(read_import_params(folder), labels, words)
    material = gather(folder, given, recordings, params)
    refuse([] if material.read else [f"{folder}: holds no {ANNOTATIONS}; name the files to import"])
    made = make(folder, material, params)
    refuse(changed_inputs())
    return [*material.said, *bring_in(folder, material, params), *write_clips(folder, made)]


def import_again(folder: Path) -> list[str]:
    """Make the clips again from what lies in the folder of a data set; return what to say about it."""
    refuse([] if present_files(folder) else [f"{folder}: holds no {ANNOTATIONS}; name the files to import"])
    remembered(folder / NAME)
    params = read_import_params(folder)
    made = make(folder, gathered(folder, params), params)
    # As for any stage: what was edited meanwhile would be taken for what the clips were made from.
    refuse(changed_inputs())
    return write_clips(folder, made)


def rate_line(events: int, recordings: int, seconds: float) -> str:
    """Say how fast the import was."""
    counts = f"{counted(events, 'annotation')} of {counted(recordings, 'recording')}"
    return f"{counts} in {seconds:.1f} s: {events / seconds:.0f} annotations per second"


def parse_labels(options: Sequence[str]) -> dict[str, str]:
    """Turn options such as S01=call into a mapping."""
    pairs = [option.rpartition("=") for option in options]
    refuse(
        f"--label {option}: write WORD=KIND, where KIND is {', '.join(KINDS[:-1])} or {KINDS[-1]}"
        for option, (word, _, kind) in zip(options, pairs, strict=True)
        if not word or kind not in KINDS
    )
    return {word: kind for word, _, kind in pairs}


def main() -> None:
    """Import what is given, or what is there."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.import_annotations",
        usage="%(prog)s NAME FILE... --recordings FOLDER [options]",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="the data set, a folder below data/")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="annotations; none: make the clips again")
    parser.add_argument("--recordings", type=Path, metavar="FOLDER", help="where the recordings lie, in any folders")
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="WORD=KIND",
        help=f"what a word stands for: {', '.join(KINDS[:-1])} or {KINDS[-1]}; * is any letters",
    )
    parser.add_argument(
        "--words", action="append", default=[], metavar="COLUMN", help=f"the column of these words; or {NONE}"
    )
    parser.add_argument("--use", action="store_true", help="set params.yaml so that the pipeline runs on it")
    options = parser.parse_args()
    folder, labels = data_set_folder(options.name), parse_labels(options.label)
    new = bool(options.files or options.recordings or labels or options.words)
    given = (options.files, options.recordings, labels, options.words)
    said = import_new(folder, *given) if new else import_again(folder)
    print(*said, sep="\n")
    if new:
        write_stage(folder)
    if new or options.use:
        table = folder / CLIPS
        print(use(table) if options.use else advise(table))


if __name__ == "__main__":
    run(main)
