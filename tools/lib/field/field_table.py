"""The report on a run as text: the reviewed windows and a table, for all sites together and for each."""

from collections.abc import Mapping
from typing import Any

from stages.lib.cards.field_results import estimates
from stages.lib.cards.markdown import code, table
from tools.lib.wording import counted

HEAD = ("score above", "windows heard", "probability here", "precision", "false alarms per hour", "recall")
SHOWN = (0.1, 0.3, 0.5, 0.7, 0.9, 0.94, 0.98, 0.99)


def summary(metrics: Mapping[str, Any]) -> str:
    """Return the report on a run."""
    sites = [section(f"Site {code(site) or 'without a name'}", of_site) for site, of_site in metrics["sites"].items()]
    return "\n\n".join([f"Run {metrics['run']}", section("All sites", metrics["all"]), *sites, recalibrated(metrics)])


def section(name: str, described: Mapping[str, Any]) -> str:
    """Return the results for one site, or for all."""
    heading = (
        f"{name}: {counted(described['calls'], 'call')} and {counted(described['nocalls'], 'no-call')} heard of "
        f"{described['candidates']:,} windows in {counted(described['recordings'], 'recording')} of "
        f"{described['hours']:.2f} h{left_out(described)}."
    )
    rows = [cells(point) for point in described["points"] if point["threshold"] in SHOWN]
    lines = ["", *table(HEAD, rows)] if rows else []
    remarks = ["", *(f"- {remark}" for remark in described["remarks"])] if described["remarks"] else []
    return "\n".join([heading, *lines, *remarks])


def left_out(described: Mapping[str, Any]) -> str:
    """Return a clause on the reviewed windows that do not count; empty if all count."""
    reasons = {
        "undecided": "drawn but unanswered, unsure or disputed",
        "not_drawn": "reviewed but not drawn at random",
    }
    named = [f"{described[key]} {reason}" for key, reason in reasons.items() if described[key]]
    return f"; left out: {', '.join(named)}" if named else ""


def cells(point: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the table row of an operating point."""
    here = point["p_call_here"]
    return (
        f"{point['threshold']:g}",
        str(point["heard"]),
        "" if here is None else f"{here:.2f}",
        *estimates(point),
    )


def recalibrated(metrics: Mapping[str, Any]) -> str:
    """Describe how scores are recalibrated here."""
    fitted = metrics["recalibration"]
    if fitted is None:
        return "A call and a no-call have to be heard before scores can be recalibrated."
    return (
        "Probability here: what a score means where calls are as rare as in these recordings. Its log-odds are "
        f"{fitted['intercept']:.2f} + {fitted['slope']:.2f} times those of the score."
    )
