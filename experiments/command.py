"""Options and checks that the commands of experiments share."""

import argparse
import sys
from pathlib import Path

from experiments.overlays import read_overlay


def page_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the option of the page for the results."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", type=Path, help="page with a marked section for the results (default: print them)")
    return parser


def results_parser(description: str, seed_count: int) -> argparse.ArgumentParser:
    """Return a parser with the options of the number of seeds and the page for the results."""
    parser = page_parser(description)
    parser.add_argument("--seeds", type=int, default=seed_count, help=f"number of seeds (default: {seed_count})")
    return parser


def add_overlay(parser: argparse.ArgumentParser) -> None:
    """Add the option for changes to the params."""
    parser.add_argument(
        "--overlay",
        type=lambda path: read_overlay(Path(path)),
        default={},
        metavar="FILE",
        help="YAML file with further changes to the params, for example for a quick run",
    )


def exit_without(recordings: Path) -> None:
    """Exit if a folder of real recordings does not exist."""
    if not recordings.is_dir():
        sys.exit(f"{recordings} does not exist, so nothing was run: the repository does not contain real recordings.")
