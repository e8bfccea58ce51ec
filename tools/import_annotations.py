"""Make a data set of annotations and recordings: `python -m tools.import_annotations NAME FILE... --recordings FOLDER`.

Files and the recordings that they name are copied to data/NAME; with the name alone, the clips are made again from what
lies there. With --use, params.yaml says from then on that the pipeline runs on this data set, and how many of its clips
each part of the split has.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stages.lib.clips import COLUMNS
from stages.lib.faults import refuse
from stages.lib.inputs import changed_inputs, forget_all, reading
from stages.lib.params import read_params
from stages.lib.recording import low_rate_lines, sample_rate_of
from stages.lib.running import run
from stages.lib.table import write_table
from tools.lib.annotations import outcome
from tools.lib.annotations.annotated import by_recording, read_all
from tools.lib.annotations.clip_table import filled_line, make_clips, short_line
from tools.lib.annotations.event import KINDS
from tools.lib.annotations.gather import ANNOTATIONS, RECORDINGS, gather, present_files
from tools.lib.annotations.import_params import read_import_params, with_labels, write_import_params
from tools.lib.annotations.import_stage import FILE, write_stage
from tools.lib.annotations.put_to_use import advise, use
from tools.lib.annotations.word_columns import NONE
from tools.lib.counted import counted
from tools.lib.data_set_folder import data_set_folder
from tools.lib.register import NAME, read_register

if TYPE_CHECKING:
    from stages.lib.spectrogram import FeatureParams

CLIPS, SUMMARY = "clips.csv", "import.csv"
DESCRIPTION = """\
Make the data set data/NAME of annotations and the recordings that they name. A FILE is
- a table of events, as Raven, Pod.Cast, BirdNET, Ketos, OpenSoundscape, Kaleidoscope, APLOSE and others
  write it: the recording, the start, the end or the duration in seconds, and a word for the sound,
- the DCLDE killer-whale CSV, or an Audacity label track, named after its recording,
- or a folder that holds the folders calls and nocalls of clips.
docs/data.md has an example of each. What each word was taken for is printed."""


def bring_in(
    folder: Path, given: Sequence[Path], recordings: Path | None, labels: Mapping[str, str], words: Sequence[str]
) -> list[str]:
    """Bring annotations and recordings into a data set, and what their words stand for; return what to say about it."""
    foreign = [name for name in (CLIPS, FILE) if (folder / name).exists() and not (folder / ANNOTATIONS).exists()]
    refuse(f"{folder / name}: is there already, and not from annotations; choose another name" for name in foreign)
    feature_params()  # Whatever is wrong with it is said before anything is copied.
    params = with_labels(read_import_params(folder), labels, words)
    said = gather(folder, given, recordings, params)
    write_import_params(folder, params)
    return said


def feature_params() -> "FeatureParams":
    """Read what a clip is: its length, its channel and its frequencies."""
    from stages.lib.spectrogram import FeatureParams  # It takes a second.

    return read_params("featurize", FeatureParams)


def import_again(folder: Path) -> list[str]:
    """Make clips.csv and the summary from what lies in the folder of a data set; return what to say about it."""
    began = time.monotonic()
    files = present_files(folder)
    refuse([] if files else [f"{folder}: holds no {ANNOTATIONS}; name the files to import"])
    features = feature_params()
    params = read_import_params(folder)
    read = read_all(files, params.labels, params.words)
    notes = [note for one in read for note in one.notes]
    annotated = by_recording(read, params.labels)
    register = read_register(reading(folder / NAME))
    rows, outcomes = make_clips(folder / RECORDINGS, annotated, register, params, features)
    table = outcome.printed(outcomes)
    refuse([*notes, f"{folder}: not one clip came of the annotations", *table] if not rows else [])
    write_table(folder / CLIPS, COLUMNS, rows)
    write_table(folder / SUMMARY, outcome.COLUMNS, outcome.added_up(outcomes, by_recording=True))
    names = sorted({row[1] for row in rows})
    low = low_rate_lines(
        {path: sample_rate_of(path) for path in (folder / RECORDINGS / name for name in names)}, features.max_hz
    )
    return [
        *notes,
        *table,
        *short_line(outcomes, features.clip_s, params.gap_s),
        *filled_line(rows, outcomes),
        *low,
        f"{folder / CLIPS}: {counted(len(rows), 'clip')}; {folder / SUMMARY} has the table by recording",
        rate_line(sum(len(one.events) for one in read), len(register), time.monotonic() - began),
    ]


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
    if new:
        print(*bring_in(folder, options.files, options.recordings, labels, options.words), sep="\n")
        forget_all()  # Some of what was read until here has been written since.
    said = import_again(folder)
    # As for any stage: what was edited meanwhile would be taken for what the clips were made from.
    refuse(changed_inputs())
    print(*said, sep="\n")
    if new:
        write_stage(folder)
    if new or options.use:
        table = folder / CLIPS
        print(use(table) if options.use else advise(table))


if __name__ == "__main__":
    run(main)
