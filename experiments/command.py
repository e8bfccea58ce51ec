"""Options and checks that the commands of experiments share."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from yaml import YAMLError

from experiments.overlays import read_overlay
from experiments.page_section import has_section, marks
from tools.lib.command_parser import command_parser


def page_parser(description: str, section: str) -> argparse.ArgumentParser:
    """Return a parser with the option of the page for the results. A page without the section is refused at once."""
    parser = command_parser(description)

    def page(name: str) -> Path:
        if not has_section(Path(name), section):
            raise argparse.ArgumentTypeError(f"{name}: is not a page with the lines {' and '.join(marks(section))}")
        return Path(name)

    parser.add_argument("--page", type=page, help="page with a marked section for the results (default: print them)")
    return parser


def results_parser(description: str, section: str, seed_count: int, fewest: int = 1) -> argparse.ArgumentParser:
    """Return a parser with the options of the number of seeds and the page for the results."""
    parser = page_parser(description, section)
    parser.add_argument(
        "--seeds", type=at_least(fewest), default=seed_count, help=f"number of seeds (default: {seed_count})"
    )
    return parser


def at_least(least: int) -> Callable[[str], int]:
    """Return a function that reads the number of an option, and refuses smaller ones."""

    def whole_number(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text}: is not a whole number; give {least} or more") from None
        if number < least:
            raise argparse.ArgumentTypeError(f"{text}: is too small; give {least} or more")
        return number

    return whole_number


def add_datasets(parser: argparse.ArgumentParser, known: Sequence[str]) -> None:
    """Add the argument for the data sets to run; all known ones by default."""
    parser.add_argument(
        "datasets", nargs="*", default=known, metavar="DATASET", help=f"data sets to run (default: {' '.join(known)})"
    )


def add_overlay(parser: argparse.ArgumentParser) -> None:
    """Add the option for changes to the params."""
    parser.add_argument(
        "--overlay",
        type=overlay_of,
        default={},
        metavar="FILE",
        help="YAML file with further changes to the params, for example for a quick run",
    )


def overlay_of(name: str) -> dict:
    """Return the changes to the params in a file; refuse any other file."""
    try:
        return dict(read_overlay(Path(name)))
    except (OSError, TypeError, ValueError, YAMLError):
        raise argparse.ArgumentTypeError(f"{name}: is not a YAML file of params") from None


def exit_without(recordings: Path) -> None:
    """Exit if a folder of real recordings does not exist."""
    if not recordings.is_dir():
        sys.exit(f"{recordings} does not exist, so nothing was run: the repository does not contain real recordings.")
