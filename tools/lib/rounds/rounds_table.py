"""`labels/rounds.csv`: one row per closed round, with the gain from the experts' work."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from stages.lib.cards.field_results import FIELD, read_field
from stages.lib.measures.measures import THRESHOLD
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.table import quoted, read_table, write_table
from stages.lib.tables.clips import CALL, NOCALL
from stages.lib.tables.settled import SettledClip
from stages.lib.tables.undecided import ROUND, ROUNDS

METRICS = tuple(Path(f"metrics/{name}.json") for name in ("evaluation", "labels", "pool"))
BY_AUDIT, BY_DATASET = "audit", "dataset"


class Round(NamedTuple):
    """A closed round. Numbers are text as in the table; empty if unknown.

    Attributes
    ----------
    round : str
        Counted from 1.
    date : str
        The day it was closed, YYYY-MM-DD.
    calls, nocalls : str
        The number of clips it settled, by class.
    annotators : str
        The annotators of these clips, separated by semicolons.
    accuracy_before, accuracy_after : str
        The accuracy of the baseline and of the retrained model on the test clips. `_low` and `_high` are the ends of
        the 95 % intervals; `change_low` and `change_high` are the ends of the interval of the difference.
    model_label_error : str
        The share of wrong labels among the model's confident labels, with its 95 % interval.
    measured_by : str
        `audit` if experts have answered for audited clips of each class; otherwise `dataset`, by the data set's labels
        for pool clips.
    uncertain_share : str
        The share of the pool that the model was uncertain about.
    agreement : str
        Cohen's kappa between the model's decisions on the pool in this round and the previous one.
    commit : str
        The commit with these metrics.
    field_run : str
        The run of the detector that metrics/field.json is about; empty before the first review.
    field_threshold : str
        The threshold of the next two measures. `_low` and `_high` are the ends of 95 % intervals.
    false_alarms_per_hour, recall : str
        The estimates from the review.
    """

    round: str
    date: str
    calls: str
    nocalls: str
    annotators: str
    accuracy_before: str
    accuracy_before_low: str
    accuracy_before_high: str
    accuracy_after: str
    accuracy_after_low: str
    accuracy_after_high: str
    change_low: str
    change_high: str
    model_label_error: str
    model_label_error_low: str
    model_label_error_high: str
    measured_by: str
    uncertain_share: str
    agreement: str
    commit: str
    field_run: str = ""
    field_threshold: str = ""
    false_alarms_per_hour: str = ""
    false_alarms_per_hour_low: str = ""
    false_alarms_per_hour_high: str = ""
    recall: str = ""
    recall_low: str = ""
    recall_high: str = ""


# Tables of earlier versions end before these columns.
OF_FIELD = Round._fields[Round._fields.index("field_run") :]


def read_rounds(path: Path = ROUNDS) -> list[Round]:
    """Read the closed rounds, the first one first."""
    header = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    columns = Round._fields if OF_FIELD[0] in header else Round._fields[: -len(OF_FIELD)]
    rows = read_table(path, columns)
    refuse(
        f"{path}:{row.line}: round {quoted(row.cells['round'])} is not a number; restore the row from Git"
        for row in rows
        if not ROUND.fullmatch(row.cells["round"])
    )
    return [Round(**row.cells) for row in rows]


def write_rounds(path: Path, rounds: Sequence[Round]) -> None:
    """Write the rounds."""
    write_table(path, Round._fields, rounds)


def describe_round(
    number: int, settled: Sequence[SettledClip], annotators: Sequence[str], agreement: float | None, commit: str
) -> Round:
    """Describe a round by the metrics of its pipeline run.

    Parameters
    ----------
    number : int
    settled : sequence of SettledClip
        The clips settled in this round.
    annotators : sequence of str
    agreement : float or None
        Cohen's kappa with the previous round.
    commit : str
    """
    return Round(
        round=str(number),
        date=date.today().isoformat(),
        agreement="" if agreement is None else str(round(agreement, 6)),
        commit=commit,
        **outcome(settled, annotators),
        **figures(Path()),
    )


def outcome(settled: Sequence[SettledClip], annotators: Iterable[str]) -> dict[str, str]:
    """Return the cells of a round that say what was settled, and by whom."""
    given = [clip.label for clip in settled]
    return {
        "calls": str(given.count(CALL)),
        "nocalls": str(given.count(NOCALL)),
        "annotators": "; ".join(sorted(set(annotators))),
    }


def figures(folder: Path) -> dict[str, str]:
    """Return the cells of a round that come from the metrics in a folder."""
    evaluation, labels, pool = (json.loads((folder / path).read_text(encoding="utf-8")) for path in METRICS)
    before, after = (with_interval(evaluation[model], "accuracy") for model in ("before", "after"))
    # Without test clips there is no change.
    change_interval = with_interval(evaluation.get("change", {}), "accuracy")[1:]
    measured_by = BY_AUDIT if "rate" in labels["audit_error"]["all"] else BY_DATASET
    error = labels["audit_error" if measured_by == BY_AUDIT else "model_error"]["all"]
    ends = ("", "_low", "_high")
    return {
        **{f"accuracy_before{end}": cell for end, cell in zip(ends, before, strict=True)},
        **{f"accuracy_after{end}": cell for end, cell in zip(ends, after, strict=True)},
        **{f"change{end}": cell for end, cell in zip(ends[1:], change_interval, strict=True)},
        **{f"model_label_error{end}": str(error.get(f"rate{end}", "")) for end in ends},
        "measured_by": measured_by if error["checked"] else "",
        "uncertain_share": str(round(pool["uncertain"] / pool["pool"], 6)) if pool["pool"] else "",
        **dict.fromkeys(OF_FIELD, ""),
        **of_field(read_field(folder / FIELD)),
    }


def of_field(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of the columns about the field; empty if no detections have been reviewed."""
    points = report["all"]["points"] if report else []
    point = next((point for point in points if point["threshold"] == THRESHOLD), None)
    if point is None:
        return {}
    measured = {name: point[name] for name in OF_FIELD if name in point}
    numbers = {name: "" if value is None else str(value) for name, value in measured.items()}
    return {"field_run": report["run"], "field_threshold": str(THRESHOLD), **numbers}


def with_interval(measures: dict, name: str) -> tuple[str, str, str]:
    """Return a measure and the ends of its interval as text; empty if it was not measured."""
    if name not in measures:
        return "", "", ""
    interval = measures["intervals"][name]
    return str(measures[name]), str(interval["low"]), str(interval["high"])
