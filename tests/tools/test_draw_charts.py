import re
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from experiments.clone import REPOSITORY
from stages.lib.runtime.table import write_table
from tests.support.tool import run_tool
from tools.draw_charts import PLOTS, ROC_COLUMNS
from tools.lib.rounds.rounds_table import ROUNDS, Round, write_rounds

TITLES = ["ROC on the test clips", "What the scores promise, and what is there", "Scores of the pool"]
BY_ROUND = "Accuracy by round"


class Chart(NamedTuple):
    """What Mermaid reads: the series by kind and colour, their values, the names of places, the ends of axes."""

    kinds: list[tuple[str, str]]
    values: np.ndarray
    names: list[str]
    ends: list[list[float]]


def parsed(text: str) -> Chart:
    (palette,) = re.findall(r'plotColorPalette: "(.+)"', text)
    series = re.findall(r"^  (line|bar) \[(.+)\]$", text, flags=re.MULTILINE)
    return Chart(
        list(zip((kind for kind, _ in series), palette.split(", "), strict=True)),
        np.array([values.split(", ") for _, values in series], float),
        re.findall(r'"([^"]+)"', "".join(re.findall(r"x-axis .+\[(.+)\]", text))),
        [[float(end) for end in ends] for ends in re.findall(r"(\S+) --> (\S+)", text)],
    )


def drawn(folder: Path) -> dict[str, Chart]:
    result = run_tool(folder, "draw_charts")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("## Charts\n\n### ")
    sections = (section.partition("\n") for section in result.stdout.split("\n### ")[1:])
    return {title: parsed(text) for title, _, text in sections}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the tables that the repository has, and no closed round."""
    shutil.copytree(REPOSITORY / PLOTS, tmp_path / PLOTS)
    (tmp_path / ROUNDS).parent.mkdir()
    write_rounds(tmp_path / ROUNDS, [])
    return tmp_path


def close_rounds(folder: Path, *accuracies: float) -> None:
    """Write rounds each of which begins at the accuracy at which the one before has ended."""
    known = [
        {
            f"accuracy_{model}{end}": str(round(accuracy + distance, 6))
            for model, accuracy in (("before", before), ("after", after))
            for end, distance in (("", 0), ("_low", -0.06), ("_high", 0.05))
        }
        for before, after in zip(accuracies, accuracies[1:], strict=False)
    ]
    write_rounds(folder / ROUNDS, [Round(**dict.fromkeys(Round._fields, "") | cells) for cells in known])


def test_what_is_drawn_lies_between_the_ends_of_the_axes(folder):
    close_rounds(folder, 0.8, 0.82, 0.81)
    charts = drawn(folder)
    assert list(charts) == [*TITLES, BY_ROUND]
    for chart in charts.values():
        low, high = chart.ends[-1]
        assert low <= chart.values.min() < chart.values.max() <= high
        # Mermaid spreads the values evenly from end to end, and says nothing where they are too many or too few.
        places = len(chart.names) or chart.ends[0][1] - chart.ends[0][0] + 1
        assert chart.values.shape == (len(chart.kinds), places)


def test_the_roc_curve_is_that_of_scikit_learn(folder):
    random = np.random.default_rng(0)
    is_call = np.repeat([False, True], [50, 70])  # Each false alarm is two in a hundred, which are places of the chart.
    scores = {model: is_call * shift + random.standard_normal(120) for model, shift in (("before", 1), ("after", 2))}
    for model, of_model in scores.items():
        false_positives, true_positives, _ = roc_curve(is_call, of_model)
        rows = zip(false_positives.round(6), true_positives.round(6), strict=True)
        write_table(folder / PLOTS / f"roc_{model}.csv", ROC_COLUMNS, rows)
    chart = drawn(folder)[TITLES[0]]
    assert [kind for kind, _ in chart.kinds] == ["line", "line"]
    for values, of_model in zip(chart.values, scores.values(), strict=True):
        false_alarms = np.sort(of_model[~is_call])[::-1]
        for count in range(50):
            # With so many false alarms, all calls are found that score higher than the next one would.
            assert values[2 * count] == pytest.approx(np.mean(of_model[is_call] > false_alarms[count]), abs=1e-5)


def test_reliability_goes_through_the_points_of_the_calibrated_scores(folder):
    rows = [("as trained", 0.5, 0.0, 9), ("calibrated", 0.1, 0.2, 3), ("calibrated", 0.5, 0.4, 4)]
    write_table(folder / PLOTS / "reliability_after.csv", ("scores", "p_call", "share_of_calls", "clips"), rows)
    perfect, _, after = drawn(folder)[TITLES[1]].values
    assert perfect == pytest.approx(np.arange(101) / 100)
    assert after[[0, 10, 30, 50, 100]] == pytest.approx([0.2, 0.2, 0.3, 0.4, 0.4])


def test_the_pool_is_counted_by_score_and_by_decision(folder):
    rows = [(0.0, 0.5, "nocall", 7), (0.0, 0.5, "uncertain", 2), (0.5, 1.0, "uncertain", 1), (0.5, 1.0, "call", 4)]
    write_table(folder / PLOTS / "pool_scores.csv", ("p_call_from", "p_call_to", "decision", "clips"), rows)
    chart = drawn(folder)[TITLES[2]]
    assert (chart.names, chart.values.tolist()) == (["0", "50"], [[9, 5]])
    printed = run_tool(folder, "draw_charts").stdout
    assert "confident of a call in 4 clips, and of none in 7. It is uncertain of 3." in printed


def test_an_empty_pool_has_an_axis_all_the_same(folder):
    rows = [(0.0, 0.5, "call", 0), (0.5, 1.0, "call", 0)]
    write_table(folder / PLOTS / "pool_scores.csv", ("p_call_from", "p_call_to", "decision", "clips"), rows)
    assert drawn(folder)[TITLES[2]].ends == [[0, 1]]


def test_the_first_round_alone_is_a_line_already(folder):
    assert BY_ROUND not in drawn(folder)
    close_rounds(folder, 0.8, 0.82)
    chart = drawn(folder)[BY_ROUND]
    assert chart.names == ["baseline", "round 1"]
    assert chart.values.tolist() == [[0.74, 0.76], [0.85, 0.87], [0.8, 0.82]]


@pytest.mark.parametrize("cell", ["", "nan", "inf", "] click evil"])
def test_what_is_no_number_is_named_and_not_drawn(folder, cell):
    write_table(folder / PLOTS / "roc_after.csv", ROC_COLUMNS, [(0.0, 0.0), (1.0, cell)])
    result = run_tool(folder, "draw_charts")
    assert (result.returncode, result.stdout) == (1, "")
    assert "metrics/plots/roc_after.csv:3: true_positive_rate should be a number" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_table_that_is_empty_or_not_there_is_named(folder):
    path = folder / PLOTS / "pool_scores.csv"
    path.write_text("p_call_from,p_call_to,decision,clips\n")
    empty = run_tool(folder, "draw_charts")
    path.unlink()
    missing = run_tool(folder, "draw_charts")
    for result, fault in ((empty, "holds nothing to draw"), (missing, "there is no such file")):
        assert (result.returncode, result.stdout) == (1, "")
        assert f"metrics/plots/pool_scores.csv: {fault}; run dvc repro" in result.stderr
        assert "Traceback" not in result.stderr
