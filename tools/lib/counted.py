"""Numbers in sentences."""


def counted(count: int, noun: str, nouns: str = "") -> str:
    """Return a number and what is counted, in the plural, for which most nouns need but an s, where it is not 1."""
    return f"{count} {noun}" if count == 1 else f"{count} {nouns or f'{noun}s'}"
