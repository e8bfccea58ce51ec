"""List the answers that contradict the model, the data set or another expert."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stages.lib.cards.markdown import code, table
from stages.lib.measures.measures import THRESHOLD
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED
from stages.lib.tables.expert import Answer
from stages.lib.tables.pool import UNCERTAIN, PoolClip
from tools.lib.review.label_changes import ADDED, CHANGED, Change
from tools.lib.wording import counted


class Evidence(NamedTuple):
    """Other information about the clips.

    Attributes
    ----------
    scores : mapping
        From the id of a pool clip to the baseline's score.
    truth : mapping
        From clip id to the data set's `call` or `nocall`.
    answers : mapping
        From clip id to all answers.
    """

    scores: Mapping[str, PoolClip]
    truth: Mapping[str, str]
    answers: Mapping[str, Sequence[Answer]]


class Contradiction(NamedTuple):
    """A clip, and which sources a new answer for it contradicts."""

    clip_id: str
    model: bool
    dataset: bool
    others: bool


def by_clip(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    """Group answers by clip."""
    groups = defaultdict(list)
    for answer in answers:
        groups[answer.clip_id].append(answer)
    return dict(groups)


def contradictions(changes: Sequence[Change], evidence: Evidence) -> list[Contradiction]:
    """List the clips with a new answer that contradicts any source.

    Clips with the model's most confident scores come first, because there the expert or the model is badly wrong.

    Parameters
    ----------
    changes : sequence of Change
        New answers of `call` or `nocall`.
    evidence : Evidence
    """
    new_labels = defaultdict(set)
    for change in changes:
        new_labels[change.clip_id].add(change.after)
    found = []
    for clip_id, labels in new_labels.items():
        score = evidence.scores.get(clip_id)
        everybody = {answer.label for answer in evidence.answers[clip_id]}
        contradiction = Contradiction(
            clip_id,
            model=score is not None and labels != {CALL if score.p_call > THRESHOLD else NOCALL},
            dataset=evidence.truth.get(clip_id, UNLABELLED) != UNLABELLED and labels != {evidence.truth[clip_id]},
            others={CALL, NOCALL} <= everybody,
        )
        if contradiction.model or contradiction.dataset or contradiction.others:
            found.append(contradiction)
    return sorted(found, key=lambda clip: (-sureness(evidence.scores.get(clip.clip_id)), clip.clip_id))


def sureness(score: PoolClip | None) -> float:
    """Return how far a score is from undecided."""
    return abs(score.p_call - THRESHOLD) if score else 0.0


def contradiction_table(changes: Sequence[Change], evidence: Evidence) -> list[str]:
    """Return the contradictions as Markdown, with the contradicted source in bold."""
    decided = [change for change in changes if change.kind in (ADDED, CHANGED) and change.after in (CALL, NOCALL)]
    if not decided:
        return ["There is no new or changed answer of `call` or `nocall`."]
    found = contradictions(decided, evidence)
    sure = [clip for clip in found if clip.model and evidence.scores[clip.clip_id].decision != UNCERTAIN]
    clip_ids = {change.clip_id for change in decided}
    with_label = sum(evidence.truth.get(clip_id, UNLABELLED) != UNLABELLED for clip_id in clip_ids)
    with_others = sum(
        sum(answer.label in (CALL, NOCALL) for answer in evidence.answers[clip_id]) > 1 for clip_id in clip_ids
    )
    lines = [
        f"{counted(len(clip_ids), 'clip')} with a new or changed answer of `call` or `nocall`. Against the model: "
        f"{sum(clip.model for clip in found)} of {len(clip_ids & evidence.scores.keys())} with a score ({len(sure)} "
        f"where it had decided). Against the data set: {sum(clip.dataset for clip in found)} of {with_label} with a "
        f"label. Against another expert: {sum(clip.others for clip in found)} of {with_others} with several answers."
    ]
    if found:
        notes = defaultdict(list)
        for change in decided:
            notes[change.clip_id].append(change.note)
        rows = (
            (
                code(clip.clip_id),
                bold(answers_text(evidence.answers[clip.clip_id]), clip.others),
                bold(score_text(evidence.scores.get(clip.clip_id)), clip.model),
                bold(code(evidence.truth.get(clip.clip_id, "")), clip.dataset),
                ", ".join(code(note) for note in notes[clip.clip_id] if note),
            )
            for clip in found
        )
        lines += ["", *table(("clip", "answers", "model's p_call", "data set", "notes"), rows)]
    return lines


def bold(text: str, contradicted: bool) -> str:
    """Return a text, in bold if it is contradicted."""
    return f"**{text}**" if contradicted else text


def score_text(score: PoolClip | None) -> str:
    """Return a score and its decision."""
    return f"{score.p_call:.3f} {code(score.decision)}" if score else ""


def answers_text(answers: Sequence[Answer]) -> str:
    """Return each annotator's answer for a clip."""
    return ", ".join(f"{code(answer.annotator)} {code(answer.label)}" for answer in answers)
