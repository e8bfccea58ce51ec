"""`metrics/field.json`: how well a model does in the field, by a review of its detections (`tools.field_report`)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.lib.cards.card import site_name
from stages.lib.cards.markdown import table
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.inputs import remembered

FIELD = Path("metrics/field.json")
# Each measure with its number of decimals.
MEASURES = {"precision": 2, "false_alarms_per_hour": 1, "recall": 2}
REMEDY = "run python -m tools.field_report, or restore it from Git"
SHOWN = (0.3, 0.5, 0.7, 0.9, 0.98)
HEAD = ("site", "score above", "precision", "false alarms per hour", "recall")


def read_field(path: Path = FIELD) -> dict[str, Any]:
    """Read the report; it is empty until detections have been reviewed.

    Raises
    ------
    InputFaults
        If the file is not such a report.
    """
    try:
        report = json.loads(remembered(path).read_text(encoding="utf-8"))
        whole = report == {} or is_whole(report)
    except FileNotFoundError:
        raise InputFaults([f"{path}: there is no such file; {REMEDY}"]) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise InputFaults([f"{path}: is not a report on detections; {REMEDY}"])
    return report


def is_whole(report: Mapping[str, Any]) -> bool:
    """Tell whether a report has a run, a model, and every measure at each threshold."""
    points = [point for described in by_site(report).values() for point in described["points"]]
    needed = {f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high")} | {"threshold"}
    return {"run", "model"} <= report.keys() and all(needed <= point.keys() for point in points)


def by_site(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the results for all sites together and for each site, by name."""
    return {"all": report["all"]} | {site_name(site): described for site, described in report["sites"].items()}


def field_section(report: Mapping[str, Any], model: str) -> str:
    """Return the section of the card.

    Parameters
    ----------
    report : mapping
        The content of metrics/field.json.
    model : str
        The digest of the model that the card is about.
    """
    if not report:
        return "Nobody has reviewed its detections in long recordings yet ([how](../docs/field.md))."
    if report["model"] != model:
        return (
            "Nobody has reviewed its detections in long recordings yet ([how](../docs/field.md)). "
            "[field.json](field.json) is about an earlier model."
        )
    everywhere = report["all"]
    remarks = "".join(f"\n- {remark}" for remark in everywhere["remarks"])
    rows = [row for site, described in by_site(report).items() for row in site_rows(site, described)]
    searched = f"{everywhere['recordings']} recordings of {everywhere['hours']:.1f} h"
    return (
        f"People have heard {everywhere['calls']} calls and {everywhere['nocalls']} no-calls, drawn at random from "
        f"{everywhere['candidates']:,} windows in {searched}. The estimates, with 95 % intervals:\n\n"
        + "\n".join(table(HEAD, rows))
        + (f"\n\nWhat limits these figures:\n{remarks}" if remarks else "")
    )


def site_rows(site: str, described: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the rows of a site."""
    return [
        (site, f"{point['threshold']:g}", *estimates(point))
        for point in described["points"]
        if point["threshold"] in SHOWN
    ]


def estimates(point: Mapping[str, Any]) -> list[str]:
    """Return the estimate and interval of each of `MEASURES`, or only the interval if there is no estimate."""
    cells = []
    for name, digits in MEASURES.items():
        value, low, high = (point[key] for key in (name, f"{name}_low", f"{name}_high"))
        between = f"({low:.{digits}f} to {high:.{digits}f})"
        cells.append(between if value is None else f"{value:.{digits}f} {between}")
    return cells
