"""What the commands of experiments have in common: their options, and what they cannot do without."""

import argparse
import sys
from pathlib import Path

from yaml import YAMLError

from experiments.overlays import read_overlay
from experiments.page_section import has_section, marks
from tools.lib.command_parser import command_parser


def page_parser(description: str, section: str) -> argparse.ArgumentParser:
    """Return a parser of where the results go; it refuses a page without the section, before hours of work."""
    parser = command_parser(description)

    def page(name: str) -> Path:
        if not has_section(Path(name), section):
            raise argparse.ArgumentTypeError(f"{name}: is not a page with the lines {' and '.join(marks(section))}")
        return Path(name)

    parser.add_argument("--page", type=page, help="a page whose marked section is replaced by the results")
    return parser


def results_parser(description: str, section: str, seed_count: int) -> argparse.ArgumentParser:
    """Return a parser of how many seeds to run, and where the results go."""
    parser = page_parser(description, section)
    parser.add_argument("--seeds", type=int, default=seed_count, help=f"how many seeds (default: {seed_count})")
    return parser


def add_overlay(parser: argparse.ArgumentParser) -> None:
    """Let a parser take changes of the params."""
    parser.add_argument(
        "--overlay",
        type=overlay_of,
        default={},
        metavar="FILE",
        help="a YAML file that also changes the params, for a quick pass",
    )


def overlay_of(name: str) -> dict:
    """Return the changes of the params that a file names; refuse a file that is none."""
    try:
        return dict(read_overlay(Path(name)))
    except (OSError, TypeError, ValueError, YAMLError):
        raise argparse.ArgumentTypeError(f"{name}: is not a YAML file of params") from None


def exit_without(recordings: Path) -> None:
    """End the program where some real recordings are not there."""
    if not recordings.is_dir():
        sys.exit(f"{recordings} is not there: the real recordings are not part of the repository, so nothing was run.")
