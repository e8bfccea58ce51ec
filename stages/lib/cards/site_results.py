"""How well a model does at each site, and what it knows of these sites."""

from collections.abc import Mapping, Sequence

import numpy as np

from stages.lib.cards.card import label_counts, site_name
from stages.lib.cards.markdown import table
from stages.lib.intervals.proportions import proportion


def known_sites(learned: set[str], tested: set[str]) -> str:
    """Say whether the test tells anything about sites that the model has not learned from.

    Parameters
    ----------
    learned, tested : set of str
        The sites of the clips that the model learned from and of the test clips; empty where none is named.
    """
    if "" in learned | tested:
        return "Some recordings name no site, so it is not known whether a test site is also one that it learned from."
    shared = len(learned & tested)
    if not shared:
        return "It has learned from no clip of the test sites."
    return (
        f"It has learned from other recordings of {shared} of the {len(tested)} test sites. For these, the figures do "
        "not say how well it does at a new site."
    )


def site_table(learned: Mapping[str, Sequence[str]], tested: np.ndarray, is_call: np.ndarray, right: np.ndarray) -> str:
    """Return what a model has learned from each site and how well it does there, as a table.

    Parameters
    ----------
    learned : mapping
        From site to the labels of the clips that the model learned from.
    tested : ndarray of str, shape (clips,)
        The site of each test clip.
    is_call, right : ndarray of bool, shape (clips,)
        The truth, and whether the model says it.
    """
    rows = []
    for site in sorted({*learned, *tested.tolist()}):
        here = tested == site
        shares = (share(right[here & clips]) for clips in (here, is_call, ~is_call))
        rows.append((site_name(site), label_counts(learned.get(site, [])), *shares))
    return "\n".join(table(("site", "learned from", "accuracy", "sensitivity", "specificity"), rows))


def share(right: np.ndarray) -> str:
    """Return the share of clips that are right, with its interval and their number; blank where there are none."""
    if not len(right):
        return ""
    value, low, high = proportion(int(right.sum()), len(right))
    return f"{value:.2f} ({low:.2f} to {high:.2f}) of {len(right)}"
