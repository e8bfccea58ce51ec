"""The committed tables as Markdown, printed or put into a page between its marks."""

import argparse
from pathlib import Path

from experiments.label_efficiency.settings import TABLES, read_settings
from experiments.label_efficiency.summarise import COMPARISON_COLUMNS, CURVE_COLUMNS
from experiments.page_section import publish
from stages.lib.runtime.running import run
from stages.lib.runtime.table import read_table

SECTION = "label efficiency"


def with_interval(cells: dict[str, str], name: str, form: str = "{:.3f}") -> str:
    """Return a mean with its interval, as far as there is one."""
    if not cells[name]:
        return ""
    mean, low, high = (cells[key] and form.format(float(cells[key])) for key in (name, f"{name}_low", f"{name}_high"))
    return f"{mean} ({low} to {high})" if low else mean


def comparison_table(rows: list[dict[str, str]], end: int) -> list[str]:
    """Return what each strategy is worth, a line of Markdown each."""
    lines = [
        "| strategy | learnt from the labels of | area | area less that of random, same kind of labels "
        f"| area less that of random, experts' labels alone | labels needed for what the latter has at {end} |",
        "|---|---|---|---|---|---|",
    ]
    for cells in rows:
        lines.append(
            f"| {cells['strategy']} | {cells['learnt_from']} | {with_interval(cells, 'area')} | "
            f"{with_interval(cells, 'area_difference', '{:+.3f}')} | {with_interval(cells, 'area_gain', '{:+.3f}')} | "
            f"{with_interval(cells, 'labels_needed', '{:.0f}').replace('inf', 'never')} |"
        )
    return lines


def curve_table(rows: list[dict[str, str]]) -> list[str]:
    """Return the learning curves, a line of Markdown for each number of labels and a column for each curve."""
    curves = list(dict.fromkeys((cells["strategy"], cells["learnt_from"]) for cells in rows))
    by_labels: dict[str, dict[tuple, str]] = {}
    for cells in rows:
        curve = cells["strategy"], cells["learnt_from"]
        by_labels.setdefault(cells["labels"], {})[curve] = with_interval(cells, "accuracy")
    lines = ["| labels | " + " | ".join(", ".join(curve) for curve in curves) + " |", "|---" * (1 + len(curves)) + "|"]
    lines += [
        f"| {labels} | " + " | ".join(cells[curve] for curve in curves) + " |" for labels, cells in by_labels.items()
    ]
    return lines


def own_label_line(rows: list[dict[str, str]]) -> str:
    """Say how many labels the models gave themselves in all rounds, and how many of these were wrong."""
    given = sum(float(cells["model_labels"]) for cells in rows)
    wrong = sum(float(cells["model_labels_wrong"]) for cells in rows)
    return f"Of the labels that the models gave themselves {wrong / given:.1%} were wrong." if given else ""


def section(dataset: str, end: int) -> str:
    """Return the section of a data set."""
    curves = [row.cells for row in read_table(TABLES / f"curves_{dataset}.csv", CURVE_COLUMNS)]
    comparison = [row.cells for row in read_table(TABLES / f"comparison_{dataset}.csv", COMPARISON_COLUMNS)]
    lines = [f"### {dataset}, {curves[0]['seeds']} seeds", "", *comparison_table(comparison, end), ""]
    lines += ["Accuracy by labels asked for:", "", *curve_table(curves), "", own_label_line(curves)]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Print the sections of all data sets, or put them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, help="a page whose marked section is replaced")
    page = parser.parse_args().page
    settings = read_settings()
    text = "\n".join(section(dataset, settings.rounds.end) for dataset in settings.datasets)
    publish(text, SECTION, page)


if __name__ == "__main__":
    run(main)
