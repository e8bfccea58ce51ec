"""How a `main()` runs: alone, on inputs that stay as they are, and without a traceback for what a person can mend."""

import errno
import fcntl
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import changed_inputs, forget_all, remember_source_code

REMEDIES = {
    errno.ENOSPC: "make room on the disk, then run it again",
    errno.EDQUOT: "make room on the disk, then run it again",
    errno.EACCES: "let this user read and write it, then run it again",
    errno.EROFS: "make the disk writable, then run it again",
}


def run_stage(main: Callable[[], None]) -> None:
    """Run the `main()` of a stage, alone and on inputs that stay as they are."""

    def guarded() -> None:
        with single_instance(Path(main.__code__.co_filename)):
            forget_all()
            remember_source_code()
            main()
            refuse(changed_inputs())

    run(guarded)


def run(main: Callable[[], None]) -> None:
    """Run a `main()`; where its input or the operating system is at fault, say so and exit with status 1."""
    say_everything()
    try:
        main()
    except InputFaults as faults:
        print(*faults.lines, sep="\n", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever reads what is printed, such as `head`, has seen enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        # An error without a number does not come from the operating system: it is a fault of the program.
        if error.errno is None:
            raise
        print(system_fault(error), file=sys.stderr)
        sys.exit(1)


def say_everything() -> None:
    """Let anything be printed: a character that a terminal cannot show is written as its number.

    The name of a file may be in another script, or may not be UTF-8 at all.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def single_instance(source: Path) -> Iterator[None]:
    """Hold a lock on a source file; refuse where another process runs the same.

    DVC runs a stage once at a time. But when DVC itself is killed, its stage goes on, and would write over what the
    next run makes. The operating system lifts the lock when the process ends, however it ends.
    """
    with source.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputFaults(
                [f"{source}: is still running since a dvc repro that was killed; run it again when that has ended"]
            ) from None
        yield


def system_fault(error: OSError) -> str:
    """Say in one line what the operating system refused, and what to do."""
    remedy = REMEDIES.get(error.errno or 0, "mend that, then run it again")
    return f"{error.filename or 'a file'}: {error.strerror}; {remedy}"
