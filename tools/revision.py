"""What Git knows of the repository."""

import subprocess

from stages.lib.faults import InputFaults


def git(*arguments: str) -> str:
    """Run git in the present folder and return what it prints; where it fails, what it says is the fault."""
    result = subprocess.run(["git", *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
    if result.returncode:
        raise InputFaults([f"git {arguments[0]}: {result.stderr.strip()}"])
    return result.stdout


def commit_of_head() -> str:
    """Return the full name of the commit that is checked out."""
    return git("rev-parse", "HEAD").strip()


def uncommitted_files() -> list[str]:
    """Return the files under Git that differ from that commit."""
    return git("diff", "--name-only", "HEAD").splitlines()
