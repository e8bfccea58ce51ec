"""Say how far to trust the detections of a run: `python -m tools.field_report`, after `python -m tools.add_reviews`.

From the windows that were drawn at random and heard, it estimates for each threshold the share of calls among the
windows above it (precision), the windows without a call above it per hour (false alarms), and the share of calls that
are above it (recall). It does so for all sites together and for each, with 95 % intervals. It writes metrics/field.json
and metrics/plots/field.csv, which `dvc plots show Field` draws. `python -m tools.detect --false-alarms 2` takes its
threshold from there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stages.lib.cards.field_results import FIELD, MEASURES
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from stages.lib.tables.answer_rules import rule_faults
from stages.lib.tables.expert import EXPERT, answers_of, read_rows, settle
from stages.lib.tables.reviews import REVIEWS, Review, read_reviews
from tools.lib.command_parser import command_parser
from tools.lib.draws.runs_table import RUNS, SearchedBin, read_runs
from tools.lib.field.field_metrics import field_metrics
from tools.lib.field.field_table import summary

PLOT = Path("metrics/plots/field.csv")
PLOT_COLUMNS = ("threshold", "measure", "value", "low", "high")


def read_labels() -> tuple[dict[str, str | None], dict[str, str]]:
    """Return the label that experts have settled on for each clip, and the date of its latest answer."""
    rows, faults = read_rows(EXPERT)
    # Which clips there are does not matter here, so each counts as one of the pool.
    refuse(faults + rule_faults(EXPERT, rows, {row.cells["clip_id"]: "pool" for row in rows}))
    date_of: dict[str, str] = {}
    for row in rows:
        clip_id = row.cells["clip_id"]
        date_of[clip_id] = max(date_of.get(clip_id, ""), row.cells["date"])
    return settle(answers_of(rows)), date_of


def chosen_run(asked: str, reviews: Sequence[Review], date_of: Mapping[str, str], runs: Sequence[SearchedBin]) -> str:
    """Return the run to report on: the one that is asked for, or the one with the latest answer.

    Parameters
    ----------
    asked : str
        Empty for the latest.
    reviews : sequence of Review
    date_of : mapping
        From clip id to the date of its latest answer.
    runs : sequence of SearchedBin

    Raises
    ------
    InputFaults
        Where there is no such run, or none of its drawn windows has been answered.
    """
    known = {row.run for row in runs}
    latest: dict[str, str] = {}
    for one in reviews:
        if one.drawn and one.run in known and one.clip_id in date_of:
            latest[one.run] = max(latest.get(one.run, ""), date_of[one.clip_id])
    there = f"there are {', '.join(sorted(latest))}" if latest else "there is none yet"
    review = "python -m tools.review draws windows of a run, and python -m tools.add_reviews takes in what was heard"
    if asked and asked not in latest:
        refuse([f"--run {asked}: {REVIEWS} has no drawn window of this run with an answer; {there}; {review}"])
    if not latest:
        refuse([f"{REVIEWS}: has no drawn window with an answer yet; {review}"])
    return asked or max(sorted(latest), key=lambda name: latest[name])


def plot_rows(metrics: Mapping[str, Any]) -> list[tuple]:
    """Return what `dvc plots` draws: a row for each threshold and measure that is known."""
    return [
        (point["threshold"], name, point[name], point[f"{name}_low"], point[f"{name}_high"])
        for name in MEASURES
        for point in metrics["all"]["points"]
        if point[name] is not None
    ]


def write_report(asked: str) -> dict[str, Any]:
    """Write the report on a run, chosen as by `chosen_run`, and its plot; return what metrics/field.json holds."""
    label_of, date_of = read_labels()
    reviews, runs = read_reviews(), read_runs()
    name = chosen_run(asked, reviews, date_of, runs)
    metrics = field_metrics(
        [one for one in reviews if one.run == name], label_of, [row for row in runs if row.run == name]
    )
    write_json(FIELD, metrics)
    write_table(PLOT, PLOT_COLUMNS, plot_rows(metrics))
    return metrics


def main() -> None:
    """Write the report and print its tables."""
    parser = command_parser(__doc__)
    parser.add_argument("--run", default="", help=f"a run of {RUNS} (default: the one with the latest answer)")
    asked = parser.parse_args().run
    metrics = write_report(asked)
    print(summary(metrics))
    print(f"\n{FIELD} and {PLOT} are written; dvc plots show Field draws them.")


if __name__ == "__main__":
    run(main)
