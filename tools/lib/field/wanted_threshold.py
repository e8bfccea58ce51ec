"""The threshold for a wanted number of false alarms per hour or a wanted precision, from `metrics/field.json`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from stages.lib.cards.field_results import FIELD, read_field
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.reviews import number

REPORT = "python -m tools.field_report"


class Wanted(NamedTuple):
    """A requirement of the user on the threshold.

    Attributes
    ----------
    option : str
        Option on the command line, such as `--false-alarms 2`.
    measure : str
        One of `MEASURES`.
    met_by : callable
        Function that tells whether a value of the measure is good enough.
    worst : str
        `low` or `high`: the worse end of the interval.
    """

    option: str
    measure: str
    met_by: Callable[[float], bool]
    worst: str


def count_per_hour(text: str) -> Wanted:
    """Parse the highest number of false alarms per hour; `InputFaults` if invalid."""
    most = number(text)
    if most is None:
        raise InputFaults([f"--false-alarms {text}: should be a number per hour of 0 or more, such as 2"])
    return Wanted(f"--false-alarms {most:g}", "false_alarms_per_hour", lambda value: value <= most, "high")


def share(text: str) -> Wanted:
    """Parse the lowest share of calls; `InputFaults` if invalid."""
    least = number(text)
    if least is None or not 0 < least <= 1:
        raise InputFaults([f"--precision {text}: should be a share of more than 0 and at most 1, such as 0.9"])
    return Wanted(f"--precision {least:g}", "precision", lambda value: value >= least, "low")


def threshold_for(wanted: Wanted, model: str) -> tuple[float, str]:
    """Return the lowest threshold whose estimate is good enough, and a sentence about it.

    Only the estimate has to be good enough, because requiring it of the whole interval would take too many reviews. The
    sentence tells whether the whole interval is good enough. Thresholds above all reviewed windows are ignored.

    Parameters
    ----------
    wanted : Wanted
    model : str
        Digest of the model that is going to detect.

    Raises
    ------
    InputFaults
        If the report is about another model, or no threshold is known to be good enough.
    """
    points = points_for(wanted, model)
    for point in points:
        value = point[wanted.measure]
        if point["heard"] and value is not None and wanted.met_by(value):
            return point["threshold"], sentence(wanted, point)
    heard = max((point["threshold"] for point in points if point["heard"]), default=0.0)
    fault = f"no threshold up to {heard:g}, above which the last windows were heard, is that good by {FIELD}"
    raise InputFaults([f"{wanted.option}: {fault}; ask for less, or review more detections"])


def points_for(wanted: Wanted, model: str) -> Sequence[Mapping[str, Any]]:
    """Return the operating points of the report; refuse a report about another model."""
    metrics = read_field()
    points, of_model = (metrics["all"]["points"], metrics["model"]) if metrics else ([], model)
    if of_model != model:
        fault = f"{FIELD} is about another model; review detections of this one (python -m tools.review)"
    elif not points:
        fault = f"{FIELD} has no report yet; review detections (python -m tools.review, python -m tools.add_reviews)"
    else:
        return points
    raise InputFaults([f"{wanted.option}: {fault} and run {REPORT}, or give --threshold"])


def sentence(wanted: Wanted, point: Mapping[str, Any]) -> str:
    """Return a sentence with the estimates at a threshold and their certainty."""
    value, low, high = (point[key] for key in (wanted.measure, f"{wanted.measure}_low", f"{wanted.measure}_high"))
    name = wanted.measure.replace("_", " ")
    sure = wanted.met_by(point[f"{wanted.measure}_{wanted.worst}"])
    return (
        f"{wanted.option}: threshold {point['threshold']:g}, where {name} is estimated at {value:.2f} (95 % interval "
        f"{low:.2f} to {high:.2f}; {'all of it' if sure else 'not all of it'} is as good as wanted) and recall at "
        f"{'an unknown share' if point['recall'] is None else format(point['recall'], '.2f')}"
    )
