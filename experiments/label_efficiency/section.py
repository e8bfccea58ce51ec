"""Print the committed tables as Markdown, or put them in a section of a page."""

from collections.abc import Mapping, Sequence

from experiments.command import page_parser
from experiments.label_efficiency.run_table import EXPERTS, EXPERTS_AND_MODEL
from experiments.label_efficiency.settings import TABLES, Settings, read_settings
from experiments.label_efficiency.summarise import COMPARISON_COLUMNS, CURVE_COLUMNS
from experiments.page_section import publish
from stages.lib.cards.markdown import table
from stages.lib.runtime.running import run
from stages.lib.runtime.table import read_table

SECTION = "label efficiency"

Cells = Mapping[str, str]


def with_interval(cells: Cells, name: str, form: str = "{:.3f}") -> str:
    """Format a mean with its interval; the interval or both may be missing."""
    if not cells[name]:
        return ""
    mean, low, high = (cells[key] and form.format(float(cells[key])) for key in (name, f"{name}_low", f"{name}_high"))
    return f"{mean} ({low} to {high})" if low else mean


def comparison_table(rows: Sequence[Cells]) -> list[str]:
    """Return a Markdown table that compares the strategies."""
    head = ["model", "strategy", "learned from the labels of", "area", "area minus random, same kind of labels"]
    head += ["area minus random, experts' labels alone", "labels needed for the final accuracy of the latter"]
    return table(
        head,
        [
            [
                *(cells[name] for name in ("kind", "strategy", "learnt_from")),
                with_interval(cells, "area"),
                with_interval(cells, "area_difference", "{:+.3f}"),
                with_interval(cells, "area_gain", "{:+.3f}"),
                with_interval(cells, "labels_needed", "{:.0f}").replace("inf", "never"),
            ]
            for cells in rows
        ],
    )


def curve_table(rows: Sequence[Cells], measure: str) -> list[str]:
    """Return the learning curves of a measure: one row per number of labels, one column per curve."""
    curves = list(dict.fromkeys((cells["kind"], cells["strategy"]) for cells in rows))
    by_labels: dict[int, dict[tuple, str]] = {}
    for cells in rows:
        of_round = by_labels.setdefault(int(cells["labels"]), {})
        of_round[cells["kind"], cells["strategy"]] = with_half_width(cells, measure)
    lines = [
        [str(labels), *(of_labels.get(curve, "") for curve in curves)]
        for labels, of_labels in sorted(by_labels.items())
    ]
    return table(["labels", *(", ".join(curve) for curve in curves)], lines)


def with_half_width(cells: Cells, name: str) -> str:
    """Format a mean with the half-width of its interval, if there is one."""
    if not cells[f"{name}_high"]:
        return f"{float(cells[name]):.3f}"
    return f"{float(cells[name]):.3f} ± {float(cells[f'{name}_high']) - float(cells[name]):.3f}"


def own_label_line(rows: Sequence[Cells]) -> str:
    """Return a sentence on the share of wrong labels among the models' own labels in all rounds."""
    given = sum(float(cells["model_labels"]) for cells in rows)
    wrong = sum(float(cells["model_labels_wrong"]) for cells in rows)
    return f"Of the labels that the models gave themselves {wrong / given:.1%} were wrong." if given else ""


def section(dataset: str, settings: Settings) -> str:
    """Return the section of a data set."""
    curves = [row.cells for row in read_table(TABLES / f"curves_{dataset}.csv", CURVE_COLUMNS)]
    comparison = [row.cells for row in read_table(TABLES / f"comparison_{dataset}.csv", COMPARISON_COLUMNS)]
    run = {cells["kind"] for cells in curves}
    seeds = ", ".join(f"{len(kind.seeds)} seeds of the {name}" for name, kind in settings.kinds.items() if name in run)
    lines = [f"### {dataset}: {seeds}", "", *comparison_table(comparison)]
    for learnt_from in (EXPERTS, EXPERTS_AND_MODEL):
        of_these = [cells for cells in curves if cells["learnt_from"] == learnt_from]
        for measure, title in {"accuracy": "Accuracy", "roc_auc": "AUC"}.items():
            if of_these:
                lines += ["", f"{title} by labels asked for, learned from the labels of {learnt_from}:", ""]
                lines += curve_table(of_these, measure)
    return "\n".join([*lines, "", own_label_line(curves)]).rstrip() + "\n"


def main() -> None:
    """Print the sections of all data sets, or put them in a page."""
    page = page_parser(__doc__, SECTION).parse_args().page
    settings = read_settings()
    # Data sets without a summary are left out.
    done = [dataset for dataset in settings.datasets if (TABLES / f"curves_{dataset}.csv").exists()]
    publish("\n".join(section(dataset, settings) for dataset in done), SECTION, page)


if __name__ == "__main__":
    run(main)
