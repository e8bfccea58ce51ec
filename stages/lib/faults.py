"""Faults that a person has to mend: all of them at once, a line each, and no traceback."""

import sys
from collections.abc import Callable, Iterable


class InputFaults(Exception):
    """What is wrong with the input.

    Parameters
    ----------
    lines : iterable of str
        One sentence a fault: the file, the line, what is wrong, what would be right.
    """

    def __init__(self, lines: Iterable[str]):
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


def refuse(faults: Iterable[str]) -> None:
    """Raise `InputFaults` if there is any fault."""
    lines = list(faults)
    if lines:
        raise InputFaults(lines)


def run(main: Callable[[], None]) -> None:
    """Run a `main()`; print the faults of its input and exit with status 1 where it has any."""
    try:
        main()
    except InputFaults as faults:
        print(*faults.lines, sep="\n", file=sys.stderr)
        sys.exit(1)
