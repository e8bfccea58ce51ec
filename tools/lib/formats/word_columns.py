"""Find the columns of a table that name its sounds: known column names, or columns given by the user."""

import re
from collections.abc import Iterable, Mapping, Sequence

from stages.lib.runtime.table import quoted
from tools.lib.formats.columns import CHECKED, IS_BOX, PASSED_OVER, SCORES, TYPE, VERDICT, WORDS
from tools.lib.formats.delimited import MISSING, NOT_STATED, Table, first, key_of
from tools.lib.formats.event import UNSURE
from tools.lib.formats.selections import TEXT

NONE = "none"  # Given in place of a column: no column names the sounds.
NUMBER_OR_TIME = re.compile(r"[\d\s.,:/+%-]*|[+-]?[\d.]+e[+-]?\d+|\d{4}-\d\d-\d\dT[\d:.+-]*Z?", re.IGNORECASE)
FLAG = re.compile(r"[01]|[01]\.0|true|false|yes|no", re.IGNORECASE)
NO = ("0", "0.0", "false")

Groups = Sequence[Sequence[str]]  # Columns; in each group, the first that is filled in counts.


def word_columns(table: Table, stated: Sequence[str]) -> tuple[Groups, list[str]]:
    """Return the columns of a table that name its sounds, or a fault if they are ambiguous.

    Parameters
    ----------
    table : Table
    stated : sequence of str
        Columns given by the user. They take precedence over the known columns. `none`: no column does.
    """
    named = [key for key in map(key_of, stated) if key in table.names]
    if named:
        return [(key,) for key in named], []
    known = [group for group in WORDS if table.key(group)]
    filled_in = any(key == CHECKED or column(table, key) for group in known for key in group if key in table.names)
    if filled_in or NONE in map(str.casefold, stated):
        return known, []
    telling = [name for key, name in table.names.items() if key not in PASSED_OVER and tells_apart(column(table, key))]
    if not telling:
        return known, []
    listed = ", ".join(map(quoted, telling))
    return [], [
        f"{table.path}:{table.line}: it is unclear which column names the sounds: {listed}; add "
        f"--words COLUMN, or --words {NONE} if all of them are calls"
    ]


def column(table: Table, key: str) -> list[str]:
    """Return the filled-in cells of a column."""
    return [row.cells[key] for row in table.rows if row.cells[key].casefold() not in MISSING]


def tells_apart(cells: Sequence[str]) -> bool:
    """Tell whether a column holds texts, or both yes and no."""
    if any(not NUMBER_OR_TIME.fullmatch(cell) for cell in cells):
        return True
    return len(set(cells)) > 1 and all(map(FLAG.fullmatch, cells))


def words_of(cells: Mapping[str, str], groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return the words of a row without repeats, at least one, which may be empty.

    `none` may mean that there is no call, so it is a word. `NA` and its like are one if there is no other.
    The verdict of a person about a detection of this project outranks its label. Detections that no person has checked,
    and annotations of a whole file, get the word for uncertain.
    """
    verdict = first(cells, (VERDICT,)) if any(key in cells for key in SCORES) else ""
    if verdict or VERDICT in cells and first(cells, SCORES):
        return (verdict_word(verdict) or UNSURE,)
    words = [first(cells, group, NOT_STATED) for group in groups]
    unchecked = any(CHECKED in group for group in groups) and not first(cells, (CHECKED,))
    of_file = cells.get(IS_BOX, "").casefold() in NO or cells.get(TYPE, "").casefold() == "weak"
    words += [UNSURE] if unchecked or of_file else []
    stated = tuple({word.casefold(): word for word in words if word}.values())
    return stated or (first(cells, (key for group in groups for key in group), ()),)


def verdict_word(verdict: str) -> str:
    """Return a verdict without the note after it, or all of it if it is unknown."""
    text = TEXT.fullmatch(verdict)
    return text[1] if text else verdict
