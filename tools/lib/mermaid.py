"""Charts that GitHub draws from Markdown, where it shows no picture of ours: the `xychart-beta` of Mermaid."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

# As in the plots of DVC; all can be seen on white and on black.
BLUE, RED, GREY = "#4c78a8", "#d1495b", "#888888"
LINE, BAR = "line", "bar"


class Series(NamedTuple):
    """What a chart shows in one colour.

    Attributes
    ----------
    kind : str
        `LINE` or `BAR`.
    colour : str
    values : sequence of float
        One for each place on the horizontal axis.
    """

    kind: str
    colour: str
    values: Sequence[float]


def number_axis(title: str, low: float, high: float) -> str:
    """Return an axis of numbers.

    On the horizontal one there must be a value for each whole number: Mermaid adds up the steps between them, and what
    it rounds may cost the last value.
    """
    return f'"{title}" {low:g} --> {high:g}'


def name_axis(title: str, names: Iterable[str]) -> str:
    """Return a horizontal axis of names, which like the title must hold no quotation mark."""
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'"{title}" [{quoted}]'


def chart(horizontal: str, vertical: str, series: Sequence[Series]) -> list[str]:
    """Return the lines of a chart; where two series meet, the later one hides the earlier one."""
    return [
        "```mermaid",
        "---",
        "config:",
        "  themeVariables:",
        "    xyChart:",
        f'      plotColorPalette: "{", ".join(one.colour for one in series)}"',
        "---",
        "xychart-beta",
        f"  x-axis {horizontal}",
        f"  y-axis {vertical}",
        *(f"  {one.kind} [{', '.join(f'{value:.6f}' for value in one.values)}]" for one in series),
        "```",
    ]
