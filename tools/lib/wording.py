"""Put numbers and names into sentences."""

from collections.abc import Sequence

from stages.lib.cards.markdown import code


def counted(count: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun; the plural adds an s unless given."""
    return f"{count} {noun}" if count == 1 else f"{count} {nouns or f'{noun}s'}"


def listed(names: Sequence[str]) -> str:
    """Return one or more names as a list in a sentence."""
    *most, last = map(code, names)
    return f"{', '.join(most)} and {last}" if most else last


def one_line(text: str) -> str:
    """Return a text with escape sequences for characters that do not print, such as a line break in a file name."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
