"""Which columns of a table say what its sounds are: by their names, or because somebody has said so."""

import re
from collections.abc import Iterable, Mapping, Sequence

from stages.lib.runtime.table import quoted
from tools.lib.formats.columns import CHECKED, IS_BOX, PASSED_OVER, TYPE, WORDS
from tools.lib.formats.delimited import MISSING, Table, first, key_of
from tools.lib.formats.event import UNSURE

NONE = "none"  # Said in place of a column: no column says what the sounds are.
NUMBER_OR_TIME = re.compile(r"[\d\s.,:/+%-]*|[+-]?[\d.]+e[+-]?\d+|\d{4}-\d\d-\d\dT[\d:.+-]*Z?", re.IGNORECASE)
FLAG = re.compile(r"[01]|[01]\.0|true|false|yes|no", re.IGNORECASE)
NO = ("0", "0.0", "false")

Groups = Sequence[Sequence[str]]  # Columns; of each group the first that is filled in counts.


def word_columns(table: Table, stated: Sequence[str]) -> tuple[Groups, list[str]]:
    """Return the columns of a table that say what its sounds are, and a fault where nobody can tell.

    Parameters
    ----------
    table : Table
    stated : sequence of str
        The names of such columns, before those that are known; or `none`.
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
        f"{table.path}:{table.line}: nobody has said which column tells what the sounds are: {listed}; add "
        f"--words COLUMN, or --words {NONE} where all of them are calls"
    ]


def column(table: Table, key: str) -> list[str]:
    """Return the cells of a column that are filled in."""
    return [row.cells[key] for row in table.rows if row.cells[key].casefold() not in MISSING]


def tells_apart(cells: Sequence[str]) -> bool:
    """Tell whether a column holds texts, or says yes or no, of which both occur."""
    if any(not NUMBER_OR_TIME.fullmatch(cell) for cell in cells):
        return True
    return len(set(cells)) > 1 and all(map(FLAG.fullmatch, cells))


def words_of(cells: Mapping[str, str], groups: Iterable[Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    """Return the first word of a row and all others, each once.

    What only a machine has found, and what is said of a file as a whole, is uncertain besides.
    """
    words = [first(cells, group) for group in groups]
    unchecked = any(CHECKED in group for group in groups) and not first(cells, (CHECKED,))
    of_file = cells.get(IS_BOX, "").casefold() in NO or cells.get(TYPE, "").casefold() == "weak"
    words += [UNSURE] if unchecked or of_file else []
    if len(words) == 1:
        return words[0], ()
    told = list({word.casefold(): word for word in words if word}.values()) or [""]
    return told[0], tuple(told[1:])
