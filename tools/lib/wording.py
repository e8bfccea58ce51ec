"""Numbers and names in sentences."""

from collections.abc import Sequence

from stages.lib.markdown import code


def counted(count: int, noun: str, nouns: str = "") -> str:
    """Return a number and what is counted, in the plural, for which most nouns need but an s, where it is not 1."""
    return f"{count} {noun}" if count == 1 else f"{count} {nouns or f'{noun}s'}"


def listed(names: Sequence[str]) -> str:
    """Return names, one at least, as a sentence holds them."""
    *most, last = map(code, names)
    return f"{', '.join(most)} and {last}" if most else last
