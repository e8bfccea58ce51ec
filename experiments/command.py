"""What the commands of experiments have in common: their options, and what they cannot do without."""

import argparse
import sys
from pathlib import Path

from experiments.overlays import read_overlay
from tools.lib.command_parser import command_parser


def page_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of where the results go."""
    parser = command_parser(description)
    parser.add_argument("--page", type=Path, help="a page whose marked section is replaced by the results")
    return parser


def results_parser(description: str, seed_count: int) -> argparse.ArgumentParser:
    """Return a parser of how many seeds to run, and where the results go."""
    parser = page_parser(description)
    parser.add_argument("--seeds", type=int, default=seed_count, help=f"how many seeds (default: {seed_count})")
    return parser


def add_overlay(parser: argparse.ArgumentParser) -> None:
    """Let a parser take changes of the params."""
    parser.add_argument(
        "--overlay",
        type=lambda path: read_overlay(Path(path)),
        default={},
        metavar="FILE",
        help="a YAML file that also changes the params, for a quick pass",
    )


def exit_without(recordings: Path) -> None:
    """End the program where some real recordings are not there."""
    if not recordings.is_dir():
        sys.exit(f"{recordings} is not there: the real recordings are not part of the repository, so nothing was run.")
