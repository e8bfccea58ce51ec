"""Input faults that the user has to fix, reported all at once."""

from collections.abc import Iterable


class InputFaults(Exception):
    """What is wrong with the input.

    Parameters
    ----------
    lines : iterable of str
        One sentence per fault: the file, the line, what is wrong, what would be right.
    """

    def __init__(self, lines: Iterable[str]):
        # Names of files may hold line breaks.
        self.lines = [line.replace("\r", "\\r").replace("\n", "\\n") for line in lines]
        # The list itself, so that the exception can be pickled and passed between processes.
        super().__init__(self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def refuse(faults: Iterable[str]) -> None:
    """Raise `InputFaults` if there is any fault."""
    lines = list(faults)
    if lines:
        raise InputFaults(lines)
