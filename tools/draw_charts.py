"""Draw the plots that matter most in Markdown, for GitHub's summary of a run: `python -m tools.draw_charts`."""

import argparse
import math
from collections import Counter
from pathlib import Path

import numpy as np

from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import Row, parse_table
from stages.lib.tables.clips import CALL, NOCALL
from stages.lib.tables.pool import UNCERTAIN
from tools.lib.mermaid import BAR, BLUE, GREY, LINE, RED, Series, chart, name_axis, number_axis
from tools.lib.rounds.rounds_table import ROUNDS, Round
from tools.lib.wording import counted

PLOTS = Path("metrics/plots")
POOL_COLUMNS = ("p_call_from", "p_call_to", "decision", "clips")
ROC_COLUMNS = ("false_positive_rate", "true_positive_rate")
RELIABILITY_COLUMNS = ("scores", "p_call", "share_of_calls", "clips")
# Both models are drawn at these places, because a chart has one horizontal axis for all of its lines.
PERCENT = np.arange(101)
MODELS = {"before": BLUE, "after": RED}
LEGEND = "Blue: the baseline. Red: the retrained model."


def read_rows(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """Read a table that the pipeline has written."""
    refuse([] if path.exists() else [f"{path}: there is no such file; run dvc repro"])
    rows, faults = parse_table(path, columns)
    refuse(faults)
    return rows


def numbers(path: Path, rows: list[Row], *columns: str) -> list[np.ndarray]:
    """Return some columns of a table as numbers; nothing else may get into a chart.

    Returns
    -------
    list of ndarray of float, shape (rows,)
        One for each column.
    """
    refuse([] if rows else [f"{path}: holds nothing to draw; run dvc repro"])
    refuse(
        f"{path}:{row.line}: {column} should be a number; undo the change, or run dvc repro where a stage writes it"
        for row in rows
        for column in columns
        if not is_number(row.cells[column])
    )
    return [np.array([float(row.cells[column]) for row in rows]) for column in columns]


def is_number(text: str) -> bool:
    """Tell whether a cell is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def roc_chart() -> list[str]:
    """Draw the share of calls that are found against the share of false alarms, for both models."""
    series = []
    for model, colour in MODELS.items():
        path = PLOTS / f"roc_{model}.csv"
        false_positives, true_positives = numbers(path, read_rows(path, ROC_COLUMNS), *ROC_COLUMNS)
        # The curve is a staircase, and where it rises the top of the step counts.
        reached = np.searchsorted(false_positives, PERCENT / 100, side="right") - 1
        series.append(Series(LINE, colour, true_positives[reached]))
    return [
        f"{LEGEND} The higher the line, the more calls are found for as many false alarms.",
        "",
        *chart(number_axis("False positive rate in %", 0, 100), number_axis("True positive rate", 0, 1), series),
    ]


def reliability_chart() -> list[str]:
    """Draw the share of calls among clips of a score against what the score promises, for both models."""
    series = [Series(LINE, GREY, PERCENT / 100)]
    for model, colour in MODELS.items():
        path = PLOTS / f"reliability_{model}.csv"
        rows = [row for row in read_rows(path, RELIABILITY_COLUMNS) if row.cells["scores"] == "calibrated"]
        promised, there = numbers(path, rows, "p_call", "share_of_calls")
        series.append(Series(LINE, colour, np.interp(PERCENT / 100, promised, there)))
    return [
        f"{LEGEND} Grey: scores that mean what they say. Each tenth of the scores gives a point; the lines are "
        "straight between the points, and level beyond them.",
        "",
        *chart(number_axis("Mean p_call in %", 0, 100), number_axis("Share of calls", 0, 1), series),
    ]


def pool_chart() -> list[str]:
    """Draw how many clips of the pool have which score; a sentence says what follows from it."""
    path = PLOTS / "pool_scores.csv"
    rows = read_rows(path, POOL_COLUMNS)
    with_score, with_decision = Counter(), Counter()
    for row, begin, clips in zip(rows, *numbers(path, rows, "p_call_from", "clips"), strict=True):
        with_score[f"{100 * begin:.0f}"] += clips
        with_decision[row.cells["decision"]] += int(clips)
    return [
        f"The baseline is confident of a call in {counted(with_decision[CALL], 'clip')}, and of none in "
        f"{with_decision[NOCALL]}. It is uncertain of {with_decision[UNCERTAIN]}.",
        "",
        *chart(
            name_axis("p_call by the baseline in %, from", with_score),
            number_axis("Clips", 0, max(1, *with_score.values())),
            [Series(BAR, BLUE, list(with_score.values()))],
        ),
    ]


def rounds_chart() -> list[str]:
    """Draw the accuracy on the test clips, round by round; nothing where no round has been closed."""
    rows = read_rows(ROUNDS, Round._fields)
    if not rows:
        return []
    ends = {"_low": GREY, "_high": GREY, "": RED}
    series = []
    for end, colour in ends.items():
        before, after = numbers(ROUNDS, rows, f"accuracy_before{end}", f"accuracy_after{end}")
        series.append(Series(LINE, colour, [before[0], *after]))
    names = ["baseline", *(f"round {number}" for number in range(1, len(rows) + 1))]
    lowest, highest = (pick([pick(one.values) for one in series]) for pick in (min, max))
    return [
        "Red: the first baseline, then the retrained model of each round. Grey: the 95 % interval.",
        "",
        *chart(
            name_axis("Closed rounds", names),
            number_axis("Accuracy", math.floor(lowest * 10) / 10, math.ceil(highest * 10) / 10),
            series,
        ),
    ]


def main() -> None:
    """Print the charts."""
    argparse.ArgumentParser(prog="python -m tools.draw_charts", description=__doc__).parse_args()
    charts = {
        "ROC on the test clips": roc_chart(),
        "What the scores promise, and what is there": reliability_chart(),
        "Scores of the pool": pool_chart(),
        "Accuracy by round": rounds_chart(),
    }
    print("## Charts")
    for title, lines in charts.items():
        if lines:
            print("", f"### {title}", "", *lines, sep="\n")


if __name__ == "__main__":
    run(main)
