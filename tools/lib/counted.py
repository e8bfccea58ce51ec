"""Numbers in sentences."""


def counted(count: int, noun: str) -> str:
    """Return a number and what is counted, in the plural where there is not exactly one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
