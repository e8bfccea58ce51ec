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
from stages.lib.model.model_folder import RETRAINED, model_digest
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
    # All clips count as pool clips, because their parts do not matter here.
    refuse(faults + rule_faults(EXPERT, rows, {row.cells["clip_id"]: "pool" for row in rows}))
    date_of: dict[str, str] = {}
    for row in rows:
        clip_id = row.cells["clip_id"]
        date_of[clip_id] = max(date_of.get(clip_id, ""), row.cells["date"])
    return settle(answers_of(rows)), date_of


def chosen_run(
    asked: str, reviews: Sequence[Review], date_of: Mapping[str, str], runs: Sequence[SearchedBin], model: str
) -> str:
    """Return the run to report on: the given one, or the one with the latest answer.

    If several runs have answers of the latest day, it is the run of the current model.

    Parameters
    ----------
    asked : str
        The given run; empty for the latest.
    reviews : sequence of Review
    date_of : mapping
        From clip id to the date of its latest answer.
    runs : sequence of SearchedBin
    model : str
        The digest of the current model; empty if there is none.

    Raises
    ------
    InputFaults
        If there is no such run, none of its drawn windows has been answered, or several runs are as late.
    """
    known = {row.run: row.model for row in runs}
    latest: dict[str, str] = {}
    for one in reviews:
        if one.drawn and one.run in known and one.clip_id in date_of:
            latest[one.run] = max(latest.get(one.run, ""), date_of[one.clip_id])
    there = f"there are {', '.join(sorted(latest))}" if latest else "there is none yet"
    review = "python -m tools.review draws windows of a run, and python -m tools.add_reviews takes in what was heard"
    if asked in latest:
        return asked
    if asked:
        taken_back = f"if its reviews were taken back, and {FIELD} is about it, write {{}} to that file"
        refuse([f"{REVIEWS}: has no drawn window of the run {asked} with an answer; {there}; {review}; {taken_back}"])
    refuse([] if latest else [f"{REVIEWS}: has no drawn window with an answer yet; {review}"])
    last = max(latest.values())
    tied = sorted(name for name in latest if latest[name] == last)
    of_model = [name for name in tied if known[name] == model] or tied
    several = f"the runs {' and '.join(of_model)} have the latest answers, all of {last}; add --run RUN"
    refuse([] if len(of_model) == 1 else [f"{REVIEWS}: {several}"])
    return of_model[0]


def plot_rows(metrics: Mapping[str, Any]) -> list[tuple]:
    """Return the rows for `dvc plots`: one per threshold and known measure."""
    return [
        (point["threshold"], name, point[name], point[f"{name}_low"], point[f"{name}_high"])
        for name in MEASURES
        for point in metrics["all"]["points"]
        if point[name] is not None
    ]


def write_report(asked: str) -> dict[str, Any]:
    """Write the report on a run (chosen by `chosen_run`) and its plot; return the content of metrics/field.json."""
    label_of, date_of = read_labels()
    reviews, runs = read_reviews(), read_runs()
    model = model_digest(RETRAINED) if RETRAINED.is_dir() and not asked else ""
    name = chosen_run(asked, reviews, date_of, runs, model)
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
