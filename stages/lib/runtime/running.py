"""Running a `main()`: one instance at a time, on unchanged inputs, and without a traceback for a user's mistake."""

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from stages.lib.runtime.alone import alone_in
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import changed_inputs, forget_all, remember_source_code

REMEDIES = {
    errno.ENOSPC: "make room on the disk, then run it again",
    errno.EDQUOT: "make room on the disk, then run it again",
    errno.EACCES: "let this user read and write it, then run it again",
    errno.EROFS: "make the disk writable, then run it again",
}


# If DVC itself is killed, its stage continues, and could overwrite the output of the next run.
STILL_RUNNING = "a stage is still running here from a dvc repro that was killed; wait, then run it again"


def run_stage(main: Callable[[], None]) -> None:
    """Run the `main()` of a stage as the only one in its working folder, and fail if its inputs change."""

    def guarded() -> None:
        with alone_in(Path.cwd(), STILL_RUNNING):
            forget_all()
            remember_source_code()
            main()
            refuse(changed_inputs())

    run(guarded)


def run(main: Callable[[], None]) -> None:
    """Run a `main()`; on faults of the input or the operating system, print them and exit with status 1.

    Ctrl-C ends it without a message, because anyone who presses it knows why.
    """
    say_everything()
    try:
        main()
    except InputFaults as faults:
        print(*faults.lines, sep="\n", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        # Python then ends by the signal itself, so that a loop in a shell stops as well, but without a traceback.
        sys.excepthook = lambda *_: None
        raise
    except BrokenPipeError:
        # The reader of the output, such as `head`, has closed it. Without this, Python would report it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        # An error without a number does not come from the operating system: it is a bug.
        if error.errno is None:
            raise
        print(system_fault(error), file=sys.stderr)
        sys.exit(1)


def say_everything() -> None:
    """Allow any text to be printed: a character that the terminal cannot show becomes an escape sequence.

    A file name may be in another script, or may not be UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def system_fault(error: OSError) -> str:
    """Return one line that says what the operating system refused, and what to do."""
    remedy = REMEDIES.get(error.errno or 0, "fix this, then run it again")
    return f"{error.filename or 'a file'}: {error.strerror}; {remedy}"
