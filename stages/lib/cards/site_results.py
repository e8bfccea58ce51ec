"""The results of a model by site."""

from collections.abc import Mapping, Sequence

import numpy as np

from stages.lib.cards.card import label_counts, site_name
from stages.lib.cards.markdown import table
from stages.lib.intervals.proportions import proportion


def known_sites(learned: set[str], tested: set[str]) -> str:
    """Say whether the test covers sites that the model has not learned from.

    Parameters
    ----------
    learned, tested : set of str
        The sites of the clips that the model learned from, and of the test clips; an empty name for recordings without.
    """
    if "" in learned | tested:
        return "Some recordings have no site, so it is unknown whether the model has learned from the test sites."
    shared = len(learned & tested)
    if not shared:
        return "The model has learned from no clip of the test sites."
    return (
        f"Test sites of which the model has learned from other recordings: {shared} of {len(tested)}. For these, the "
        "results do not say how well it does at a new site."
    )


def site_table(learned: Mapping[str, Sequence[str]], tested: np.ndarray, is_call: np.ndarray, right: np.ndarray) -> str:
    """Return a table of the labels that a model has learned from and its results, by site.

    Parameters
    ----------
    learned : mapping
        From site to the labels of the clips that the model learned from.
    tested : ndarray of str, shape (clips,)
        The site of each test clip.
    is_call, right : ndarray of bool, shape (clips,)
        The truth, and whether the model is right.
    """
    rows = []
    for site in sorted({*learned, *tested.tolist()}):
        here = tested == site
        shares = (share(right[here & clips]) for clips in (here, is_call, ~is_call))
        rows.append((site_name(site), label_counts(learned.get(site, [])), *shares))
    return "\n".join(table(("site", "learned from", "accuracy", "sensitivity", "specificity"), rows))


def share(right: np.ndarray) -> str:
    """Format the share of right clips, its interval and the number of clips; empty without clips."""
    if not len(right):
        return ""
    value, low, high = proportion(int(right.sum()), len(right))
    return f"{value:.2f} ({low:.2f} to {high:.2f}) of {len(right)}"
