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
