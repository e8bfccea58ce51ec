"""Read revisions and their files from Git."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import quoted

SHORT = 7  # Digits of a commit.
ONE_FORM = tuple(
    argument
    for setting in ("color.diff", "core.quotePath", "diff.mnemonicPrefix", "diff.noprefix", "log.showSignature")
    for argument in ("-c", f"{setting}=false")
)


@contextmanager
def snapshot(revision: str, paths: Iterable[Path]) -> Iterator[Path]:
    """Give a folder with some files of the repository from a revision; files that it does not have are missing.

    Parameters
    ----------
    revision : str
        A name checked by `full_name`.
    paths : iterable of Path
        Below the working folder.
    """
    with TemporaryDirectory() as folder:
        for path in paths:
            shown = git("show", f"{revision}:./{path.as_posix()}")
            if shown.returncode == 0:
                copy = Path(folder) / path
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(shown.stdout)
        yield Path(folder)


def full_name(revision: str) -> str:
    """Return the hash of a commit; refuse an unknown revision."""
    refuse_outside_of_git()
    # A name that begins with a hyphen must not be read as an option.
    found = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode:
        shallow = git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        fetch = "git fetch --unshallow, because this clone lacks the history" if shallow else "git fetch"
        raise InputFaults(
            [f"{quoted(revision)} is not a commit known to git; name one, such as HEAD, or first run {fetch}"]
        )
    return found.stdout.decode().strip()


def git_text(*arguments: str) -> str:
    """Run git in the working folder and return its output; if it fails, its error message is the fault."""
    result = git(*arguments)
    if result.returncode:
        refuse_outside_of_git()  # There, git may print all its options.
        raise InputFaults([f"git {arguments[0]}: {message_of(result)}"])
    return result.stdout.decode()


def refuse_outside_of_git() -> None:
    """Refuse a working folder that is in no repository."""
    inside = git("rev-parse", "--is-inside-work-tree")
    if inside.returncode:
        raise InputFaults([f"git: {message_of(inside)}; run it in the folder that holds params.yaml"])


def message_of(result: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git says about its failure, in one line."""
    return " ".join(result.stderr.decode(errors="replace").split())


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in the working folder; its output has one form, whatever its user prefers."""
    return subprocess.run(["git", *ONE_FORM, *arguments], capture_output=True, check=False)
