"""merge_labels: bring together the labels of the data set, of the experts and of the model itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.lib.clips import CALL, NOCALL, UNLABELLED
from stages.lib.expert_table import EXPERT, UNSURE, Answer, read_answers, settle
from stages.lib.faults import refuse
from stages.lib.intervals import proportion
from stages.lib.merged_table import DATASET, MERGED, MODEL, MergedClip, write_merged
from stages.lib.merged_table import EXPERT as BY_EXPERT
from stages.lib.pool_table import AUDIT, UNCERTAIN, PoolClip, read_pool
from stages.lib.running import run_stage
from stages.lib.split_table import SplitClip, read_split
from stages.lib.whole import write_json

METRICS = Path("metrics/labels.json")


def merge(
    clips: Sequence[SplitClip], decisions: Mapping[str, str], settled: Mapping[str, str | None]
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
    """
    merged = []
    for clip in clips:
        if clip.part == "test":
            continue
        if clip.clip_id in settled:
            label, source = settled[clip.clip_id], BY_EXPERT
        elif clip.part == "pool":
            decision = decisions[clip.clip_id]
            label, source = (None if decision == UNCERTAIN else decision), MODEL
        else:
            label, source = clip.label, DATASET
        if label:
            merged.append(MergedClip(clip.clip_id, label, source, 1.0, clip.part))
    return merged


def label_metrics(
    clips: Sequence[SplitClip], pool: Sequence[PoolClip], answers: Sequence[Answer], merged: Sequence[MergedClip]
) -> dict:
    """Count where the labels come from, and measure the model's own where the data set knows the truth.

    Returns
    -------
    dict
        `expert`: answers, clips that they settle by class, unsure answers. `disputed`: clips on which the experts do
        not agree. `waiting`: uncertain clips that nobody has answered for. `model`: labels by class. `model_error`:
        for each class, the model's labels that the data set knows the truth of, the wrong ones, their rate and its
        95 % interval. `audit_error`: the same for the clips that were drawn for the audit, against the experts. These
        were drawn at random, so it holds for all labels that the model gives with confidence.
    """
    settled = settle(answers)
    truth = {clip.clip_id: clip.label for clip in clips if clip.label != UNLABELLED}
    by_experts = {clip_id: label for clip_id, label in settled.items() if label}
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
        "model_error": model_error({clip.clip_id: clip.label for clip in merged if clip.source == MODEL}, truth),
        "audit_error": model_error({clip.clip_id: clip.decision for clip in pool if clip.queued == AUDIT}, by_experts),
    }


def model_error(by_model: Mapping[str, str], truth: Mapping[str, str]) -> dict:
    """Compare labels that the model gave with the truth, where that is known, by the class that the model gave.

    Parameters
    ----------
    by_model, truth : mapping
        From clip id to `call` or `nocall`.
    """
    classes = {"all": (CALL, NOCALL), "calls": (CALL,), "nocalls": (NOCALL,)}
    checked = {clip_id: label for clip_id, label in by_model.items() if clip_id in truth}
    return {
        name: error_rate([truth[clip_id] != label for clip_id, label in checked.items() if label in labels])
        for name, labels in classes.items()
    }


def error_rate(wrong: Sequence[bool]) -> dict:
    """Return the share of wrong labels with its interval; the counts alone where there is nothing to check."""
    counts = {"checked": len(wrong), "wrong": sum(wrong)}
    if not wrong:
        return counts
    rate, low, high = proportion(sum(wrong), len(wrong))
    return {**counts, "rate": rate, "rate_low": low, "rate_high": high}


def main() -> None:
    """Merge the labels, or list what is wrong with labels/expert.csv and leave everything as it was."""
    clips = read_split()
    pool = read_pool()
    answers, faults = read_answers(EXPERT, {clip.clip_id: clip.part for clip in clips})
    refuse(faults)
    decisions = {clip.clip_id: clip.decision for clip in pool}
    merged = merge(clips, decisions, settle(answers))
    write_merged(MERGED, merged)
    write_json(METRICS, label_metrics(clips, pool, answers, merged))


if __name__ == "__main__":
    run_stage(main)
