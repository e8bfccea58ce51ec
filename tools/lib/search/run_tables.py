"""Write the record of a run and its tables in step, so that a killed run can continue and no correction is lost.

The order is: the scores of a recording, new tables in `.new/`, the record, then the tables in their places. The record
lists the tables that may still have to be moved. Recordings are added to a table only if nobody has changed it.
Otherwise they get another table, such as `bay--2026-11-28.2`.
"""

import re
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import count
from pathlib import Path

from stages.lib.cache.digests import file_digest
from stages.lib.features.feature_params import FeatureParams
from tools.lib.detection.run_record import Run, RunRecording, write_run
from tools.lib.detection.searched import Order, Searched, searched
from tools.lib.formats.detection_files import FORMS

NEW = ".new"
DAY, RECORDING = "day", "recording"
DAY_DIGITS = len("2026-11-28")


def table_stem(recording: RunRecording, per: str) -> str:
    """Return the stem of the table for a recording: by its site and day, or by the recording."""
    if per != DAY or not recording.began:
        return recording.file_stem
    site = re.sub(r"[^\w .-]+", "_", recording.site)
    return "--".join(filter(None, [site, recording.began[:DAY_DIGITS]]))


def is_untouched(folder: Path, run: Run, table: str) -> bool:
    """Tell whether a table of a run is missing, or unchanged since it was written, perhaps by a killed run."""
    path = folder / table
    return not path.exists() or file_digest(path) in (run.tables.get(table), run.writing.get(table))


def commit(
    folder: Path, run: Run, open_stems: Collection[str], params: FeatureParams, order: Order, *, left: Collection[str]
) -> Run:
    """Write the record, tables for the recordings that have none yet, and again the tables that these make outdated.

    Parameters
    ----------
    folder : Path
        The output folder.
    run : Run
    open_stems : collection of str
        Stems of tables to write later, because more of their recordings are still to be searched.
    params : FeatureParams
        Feature params of the model.
    order : Order
        The recordings of the run by end time.
    left : collection of str
        Tables with rows of recordings that have been searched again since.

    Returns
    -------
    Run
        The run with the new tables.
    """
    waiting = [one for one in run.recordings if not one.table]
    stems = {table_stem(one, run.per) for one in waiting} - set(open_stems)
    names = {stem: free_table(folder, run, stem) for stem in stems}
    recordings = tuple(
        one if one.table else one.model_copy(update={"table": names.get(table_stem(one, run.per), "")})
        for one in run.recordings
    )
    run = run.model_copy(update={"recordings": recordings})
    added = {one.name for one in waiting if table_stem(one, run.per) in names}
    # The first detection of a recording may continue one in a recording that was added later.
    following = {one.table for one in recordings if (previous := order.before(one)) and previous.name in added}
    outdated = {name for name in {*left, *following} if (folder / name).is_file() and is_untouched(folder, run, name)}
    new = stage_tables(folder, run, sorted({*names.values(), *outdated}), params, order)
    before = {name: file_digest(folder / name) if (folder / name).exists() else "" for name in new}
    run = run.model_copy(update={"tables": run.tables | new, "writing": before})
    write_run(folder, run)
    move_tables(folder, run)
    return run


def free_table(folder: Path, run: Run, stem: str) -> str:
    """Return the name of the first table with a stem that nobody has changed."""
    suffix = FORMS[run.form].suffix
    names = (f"{stem}{suffix}" if number == 1 else f"{stem}.{number}{suffix}" for number in count(1))
    return next(name for name in names if is_untouched(folder, run, name))


def stage_tables(folder: Path, run: Run, names: Iterable[str], params: FeatureParams, order: Order) -> dict[str, str]:
    """Write tables to `.new/`; return the digest of each."""
    shutil.rmtree(folder / NEW, ignore_errors=True)
    of_stem = defaultdict(list)
    for one in sorted(run.recordings, key=lambda one: (one.began, one.name)):
        of_stem[table_stem(one, run.per)].append(one)
    stem_of = {one.table: table_stem(one, run.per) for one in run.recordings}
    digests = {}
    for name in names:
        path = folder / NEW / name
        # The times of a day count all its recordings, also those with their rows in another table.
        in_time = of_stem[stem_of[name]] if name in stem_of else []
        found = [searched(folder, run, one, order) if one.table == name else Searched(one, []) for one in in_time]
        FORMS[run.form].write(path, found, params)
        digests[name] = file_digest(path)
    return digests


def move_tables(folder: Path, run: Run) -> None:
    """Move new tables to their places, unless somebody has changed the existing ones."""
    for name, before in run.writing.items():
        new, path = folder / NEW / name, folder / name
        if new.exists() and (not path.exists() or file_digest(path) == before):
            new.replace(path)
    shutil.rmtree(folder / NEW, ignore_errors=True)


def finish(folder: Path, run: Run) -> Run:
    """Complete what a killed run left undone, and clear it in the record."""
    move_tables(folder, run)
    if run.writing:
        run = run.model_copy(update={"writing": {}})
        write_run(folder, run)
    return run
