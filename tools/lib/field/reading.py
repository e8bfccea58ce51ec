"""Which run a file with verdicts belongs to, and what it says about the windows of that run."""

from collections.abc import Callable, Sequence
from pathlib import Path

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.table import quoted
from stages.lib.tables.reviews import Review
from tools.lib.detection.run_record import RECORD, Run, read_run
from tools.lib.field.verdict_files import HandedIn, runs_of
from tools.lib.field.verdicts import Scored, Verdict, filled_in, of_deleted, verdicts_of
from tools.lib.recordings.recording_finder import Finder
from tools.lib.recordings.recording_name import named_after
from tools.lib.review.answer_files import Signature

DETECTIONS = Path("detections")


def folder_of(file: HandedIn, given: Path | None) -> Path:
    """Return the folder of the run that a file belongs to; refuse a file of another run."""
    beside = file.path.parent if (file.path.parent / RECORD).exists() else DETECTIONS
    folder = given or beside
    if not (folder / RECORD).exists():
        raise InputFaults([f"{file.path}: it is unknown which run it belongs to; add --run FOLDER"])
    run = read_run(folder).run
    refuse(
        f"{file.path}: is about the run {other}, but {folder} holds the run {run}; name its folder with --run"
        for other in sorted(runs_of(file) - {run})
    )
    return folder


def page_verdicts(file: HandedIn, drawn: Sequence[Review]) -> tuple[list[Verdict], list[str]]:
    """Return the answers of the page as verdicts, and the faults of those about windows that were not drawn."""
    window_of = {review.clip_id: review for review in drawn}
    verdicts, faults = [], []
    for row in file.answers:
        window, place = window_of.get(row.cells["clip_id"]), f"{file.path}:{row.line}"
        if window is None:
            faults.append(f"{place}: {row.cells['clip_id']} was not drawn; name the folder of its review with --run")
            continue
        cells = row.cells
        said = cells["label"], cells["note"], cells["annotator"], cells["date"]
        verdicts.append(Verdict(place, window.recording, window.start_s, *said, True))
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
        Who filled it in, and when.
    deleted : str or None
        What a row that was deleted says; None if nothing.
    """
    finder, own_name = Finder([one.name for one in run.recordings]), named_after(file.path.name)
    selections = file.selections or []
    given = selections if deleted else filled_in(selections)
    meant, faults = [], []
    if (given or deleted) and not signature.annotator:
        faults.append(f"{file.path}: does not say who filled it in; add --annotator NAME")
    for one in given:
        found = finder.find(one.recording, own_name).meant
        if len(found) == 1:
            meant.append(one._replace(recording=found[0]))
        else:
            problem = f"may be {', '.join(found)}" if found else "is none of the recordings"
            faults.append(f"{file.path}:{one.line}: {quoted(one.recording)} {problem} of the run {run.run}; correct it")
    verdicts, of_rows = verdicts_of(file.path, meant, lambda one: scores_of(one.recording), signature)
    if deleted:
        names = dict.fromkeys([*finder.find(own_name).meant[:1], *(one.recording for one in meant)])
        for name in names:
            rows = [one for one in meant if one.recording == name]
            verdicts += of_deleted(file.path, rows, scores_of(name), deleted, signature)
    return verdicts, faults + of_rows
