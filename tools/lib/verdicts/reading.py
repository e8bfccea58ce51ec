"""Find the run of a file with verdicts, and read its verdicts about windows of that run."""

from collections.abc import Callable, Sequence
from pathlib import Path

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.table import quoted
from stages.lib.tables.expert import one_spelling
from stages.lib.tables.reviews import Review
from tools.lib.answers.signature import Signature
from tools.lib.detection.run_record import DETECTIONS, RECORD, Run, read_run
from tools.lib.formats.selections import Selection, is_filled_in
from tools.lib.recordings.recording_finder import Finder
from tools.lib.recordings.recording_name import named_after
from tools.lib.verdicts.scored import Scored
from tools.lib.verdicts.verdict_files import HandedIn, runs_of
from tools.lib.verdicts.verdicts import Verdict, of_deleted, verdicts_of


def folder_of(file: HandedIn, given: Path | None) -> Path:
    """Return the folder of the run that a file belongs to; refuse a file of another run."""
    beside = file.path.parent if (file.path.parent / RECORD).exists() else DETECTIONS
    folder = given or beside
    if not given and not (folder / RECORD).exists():
        raise InputFaults([f"{file.path}: it is unknown which run it belongs to; add --run FOLDER"])
    run = read_run(folder).run
    refuse(
        f"{file.path}:{line}: is about the run {other}, but {folder} holds the run {run}; name its folder with --run"
        for other, line in runs_of(file).items()
        if other != run
    )
    return folder


def page_verdicts(file: HandedIn, draws: Sequence[Sequence[Review]]) -> tuple[list[Verdict], list[str]]:
    """Return the answers from the page as verdicts, and a fault for each answer about a window that was not drawn.

    The page is the one of the first draw that has all windows of the file. Only windows that this one drew at random
    count as the run's own: a later draw may show a window again that an earlier one chose by its score.
    """
    windows_of = [{review.clip_id: review for review in draw} for draw in draws]
    asked = {row.cells["clip_id"] for row in file.answers}
    # Somebody may have put two pages into one file.
    of_all = {clip_id: window for windows in windows_of for clip_id, window in windows.items()}
    window_of = next((windows for windows in windows_of if asked <= windows.keys()), of_all)
    verdicts, faults = [], []
    for row in file.answers:
        window, place = window_of.get(row.cells["clip_id"]), f"{file.path}:{row.line}"
        if window is None:
            faults.append(f"{place}: {row.cells['clip_id']} was not drawn; name the folder of its review with --run")
            continue
        cells = row.cells
        said = cells["label"], cells["note"], cells["annotator"], cells["date"]
        verdicts.append(Verdict(place, window.recording, window.start_s, *said, window.drawn))
    return verdicts, faults


def table_verdicts(
    file: HandedIn, run: Run, scores_of: Callable[[str], Scored], signature: Signature, deleted: str | None
) -> tuple[list[Verdict], list[str]]:
    """Return the verdicts in a table of tools.detect, and the faults of its rows.

    Parameters
    ----------
    file : HandedIn
    run : Run
    scores_of : callable
        From the name of a recording to its scores.
    signature : Signature
        Annotator and day of the verdicts.
    deleted : str or None
        Verdict of deleted rows; None if they have none.
    """
    of_table = recordings_in(file.path.name, run)
    selections = file.selections or []
    given = selections if deleted else [one for one in selections if is_filled_in(one)]
    meant, faults = meant_recordings(file.path, given, of_table, run)
    if (given or deleted) and not signature.annotator:
        faults.append(f"{file.path}: does not say who filled it in; add --annotator NAME")
    if deleted and not of_table:
        faults.append(
            f"{file.path}: is not named like a table of the run, so it is unknown which rows were deleted; give it the "
            "name back that python -m tools.detect has written, or leave out --deleted"
        )
    verdicts, of_rows = verdicts_of(file.path, meant, scores_of, signature)
    if deleted:
        for name in of_table:
            rows = [one for one in meant if one.recording == name]
            verdicts += of_deleted(file.path, rows, scores_of(name), deleted, signature)
    return verdicts, faults + of_rows


def recordings_in(table: str, run: Run) -> list[str]:
    """Return the recordings whose detections a table had when it was written, even if none of their rows is left.

    Parameters
    ----------
    table : str
        Name of its file. The ending may differ from that of `tools.detect`, because sound editors change it.
    run : Run
    """
    exact = [one.name for one in run.recordings if one.table == table]
    same = table_key(table)
    return exact or [one.name for one in run.recordings if one.table and table_key(one.table) == same]


def table_key(table: str) -> str:
    """Return the name of a table without the endings that programs add."""
    return one_spelling(named_after(table)).casefold()


def meant_recordings(
    path: Path, selections: Sequence[Selection], of_table: Sequence[str], run: Run
) -> tuple[list[Selection], list[str]]:
    """Return selections with the names of their recordings in the run (recordings of the table first), and faults."""
    near, all_of_run = Finder(of_table), Finder([one.name for one in run.recordings])
    meant, faults = [], []
    for one in selections:
        found = near.find(one.recording).meant or all_of_run.find(one.recording, named_after(path.name)).meant
        if len(found) == 1:
            meant.append(one._replace(recording=found[0]))
        else:
            problem = f"may be {', '.join(found)}" if found else "is none of the recordings"
            faults.append(f"{path}:{one.line}: {quoted(one.recording)} {problem} of the run {run.run}; correct it")
    return meant, faults
