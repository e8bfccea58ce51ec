"""Turn rows of a table with verdicts into verdicts about windows of a run.

A row by tools.detect stands for the windows whose scores made it. `nocall` applies to all of them, because the row has
no call. `call` and `unsure` apply only to the highest-scoring window, because the others may hold no call. A row that
somebody added, or moved away from its window, gets new windows centred on it.

If somebody changes a row from `nocall` to `call`, the verdicts about its other windows become `unsure`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.runtime.params import suggestion
from stages.lib.runtime.table import quoted
from stages.lib.tables.clips import NOCALL
from stages.lib.tables.expert import LABELS, UNSURE
from tools.lib.annotations.windows import centred_windows
from tools.lib.answers.signature import Signature
from tools.lib.detection.run_record import RunRecording
from tools.lib.formats.selections import Selection, is_filled_in, joined, label_of
from tools.lib.verdicts.scored import Scored

BEYOND_S = 0.1  # Stated ends are often some samples late.


class Verdict(NamedTuple):
    """A verdict of one person about a window.

    Attributes
    ----------
    place : str
        File and line.
    recording : str
        Its name in the run.
    start_s : float
        Start of the window, to the millisecond.
    label : str
        `call`, `nocall` or `unsure`.
    note, annotator, day : str
        Cells of the answer.
    own : bool
        Whether the window belongs to the run, and was neither placed by a person nor chosen by its score for a page.
    instead_of : str
        If not empty, the verdict only replaces this label, given before by the same person.
    """

    place: str
    recording: str
    start_s: float
    label: str
    note: str
    annotator: str
    day: str
    own: bool
    instead_of: str = ""


def place_fault(selection: Selection, recording: RunRecording) -> str | None:
    """Return the fault of the times of a row; None if it has none."""
    if selection.start_s < recording.length_s and selection.end_s <= recording.length_s + BEYOND_S:
        return None
    place = f"{selection.start_s:g} to {selection.end_s:g} s"
    return f"{place} is beyond the end of {recording.name}, which is {recording.length_s:.3f} s long; correct it"


def verdict_fault(selection: Selection, scored: Scored) -> str | None:
    """Return the fault of the verdict of a row with valid times; None if it has none."""
    recording, run = scored.recording, scored.run
    label, _ = label_of(selection)
    if not label:
        word = selection.text.strip().partition(" ")[0].lower()
        return f"unknown verdict {quoted(selection.text)}{suggestion(word, LABELS)}; optionally a note after it"
    if selection.score:
        try:
            known = Scored.matches(scored.p_call, selection.score).any()
        except ValueError:
            return f"score {quoted(selection.score)} is not a number; leave the scores as they were"
        if not known:
            return (
                f"{recording.name} has no window with a score of {selection.score} in the run {run.run}; the table is "
                "of another run: name that with --run FOLDER"
            )
    elif label == NOCALL and selection.end_s - selection.start_s < run.clip_s - BEYOND_S:
        return (
            f"nocall for {selection.end_s - selection.start_s:g} s, but a window lasts {run.clip_s:g} s; mark at least "
            "that much without a call"
        )
    return None


def windows_of(selection: Selection, scored: Scored) -> tuple[list[float], bool]:
    """Return the starts of the windows that a row applies to, and whether they are windows of the run."""
    inside = scored.inside(selection)
    if selection.score and len(inside):
        best = inside[np.argmax(scored.p_call[inside])]
        if Scored.matches(scored.p_call[best], selection.score):
            chosen = inside if label_of(selection)[0] == NOCALL else [best]
            return [scored.start_s(position) for position in chosen], True
    length_s = scored.recording.length_s
    span = selection.start_s, min(selection.end_s, length_s)
    starts_s = centred_windows(span, length_s, scored.run.clip_s)
    return [round(start_s, 3) for start_s in starts_s if scored.has_sound(start_s)], False


def verdicts_of(
    path: Path, selections: Sequence[Selection], scores_of: Callable[[str], Scored], signature: Signature
) -> tuple[list[Verdict], list[str]]:
    """Turn the rows of a table into verdicts about windows, and list faults; rows not filled in are skipped.

    Parameters
    ----------
    path : Path
    selections : sequence of Selection
    scores_of : callable
        From the name of a recording to its scores.
    signature : Signature
        Annotator and day of the verdicts.
    """
    verdicts, faults = [], []
    for selection in selections:
        place, scored = f"{path}:{selection.line}", scores_of(selection.recording)
        fault = place_fault(selection, scored.recording)
        if not fault and is_filled_in(selection):
            fault = verdict_fault(selection, scored)
            starts_s, own = ([], False) if fault else windows_of(selection, scored)
            if not fault and not starts_s:
                fault = f"{selection.start_s:g} to {selection.end_s:g} s of {scored.recording.name} hold no sound"
            label, notes = label_of(selection)
            said = label, joined(notes), signature.annotator or "?", signature.day
            name = scored.recording.name
            verdicts += [Verdict(place, name, start_s, *said, own) for start_s in starts_s]
            if own and label != NOCALL:
                verdicts += [
                    Verdict(place, name, start_s, UNSURE, *said[1:], own, instead_of=NOCALL)
                    for start_s in map(scored.start_s, scored.inside(selection))
                    if start_s not in starts_s
                ]
        if fault:
            faults.append(f"{place}: {fault}")
    return verdicts, faults


def of_deleted(
    path: Path, selections: Sequence[Selection], scored: Scored, label: str, signature: Signature
) -> Iterator[Verdict]:
    """Yield a verdict for each window of a recording that scores above the threshold, but is in no row of its table.

    Parameters
    ----------
    path : Path
    selections : sequence of Selection
        All rows about this recording, filled in or not.
    scored : Scored
    label : str
        Label of these verdicts.
    signature : Signature
    """
    clip_s = scored.run.clip_s
    for position in scored.candidates[scored.p_call[scored.candidates] > scored.run.threshold]:
        start_s = float(scored.starts_s[position])
        if not any(one.start_s < start_s + clip_s and start_s < one.end_s for one in selections):
            said = label, "deleted", signature.annotator or "?", signature.day
            yield Verdict(f"{path}: deleted rows", scored.recording.name, round(start_s, 3), *said, own=True)
