"""Markdown of text that anybody may have written: shown as it is, never run, linked or counted as a mention."""

import string
from collections.abc import Iterable, Sequence

LONGEST_TEXT = 120
LONGEST_TABLE = 50
# What ends a span of code or a cell of a table. In these a backslash would stay or not, by the words around it.
UNSAFE_IN_CODE = frozenset("`|\\")


def code(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text as code, which GitHub neither links nor takes for a mention; blank where there is none.

    A backslash does not keep GitHub from notifying whoever is named behind an @; only code does
    (https://github.com/github/markup/issues/1168).
    """
    seen = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if len(seen) > longest:
        seen = f"{seen[:longest]}..."
    if not seen:
        return ""
    if UNSAFE_IN_CODE.isdisjoint(seen):
        return f"`{seen}`"
    return f"<code>{''.join(map(character_reference, seen))}</code>"


def character_reference(letter: str) -> str:
    """Return a letter so that it is nothing but that letter in HTML and in Markdown."""
    return f"&#{ord(letter)};" if letter in string.punctuation else letter


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose cells are Markdown already; what is beyond the longest is counted."""
    rows = list(rows)
    shown = [header, ["---"] * len(header), *rows[:LONGEST_TABLE]]
    lines = [f"| {' | '.join(row)} |" for row in shown]
    return lines if len(rows) <= LONGEST_TABLE else [*lines, "", f"... and {len(rows) - LONGEST_TABLE} more."]
