"""Make the clips of an imported data set from its annotations and recordings."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from stages.lib.audio.examination import Examined
from stages.lib.audio.recording import Channel
from stages.lib.features.feature_params import FeatureParams
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED
from tools.lib.annotations.annotated import Annotated, MeasuredRecording, measured, word_outcomes
from tools.lib.annotations.choice import LONG, NOCALL_TAKEN, NOT_DRAWN, SHORT, Choice, choose
from tools.lib.annotations.draw import balanced_draw
from tools.lib.annotations.import_params import ImportParams
from tools.lib.annotations.outcome import LEFT_OUT, NOTE, TAKEN, Outcome
from tools.lib.clips.clip_rows import ClipRow, clip_row, unlabelled_rows
from tools.lib.recordings.audio_files import examine_all
from tools.lib.recordings.register import Registered
from tools.lib.wording import counted

MISSING = "no recording with its name found, or several that differ"
JOINED = "joined without annotations, so without a label"
JOINED_SOUNDLESS = "joined without annotations, but holds no sound"
FILLED = {
    CALL: "call with less sound than its window, so filled up",
    NOCALL: "no call, with less sound than its window, so filled up",
}
SIGNIFICANT = 0.05
TOO_FEW = "windows without a call that could not be found"


def make_clips(
    lying: Mapping[str, Path],
    annotated: Mapping[str, Annotated],
    register: Sequence[Registered],
    params: ImportParams,
    features: FeatureParams,
    *,
    held_out: Mapping[str, Collection[float]] = {},
) -> tuple[list[ClipRow], list[Outcome]]:
    """Make the rows of clips.csv.

    Parameters
    ----------
    lying : mapping
        From the path of a recording below `recordings/` to its current path.
    annotated : mapping
        From the path of a recording, or its name if no file was found, to its annotations.
    register : sequence of Registered
    params : ImportParams
    features : FeatureParams
        Only the window length and the channel are used.
    held_out : mapping
        From a recording to the starts of its windows that are held out for good, which stay where they are.

    Returns
    -------
    rows : list of tuple
        Clips from annotations, by recording and time; then the clips of recordings that joined without annotations.
    outcomes : list of Outcome
    """
    window_s = features.clip_s
    usable, outcomes = usable_recordings(lying, annotated, register, features.channel)
    registered = {one.recording: one for one in register}
    annotated = measured(annotated, {name: found.length_s for name, found in usable.items()})
    outcomes += word_outcomes(annotated, params.labels)
    outcomes += [
        Outcome(LEFT_OUT, MISSING, name.removeprefix("./"), 1, 0, event.source)
        for name, known in annotated.items()
        if name not in registered
        for _, event in known.events
    ]
    known = {
        recording: MeasuredRecording(recording, usable[recording], *annotated[recording])
        for recording in sorted(usable)
        if recording in annotated
    }
    choices = {
        name: choose(one, window_s, params.gap_s, params.seed, held_out.get(name, ())) for name, one in known.items()
    }
    outcomes += [outcome for chosen in choices.values() for outcome in chosen.outcomes]
    drawn, of_draw = draw_nocalls(choices, params, held_out)
    outcomes += of_draw
    rows = []
    for recording, chosen in choices.items():
        labelled = [(start_s, CALL) for start_s in chosen.calls + chosen.kept]
        labelled += [(start_s, UNLABELLED) for start_s in chosen.unsure]
        labelled += [(start_s, NOCALL) for start_s in drawn.get(recording, [])]
        outcomes += filled_outcomes(recording, usable[recording], labelled, window_s)
        site = registered[recording].site
        rows += [clip_row(recording, start_s, label, site) for start_s, label in sorted(labelled)]
    for one in register:
        if one.hop_s and one.recording in usable and one.recording not in choices:
            joined, soundless = unlabelled_rows(one, usable[one.recording], window_s)
            outcomes.append(Outcome(TAKEN, JOINED, one.recording, 0, len(joined)))
            outcomes += [Outcome(LEFT_OUT, JOINED_SOUNDLESS, one.recording, 0, soundless)] if soundless else []
            rows += joined
    return rows, outcomes


def filled_outcomes(
    recording: str, found: Examined, labelled: Sequence[tuple[float, str]], window_s: float
) -> list[Outcome]:
    """Count the windows of a recording that lack part of their sound, by label."""
    outcomes = []
    for label, reason in FILLED.items():
        starts_s = np.array([start_s for start_s, its_label in labelled if its_label == label])
        filled = int(np.count_nonzero(~found.is_whole(starts_s, window_s)))
        outcomes += [Outcome(NOTE, reason, recording, 0, filled)] if filled else []
    return outcomes


def filled_line(rows: Sequence[ClipRow], outcomes: Sequence[Outcome]) -> list[str]:
    """Say how many windows lack part of their sound, and whether calls and no-calls differ in this.

    They differ if Fisher's exact test (`scipy.stats.fisher_exact`) is significant at the 0.05 level.
    """
    filled = {label: sum(one.windows for one in outcomes if one.reason == reason) for label, reason in FILLED.items()}
    total = {label: sum(row[3] == label for row in rows) for label in FILLED}
    if not any(filled.values()):
        return []
    from scipy.stats import fisher_exact  # This import takes a second.

    p = fisher_exact([[filled[label], total[label] - filled[label]] for label in FILLED]).pvalue
    line = (
        f"windows longer than their sound, filled up with it: {filled[CALL]} of {counted(total[CALL], 'call')}, "
        f"{filled[NOCALL]} of {counted(total[NOCALL], 'no-call')}"
    )
    if p < SIGNIFICANT:
        line += (
            "; the classes differ in this, so a model may learn it instead of the calls: "
            "lower featurize.clip_s, or cut calls and no-calls to the same length"
        )
    return [line]


def length_lines(outcomes: Sequence[Outcome], window_s: float, gap_s: float) -> list[str]:
    """Say how many stretches annotated as no call are too short for a clip, and how many calls are longer than one."""
    said = {
        SHORT: (
            ("stretch without a call", "stretches without a call"),
            f"no room for a window of {window_s:g} s at {gap_s:g} s from all calls, so no clip; annotate longer "
            "stretches, or lower gap_s or featurize.clip_s",
        ),
        LONG: (
            ("call longer than a window", "calls longer than a window"),
            f"each of their windows of {window_s:g} s counts as a call; if a call fills only a part of its annotation, "
            "as in a clip that was cut around it, raise featurize.clip_s to the length of the annotations",
        ),
    }
    lines = []
    for reason, (forms, text) in said.items():
        if found := [one for one in outcomes if one.reason == reason]:
            number = counted(sum(one.annotations for one in found), *forms)
            lines.append(f"{number}, the first at {found[0].first}: {text}")
    return lines


def usable_recordings(
    lying: Mapping[str, Path], annotated: Mapping[str, Annotated], register: Sequence[Registered], channel: Channel
) -> tuple[dict[str, Examined], list[Outcome]]:
    """Examine the recordings; return the usable ones, and the annotations lost with the others."""
    usable, outcomes = {}, []
    examined = examine_all([lying[one.recording] for one in register], channel)
    for one, found in zip(register, examined, strict=True):
        if isinstance(found, Examined):
            usable[one.recording] = found
        else:
            events = annotated[one.recording].events if one.recording in annotated else []
            first = events[0][1].source if events else ""
            # The fault begins with the path, which has its own column in the table.
            reason = found.replace(f"{lying[one.recording]} ", "", 1)
            reason = f"its recording cannot be used: {reason}"
            outcomes.append(Outcome(LEFT_OUT, reason, one.recording, len(events), 0, first))
    return usable, outcomes


def draw_nocalls(
    choices: Mapping[str, Choice], params: ImportParams, held_out: Mapping[str, Collection[float]]
) -> tuple[dict[str, list[float]], list[Outcome]]:
    """Draw as many windows without a call as the params ask for."""
    candidates = {recording: chosen.nocalls for recording, chosen in choices.items()}
    wanted = {recording: round(len(chosen.calls) * params.nocalls_per_call) for recording, chosen in choices.items()}
    total = round(sum(len(chosen.calls) for chosen in choices.values()) * params.nocalls_per_call)
    drawn = balanced_draw(candidates, wanted, total, params.seed, held_out)
    outcomes = []
    for recording, starts in candidates.items():
        taken = len(drawn.get(recording, []))
        outcomes += [Outcome(TAKEN, NOCALL_TAKEN, recording, 0, taken)] if taken else []
        outcomes += [Outcome(LEFT_OUT, NOT_DRAWN, recording, 0, len(starts) - taken)] if len(starts) > taken else []
    missing = total - sum(map(len, drawn.values()))
    return drawn, outcomes + ([Outcome(NOTE, TOO_FEW, "", 0, missing)] if missing > 0 else [])
