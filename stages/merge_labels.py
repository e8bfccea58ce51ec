"""merge_labels: merge the labels of the data set, the experts and the model."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from stages.lib.model_labels import ModelLabels, audit_error, left_out_lines, model_error, model_weights
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import Section, read_params
from stages.lib.runtime.running import run_stage
from stages.lib.tables.answer_rules import read_answers
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED
from stages.lib.tables.expert import EXPERT, UNSURE, Answer, settle
from stages.lib.tables.merged import BY_EXPERT, DATASET, MERGED, MODEL, MergedClip, write_merged
from stages.lib.tables.pool import UNCERTAIN, PoolClip, read_pool
from stages.lib.tables.reviews import read_reviews
from stages.lib.tables.settled import in_use, read_settled
from stages.lib.tables.split import SplitClip, missing_classes, read_split

METRICS = Path("metrics/labels.json")
MOST_NAMED = 3  # Clips in one sentence.


class MergeParams(Section):
    """Section `merge_labels` of params.yaml; `review_weight` is what a reviewed window of a detector run counts for."""

    model_labels: ModelLabels
    review_weight: Annotated[float, Field(gt=0, allow_inf_nan=False)]


def merge(
    clips: Sequence[SplitClip],
    decisions: Mapping[str, str],
    settled: Mapping[str, str | None],
    model_weight: Mapping[str, float],
    settled_before: Collection[str] = (),
    *,
    review_weight: Mapping[str, float] = {},
) -> list[MergedClip]:
    """Label every clip that a model can be trained on.

    Experts outrank all other sources; a disputed clip is left out. The data set's label of a pool clip is ignored.

    Parameters
    ----------
    clips : sequence of SplitClip
        Test clips are skipped.
    decisions : mapping
        From the id of a pool clip to `call`, `nocall` or `uncertain`.
    settled : mapping
        From clip id to the experts' label, None if they do not agree.
    model_weight : mapping
        From `call` and `nocall` to the weight of the model's label; a missing class is not used.
    settled_before : collection of str
        Ids of clips whose label in the split comes from the experts of an earlier round.
    review_weight : mapping
        From the id of each reviewed window to the weight of the experts' label in training; 1 for any other clip. So a
        few false alarms of a site count against the many clips of other sites. It does not apply to valid clips.
    """
    merged = []
    for clip in clips:
        if clip.part == "test":
            continue
        if clip.clip_id in settled:
            label, source, weight = settled[clip.clip_id], BY_EXPERT, 1.0
        elif clip.part == "pool":
            label, source, weight = decisions[clip.clip_id], MODEL, model_weight.get(decisions[clip.clip_id], 0.0)
        else:
            label, weight = clip.label, 1.0
            source = BY_EXPERT if clip.clip_id in settled_before else DATASET
        if source == BY_EXPERT and clip.part != "valid":
            weight = review_weight.get(clip.clip_id, 1.0)
        if label and weight:
            merged.append(MergedClip(clip.clip_id, label, source, weight, clip.part))
    return merged


def label_metrics(
    clips: Sequence[SplitClip],
    pool: Sequence[PoolClip],
    answers: Sequence[Answer],
    merged: Sequence[MergedClip],
    *,
    passed_over: int = 0,
    reviewed: Collection[str] = (),
) -> dict:
    """Count the labels by source, and measure the model's own labels against the data set's where it has them.

    Parameters
    ----------
    clips : sequence of SplitClip
    pool : sequence of PoolClip
    answers : sequence of Answer
        About clips of train, valid and pool.
    merged : sequence of MergedClip
    passed_over : int
        Answers about clips that the split does not have.
    reviewed : collection of str
        Ids of the windows of detector runs that people have reviewed.

    Returns
    -------
    dict
        `expert`: answers, clips settled by class, those of them that are reviewed windows, unsure answers, and answers
        about clips that are not in the split.
        `disputed`: clips on which the experts do not agree. `waiting`: uncertain clips without an answer. `model`:
        labels by class. `left_out`: clips whose confident model label is not used, by class. `model_error`: for each
        class, the model's labels with a known truth, the wrong ones, their rate and its 95 % interval. `audit_error`:
        the same for the audited clips, against the experts, and how many nobody could tell. These clips were drawn at
        random, so the rate holds for all confident labels of the model.
    """
    settled = settle(answers)
    truth = {clip.clip_id: clip.label for clip in clips if clip.label != UNLABELLED}
    used = {clip.clip_id for clip in merged}
    left_out = [clip.decision for clip in pool if clip.clip_id not in used and clip.clip_id not in settled]
    given = [(clip.source, clip.label) for clip in merged]
    return {
        "expert": {
            "answers": len(answers),
            "calls": given.count((BY_EXPERT, CALL)),
            "nocalls": given.count((BY_EXPERT, NOCALL)),
            "reviewed": sum(clip.source == BY_EXPERT and clip.clip_id in reviewed for clip in merged),
            "unsure": sum(answer.label == UNSURE for answer in answers),
            "passed_over": passed_over,
        },
        "disputed": sum(label is None for label in settled.values()),
        "waiting": sum(clip.decision == UNCERTAIN and clip.clip_id not in settled for clip in pool),
        "model": {"calls": given.count((MODEL, CALL)), "nocalls": given.count((MODEL, NOCALL))},
        "left_out": {"calls": left_out.count(CALL), "nocalls": left_out.count(NOCALL)},
        "model_error": model_error({clip.clip_id: clip.label for clip in merged if clip.source == MODEL}, truth),
        "audit_error": audit_error(pool, settled, reviewed),
    }


def class_faults(clips: Sequence[SplitClip], merged: Sequence[MergedClip]) -> list[str]:
    """List the classes left without a clip in train or valid because of the experts' answers."""
    present = {(clip.part.replace("pool", "train"), clip.label) for clip in merged}
    had = defaultdict(list)
    for clip in clips:
        had[clip.part, clip.label].append(clip.clip_id)
    return [
        f"{EXPERT}: leaves no {label} in {part}: the answers for {some(had[part, label])} have another label or are "
        "disputed; correct the wrong ones, or remove some"
        for part, label in missing_classes(present)
        if (part, label) in had
    ]


def some(clip_ids: Sequence[str]) -> str:
    """Name the first clips and the number of others."""
    named = ", ".join(clip_ids[:MOST_NAMED])
    return named if len(clip_ids) <= MOST_NAMED else f"{named} and {len(clip_ids) - MOST_NAMED} more"


def main() -> None:
    """Merge the labels, or list what is wrong with labels/expert.csv and change nothing."""
    params = read_params("merge_labels", MergeParams)
    clips = read_split()
    pool = read_pool()
    part_of = {clip.clip_id: clip.part for clip in clips}
    given, faults = read_answers(EXPERT, part_of)
    refuse(faults)
    answers = [answer for answer in given if part_of.get(answer.clip_id, "test") != "test"]
    decisions = {clip.clip_id: clip.decision for clip in pool}
    settled = settle(answers)
    settled_before = {clip.clip_id for clip in in_use(read_settled(), part_of)}
    model_weight = model_weights(params.model_labels, audit_error(pool, settled))
    review_weight = dict.fromkeys((review.clip_id for review in read_reviews()), params.review_weight)
    merged = merge(clips, decisions, settled, model_weight, settled_before, review_weight=review_weight)
    refuse(class_faults(clips, merged))
    metrics = label_metrics(clips, pool, answers, merged, passed_over=len(given) - len(answers), reviewed=review_weight)
    write_merged(MERGED, merged)
    write_json(METRICS, metrics)
    print(*left_out_lines(metrics, params.model_labels), sep="", end="")
    if metrics["expert"]["reviewed"]:
        print(
            f"Reviewed windows: {metrics['expert']['reviewed']}, each of weight {params.review_weight:g} in training."
        )
    if metrics["expert"]["passed_over"]:
        print(f"Skipped answers about clips that are not in this split: {metrics['expert']['passed_over']}.")


if __name__ == "__main__":
    run_stage(main)
