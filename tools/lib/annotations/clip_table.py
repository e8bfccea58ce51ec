"""The clips of an imported data set, made from what its folder holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.lib.clips import CALL, NOCALL, UNLABELLED
from tools.lib.annotations.annotated import Annotated
from tools.lib.annotations.choice import NOCALL_TAKEN, NOT_DRAWN, Choice, Recording, choose
from tools.lib.annotations.draw import balanced_draw
from tools.lib.annotations.import_params import ImportParams
from tools.lib.annotations.outcome import LEFT_OUT, NOTE, TAKEN, Outcome
from tools.lib.clip_rows import ClipRow, clip_row, unlabelled_rows
from tools.lib.recording_lengths import lengths_or_faults
from tools.lib.recording_name import stem
from tools.lib.register import Registered

MISSING = "no recording of its name was found, or several that differ"
JOINED = "joined without annotations, so without a label"
TOO_FEW = "windows without a call that could not be found"


def make_clips(
    recordings: Path,
    annotated: Mapping[str, Annotated],
    register: Sequence[Registered],
    params: ImportParams,
    window_s: float,
) -> tuple[list[ClipRow], list[Outcome]]:
    """Make the rows of clips.csv.

    Parameters
    ----------
    recordings : Path
        The folder of the data set.
    annotated : mapping
        From the stem of a recording to what is known of it.
    register : sequence of Registered
    params : ImportParams
    window_s : float

    Returns
    -------
    rows : list of tuple
        Clips from annotations by recording and time; then those of recordings that joined without annotations.
    outcomes : list of Outcome
    """
    lengths, outcomes = usable_lengths(recordings, annotated, register)
    registered = {stem(one.recording): one for one in register}
    outcomes += [
        Outcome(LEFT_OUT, MISSING, name, 1, 0, event.source)
        for name, known in annotated.items()
        if name not in registered
        for _, event in known.events
    ]
    known = {
        recording: Recording(recording, lengths[recording], *annotated[stem(recording)])
        for recording in sorted(lengths)
        if stem(recording) in annotated
    }
    choices = {name: choose(one, window_s, params.gap_s, params.seed) for name, one in known.items()}
    outcomes += [outcome for chosen in choices.values() for outcome in chosen.outcomes]
    drawn, of_draw = draw_nocalls(choices, params)
    outcomes += of_draw
    rows = []
    for recording, chosen in choices.items():
        labelled = [(start_s, CALL) for start_s in chosen.calls] + [(start_s, UNLABELLED) for start_s in chosen.unsure]
        labelled += [(start_s, NOCALL) for start_s in drawn.get(recording, [])]
        site = registered[stem(recording)].site
        rows += [clip_row(recording, start_s, label, site) for start_s, label in sorted(labelled)]
    for one in register:
        if one.hop_s and one.recording in lengths and one.recording not in choices:
            joined = unlabelled_rows(one, lengths[one.recording], window_s)
            outcomes.append(Outcome(TAKEN, JOINED, one.recording, 0, len(joined)))
            rows += joined
    return rows, outcomes


def usable_lengths(
    recordings: Path, annotated: Mapping[str, Annotated], register: Sequence[Registered]
) -> tuple[dict[str, float], list[Outcome]]:
    """Return the lengths of the recordings that can be used, and what is left out with the others."""
    lengths, outcomes = {}, []
    found = lengths_or_faults([recordings / one.recording for one in register])
    for one, length in zip(register, found, strict=True):
        if isinstance(length, float):
            lengths[one.recording] = length
        else:
            events = annotated[stem(one.recording)].events if stem(one.recording) in annotated else []
            first = events[0][1].source if events else ""
            # The fault begins with the path, which the table has a column for.
            reason = length.replace(f"{recordings / one.recording} ", "", 1)
            reason = f"its recording cannot be used: {reason}"
            outcomes.append(Outcome(LEFT_OUT, reason, one.recording, len(events), 0, first))
    return lengths, outcomes


def draw_nocalls(choices: Mapping[str, Choice], params: ImportParams) -> tuple[dict[str, list[float]], list[Outcome]]:
    """Draw the windows without a call, as many as the params ask for."""
    candidates = {recording: chosen.nocalls for recording, chosen in choices.items()}
    wanted = {recording: round(len(chosen.calls) * params.nocalls_per_call) for recording, chosen in choices.items()}
    total = round(sum(len(chosen.calls) for chosen in choices.values()) * params.nocalls_per_call)
    drawn = balanced_draw(candidates, wanted, total, params.seed)
    outcomes = []
    for recording, starts in candidates.items():
        taken = len(drawn.get(recording, []))
        outcomes += [Outcome(TAKEN, NOCALL_TAKEN, recording, 0, taken)] if taken else []
        outcomes += [Outcome(LEFT_OUT, NOT_DRAWN, recording, 0, len(starts) - taken)] if len(starts) > taken else []
    missing = total - sum(map(len, drawn.values()))
    return drawn, outcomes + ([Outcome(NOTE, TOO_FEW, "", 0, missing)] if missing > 0 else [])
