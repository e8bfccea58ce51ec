"""Write untrusted text in Markdown: shown literally, never run, linked or treated as a mention."""

import string
from collections.abc import Iterable, Sequence

LONGEST_TEXT = 120
LONGEST_TABLE = 50
# Characters that end a code span or a table cell. A backslash before them works in some contexts only.
UNSAFE_IN_CODE = frozenset("`|\\")


def code(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text as code, which GitHub neither links nor treats as a mention; empty for an empty text.

    A backslash before an @ does not keep GitHub from notifying the person named; only code does
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
    """Escape a character for both HTML and Markdown."""
    return f"&#{ord(letter)};" if letter in string.punctuation else letter


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table from Markdown cells; rows beyond `LONGEST_TABLE` are only counted."""
    rows = list(rows)
    shown = [header, ["---"] * len(header), *rows[:LONGEST_TABLE]]
    lines = [f"| {' | '.join(row)} |" for row in shown]
    return lines if len(rows) <= LONGEST_TABLE else [*lines, "", f"... and {len(rows) - LONGEST_TABLE} more."]
