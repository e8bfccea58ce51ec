"""The labels that the model gives itself where it is confident: how often they are wrong, and what they count for."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from stages.lib.clips import CALL, NOCALL
from stages.lib.intervals import proportion
from stages.lib.params import Section
from stages.lib.pool_table import AUDIT, PoolClip

CLASSES = {"calls": CALL, "nocalls": NOCALL}


class ModelLabels(Section):
    """Section `merge_labels.model_labels` of params.yaml.

    Whether they are used, what one counts for (1 as much as that of an expert), and the share of wrong labels above
    which those of a class are left out.
    """

    use: bool
    weight: Annotated[float, Field(gt=0, le=1)]
    highest_error: Annotated[float, Field(ge=0, le=1)]


def model_weights(params: ModelLabels, audit_error: Mapping[str, Mapping]) -> dict[str, float]:
    """Return what a label of the model counts for, by class; a class that is not used is not there.

    Parameters
    ----------
    params : ModelLabels
    audit_error : mapping
        As `model_error` returns it. A class of which no clip has been audited is given the benefit of the doubt.
    """
    return {
        label: params.weight
        for name, label in CLASSES.items()
        if params.use and not wrong_too_often(audit_error[name], params)
    }


def wrong_too_often(error: Mapping, params: ModelLabels) -> bool:
    """Tell whether the audit has found so many labels of a class wrong that none of them is used."""
    return error.get("rate", 0) > params.highest_error


def audit_error(pool: Sequence[PoolClip], settled: Mapping[str, str | None]) -> dict:
    """Compare the model's labels with the experts' on the clips that were drawn for the audit."""
    by_model = {clip.clip_id: clip.decision for clip in pool if clip.queued == AUDIT}
    return model_error(by_model, {clip_id: label for clip_id, label in settled.items() if label})


def model_error(by_model: Mapping[str, str], truth: Mapping[str, str]) -> dict:
    """Compare labels that the model gave with the truth, where that is known, by the class that the model gave.

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
    """Return the share of wrong labels with its interval; the counts alone where there is nothing to check."""
    counts = {"checked": len(wrong), "wrong": sum(wrong)}
    if not wrong:
        return counts
    rate, low, high = proportion(sum(wrong), len(wrong))
    return {**counts, "rate": rate, "rate_low": low, "rate_high": high}


def left_out_lines(metrics: Mapping, params: ModelLabels) -> list[str]:
    """Say which of the model's labels are not used, and why; a line each."""
    if not params.use:
        return ["The model's own labels are not used, as params.yaml says.\n"]
    lines = []
    for name, count in metrics["left_out"].items():
        error = metrics["audit_error"][name]
        if wrong_too_often(error, params):
            lines.append(
                f"{count} {name} of the model are not used: {error['wrong']} of {error['checked']} that were audited "
                f"are wrong, a larger share than {params.highest_error}.\n"
            )
    return lines
