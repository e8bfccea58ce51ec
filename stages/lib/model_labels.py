"""The model's own labels for clips it is confident about: their error rate and their weight in training."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from stages.lib.intervals.proportions import exact_proportion, proportion, weighted_proportion
from stages.lib.runtime.params import Section
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED
from stages.lib.tables.pool import AUDIT, PoolClip

CLASSES = {"calls": CALL, "nocalls": NOCALL}


class ModelLabels(Section):
    """Section `merge_labels.model_labels` of params.yaml.

    Attributes
    ----------
    use : bool
        Whether the model's labels are used.
    weight : float
        Weight of a model label; an expert's label has 1.
    highest_error : float
        A class is left out when the lower end of the audit's interval for its error rate is above this value.
    """

    use: bool
    weight: Annotated[float, Field(gt=0, le=1)]
    highest_error: Annotated[float, Field(ge=0, le=1)]


def model_weights(params: ModelLabels, audit_error: Mapping[str, Mapping]) -> dict[str, float]:
    """Return the weight of the model's labels by class; unused classes are absent.

    Parameters
    ----------
    params : ModelLabels
    audit_error : mapping
        As `audit_error` returns it. A class with too few audited clips gets the benefit of the doubt.
    """
    return {
        label: params.weight
        for name, label in CLASSES.items()
        if params.use and not wrong_too_often(audit_error[name], params)
    }


def wrong_too_often(error: Mapping, params: ModelLabels) -> bool:
    """Tell whether the audit found so many wrong labels in a class that the class is not used."""
    return error.get("rate_low", 0) > params.highest_error


def audit_error(pool: Sequence[PoolClip], settled: Mapping[str, str | None], reviewed: Collection[str] = ()) -> dict:
    """Compare the model's labels with the experts' labels on the audited clips.

    Parameters
    ----------
    pool : sequence of PoolClip
    settled : mapping
        From clip id to the experts' label, None if they cannot tell or do not agree.
    reviewed : collection of str
        Ids of the windows of detector runs that people have reviewed. The audit never draws them.

    Returns
    -------
    dict
        For `all` and for each class: how many labels were `checked`, how many of these are `wrong`, how many clips
        nobody could tell (`unsure`), and the `rate` of wrong labels with its 95 % interval if it is known. The audit
        draws equally many clips from each class, so the rate of `all` weights a class by its share of the confident
        clips that the audit draws from.
    """
    drawn = {
        name: [clip.clip_id for clip in pool if clip.queued == AUDIT and clip.decision == label]
        for name, label in CLASSES.items()
    }
    wrong = {
        name: [settled[clip_id] != CLASSES[name] for clip_id in clip_ids if settled.get(clip_id)]
        for name, clip_ids in drawn.items()
    }
    unsure = {
        name: sum(clip_id in settled and not settled[clip_id] for clip_id in clip_ids)
        for name, clip_ids in drawn.items()
    }
    # Unqueued clips that nobody could tell are not drawn, either.
    drawn_from = [
        clip.decision
        for clip in pool
        if clip.queued or (clip.clip_id not in reviewed and settled.get(clip.clip_id, UNLABELLED) is not None)
    ]
    of_class = {name: drawn_from.count(label) for name, label in CLASSES.items()}
    present = [name for name, count in of_class.items() if count]
    rate = {}
    if present and all(wrong[name] for name in present):
        confident = sum(of_class.values())
        strata = [(sum(wrong[name]), len(wrong[name]), of_class[name] / confident) for name in present]
        rate = rate_with_ends(weighted_proportion(strata))
    everything = [outcome for outcomes in wrong.values() for outcome in outcomes]
    return {
        "all": {**wrong_counts(everything), "unsure": sum(unsure.values()), **rate},
        **{
            name: {
                **wrong_counts(outcomes),
                "unsure": unsure[name],
                **(rate_with_ends(exact_proportion(sum(outcomes), len(outcomes))) if outcomes else {}),
            }
            for name, outcomes in wrong.items()
        },
    }


def model_error(by_model: Mapping[str, str], truth: Mapping[str, str]) -> dict:
    """Compare the model's labels with the known truth, by the class that the model gave.

    Parameters
    ----------
    by_model, truth : mapping
        From clip id to `call` or `nocall`.
    """
    checked = [(label, truth[clip_id] != label) for clip_id, label in by_model.items() if clip_id in truth]
    return {
        "all": error_rate([wrong for _, wrong in checked]),
        **{name: error_rate([wrong for given, wrong in checked if given == label]) for name, label in CLASSES.items()},
    }


def error_rate(wrong: Sequence[bool]) -> dict:
    """Return the share of wrong labels with its interval; only the counts if nothing was checked."""
    return {**wrong_counts(wrong), **(rate_with_ends(proportion(sum(wrong), len(wrong))) if wrong else {})}


def wrong_counts(wrong: Sequence[bool]) -> dict[str, int]:
    """Count the checked and the wrong labels."""
    return {"checked": len(wrong), "wrong": sum(wrong)}


def rate_with_ends(found: tuple[float, float, float]) -> dict[str, float]:
    """Return a rate and the ends of its interval by name."""
    return dict(zip(("rate", "rate_low", "rate_high"), found, strict=True))


def left_out_lines(metrics: Mapping, params: ModelLabels) -> list[str]:
    """Say which of the model's labels are not used and why, one line per class."""
    if not params.use:
        return ["The model's own labels are not used, as params.yaml says.\n"]
    lines = []
    for name, count in metrics["left_out"].items():
        error = metrics["audit_error"][name]
        if wrong_too_often(error, params):
            lines.append(
                f"The model's {name} ({count}) are not used: {error['wrong']} of {error['checked']} audited ones are "
                f"wrong, so the error rate is at least {error['rate_low']:.2f}, above the limit of "
                f"{params.highest_error:g}.\n"
            )
    return lines
