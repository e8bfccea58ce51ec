"""Parsers for the command lines of tools."""

import argparse
import sys
from pathlib import Path

from stages.lib.runtime.faults import InputFaults


def command_parser(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of the command that runs; its help names the command and keeps the lines of the description.

    Options cannot be abbreviated, so that a new one never makes a command line ambiguous that was clear before.
    """
    started = sys.modules["__main__"].__spec__
    return argparse.ArgumentParser(
        prog=f"python -m {started.name}" if started else None,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def output_file(text: str) -> Path:
    """Return the output file that an argument names; `InputFaults` if it is a folder."""
    path = Path(text)
    if path.is_dir():
        raise InputFaults([f"{path}: is a folder; name a file"])
    return path
