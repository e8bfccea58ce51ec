"""Phrases that both cards use."""

from collections import Counter
from collections.abc import Iterable

from stages.lib.cards.markdown import code
from stages.lib.runtime.params import DataParams
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED

LABEL_NAMES = {CALL: "calls", NOCALL: "no-calls", UNLABELLED: "unlabelled"}


def label_counts(labels: Iterable[str]) -> str:
    """Count the calls, no-calls and unlabelled clips in words, such as `3 calls, 5 no-calls`."""
    counts = Counter(labels)
    return ", ".join(f"{counts[label]:,} {name}" for label, name in LABEL_NAMES.items() if counts[label]) or "none"


def site_name(site: str) -> str:
    """Return the name of a site in Markdown."""
    return code(site) or "(none named)"


def data_link(data: DataParams) -> str:
    """Return a link from a card in metrics/ to the folder of the data set."""
    return f"[{data.folder}](../{data.folder})"
