"""merge_labels: bring together the labels of the data set, of the experts and of the model itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.lib.clips import CALL, NOCALL, UNLABELLED
from stages.lib.expert_table import EXPERT, UNSURE, Answer, read_answers, settle
from stages.lib.faults import refuse
from stages.lib.merged_table import DATASET, MERGED, MODEL, MergedClip, write_merged
from stages.lib.merged_table import EXPERT as BY_EXPERT
from stages.lib.model_labels import ModelLabels, audit_error, left_out_lines, model_error, model_weights
from stages.lib.params import Section, read_params
from stages.lib.pool_table import UNCERTAIN, PoolClip, read_pool
from stages.lib.running import run_stage
from stages.lib.split_table import SplitClip, read_split
from stages.lib.whole import write_json

METRICS = Path("metrics/labels.json")


class MergeParams(Section):
    """Section `merge_labels` of params.yaml."""

    model_labels: ModelLabels


def merge(
    clips: Sequence[SplitClip],
    decisions: Mapping[str, str],
    settled: Mapping[str, str | None],
    model_weight: Mapping[str, float],
) -> list[MergedClip]:
    """Give every clip that can be trained on its label.

    Experts outrank everybody; a disputed clip is left out. What the data set says of a pool clip is not looked at.

    Parameters
    ----------
    clips : sequence of SplitClip
        Test clips among them are passed over.
    decisions : mapping
        From the id of a pool clip to `call`, `nocall` or `uncertain`.
    settled : mapping
        From clip id to the experts' label, None where they do not agree.
    model_weight : mapping
        From `call` and `nocall` to what a label of the model counts for; a class that is not there is not used.
    """
    merged = []
    for clip in clips:
        if clip.part == "test":
            continue
        if clip.clip_id in settled:
            label, source, weight = settled[clip.clip_id], BY_EXPERT, 1.0
        elif clip.part == "pool":
            label, source, weight = decisions[clip.clip_id], MODEL, model_weight.get(decisions[clip.clip_id])
        else:
            label, source, weight = clip.label, DATASET, 1.0
        if label and weight:
            merged.append(MergedClip(clip.clip_id, label, source, weight, clip.part))
    return merged


def label_metrics(
    clips: Sequence[SplitClip], pool: Sequence[PoolClip], answers: Sequence[Answer], merged: Sequence[MergedClip]
) -> dict:
    """Count where the labels come from, and measure the model's own where the data set knows the truth.

    Returns
    -------
    dict
        `expert`: answers, clips that they settle by class, unsure answers. `disputed`: clips on which the experts do
        not agree. `waiting`: uncertain clips that nobody has answered for. `model`: labels by class. `left_out`: clips
        of which the model is confident, but whose label is not used, by class. `model_error`: for each class, the
        model's labels that the data set knows the truth of, the wrong ones, their rate and its 95 % interval.
        `audit_error`: the same for the clips that were drawn for the audit, against the experts, and how many nobody
        could tell. These were drawn at random, so it holds for all labels that the model gives with confidence.
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
            "unsure": sum(answer.label == UNSURE for answer in answers),
        },
        "disputed": sum(label is None for label in settled.values()),
        "waiting": sum(clip.decision == UNCERTAIN and clip.clip_id not in settled for clip in pool),
        "model": {"calls": given.count((MODEL, CALL)), "nocalls": given.count((MODEL, NOCALL))},
        "left_out": {"calls": left_out.count(CALL), "nocalls": left_out.count(NOCALL)},
        "model_error": model_error({clip.clip_id: clip.label for clip in merged if clip.source == MODEL}, truth),
        "audit_error": audit_error(pool, settled),
    }


def main() -> None:
    """Merge the labels, or list what is wrong with labels/expert.csv and leave everything as it was."""
    params = read_params("merge_labels", MergeParams).model_labels
    clips = read_split()
    pool = read_pool()
    answers, faults = read_answers(EXPERT, {clip.clip_id: clip.part for clip in clips})
    refuse(faults)
    decisions = {clip.clip_id: clip.decision for clip in pool}
    settled = settle(answers)
    merged = merge(clips, decisions, settled, model_weights(params, audit_error(pool, settled)))
    metrics = label_metrics(clips, pool, answers, merged)
    write_merged(MERGED, merged)
    write_json(METRICS, metrics)
    print(*left_out_lines(metrics, params), sep="", end="")


if __name__ == "__main__":
    run_stage(main)
