"""The annotator and the day of answers, for files that do not have them: two options of a command."""

import argparse
from datetime import date
from typing import NamedTuple

from stages.lib.tables.answer_rules import annotator_fault, date_fault
from stages.lib.tables.expert import one_spelling


class Signature(NamedTuple):
    """The annotator of selections (None if not given) and the day; tables have both in each row."""

    annotator: str | None
    day: str


def add_signature(parser: argparse.ArgumentParser) -> None:
    """Add the two options to a parser."""
    parser.add_argument("--annotator", metavar="NAME", help="who answered, for files that do not say")
    parser.add_argument(
        "--date",
        default=date.today().isoformat(),
        metavar="YYYY-MM-DD",
        help="day of the answers, for files that do not say (default: today)",
    )


def signature_of(options: argparse.Namespace) -> Signature:
    """Return the signature from the options --annotator and --date."""
    return Signature(None if options.annotator is None else one_spelling(options.annotator.strip()), options.date)


def signature_faults(signature: Signature) -> list[str]:
    """List the faults of the options."""
    annotator, day = signature
    faults = {"--annotator": None if annotator is None else annotator_fault(annotator), "--date": date_fault(day)}
    return [f"{option}: {fault}" for option, fault in faults.items() if fault]
