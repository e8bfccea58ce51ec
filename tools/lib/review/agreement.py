"""Measure the agreement between annotators beyond chance."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from stages.lib.cards.markdown import code, table
from stages.lib.intervals.bootstrap import paired_bootstrap
from stages.lib.tables.expert import LABELS, Answer

FEWEST_CLIPS = 2
FEWEST_FOR_AN_INTERVAL = 10  # With fewer, resampling is not reliable.


class Agreement(NamedTuple):
    """The agreement of some annotators on the clips that all of them have answered for.

    Attributes
    ----------
    annotators : tuple of str
    clips : int
    same : int
        The number of clips with the same answer from all.
    kappa : float
        NaN if undefined, because all answers are the same.
    low, high : float or None
        The 95 % interval; None if there are too few clips, or no disagreement to resample.
    """

    annotators: tuple[str, ...]
    clips: int
    same: int
    kappa: float
    low: float | None
    high: float | None


def cohen_kappa(votes: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa of two annotators for each sample (`sklearn.metrics.cohen_kappa_score` takes only one).

    Parameters
    ----------
    votes : ndarray of int, shape (clips, 2)
        Positions in `LABELS`.
    drawn : ndarray of int, shape (samples, clips)
        The count of each clip in each sample.

    Returns
    -------
    ndarray, shape (samples,)
        NaN where undefined.

    References
    ----------
    Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20(1).
    """
    clips = drawn.sum(axis=1)
    observed = drawn @ (votes[:, 0] == votes[:, 1]) / clips
    first, second = (drawn @ one_hot(votes[:, annotator]) for annotator in (0, 1))
    return beyond_chance(observed, (first * second).sum(axis=1) / clips**2)


def fleiss_kappa(votes: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return Fleiss' kappa of annotators who have all answered for every clip; otherwise as `cohen_kappa`.

    Parameters
    ----------
    votes : ndarray of int, shape (clips, annotators)
    drawn : ndarray of int, shape (samples, clips)

    References
    ----------
    Fleiss (1971), "Measuring nominal scale agreement among many raters", Psychological Bulletin 76(5).
    """
    annotators = votes.shape[1]
    given = one_hot(votes).sum(axis=1)
    of_clip = ((given**2).sum(axis=1) - annotators) / (annotators * (annotators - 1))
    clips = drawn.sum(axis=1)
    shares = drawn @ given / (clips[:, None] * annotators)
    return beyond_chance(drawn @ of_clip / clips, (shares**2).sum(axis=1))


def one_hot(votes: np.ndarray) -> np.ndarray:
    """Return the votes one-hot encoded along a new last axis."""
    return (votes[..., None] == np.arange(len(LABELS))).astype(int)


def beyond_chance(observed: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """Return the agreement beyond chance, at most 1; NaN where all answers are the same."""
    left = np.where(by_chance < 1, 1 - by_chance, np.nan)
    return (observed - by_chance) / left


def agreement(
    annotators: tuple[str, ...],
    label_of: Mapping[str, Mapping[str, str]],
    kappa: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Agreement:
    """Measure the agreement of some annotators.

    Parameters
    ----------
    annotators : tuple of str
    label_of : mapping
        From annotator to clip id to label.
    kappa : callable
        `cohen_kappa` or `fleiss_kappa`.
    """
    common = sorted(set.intersection(*(set(label_of[name]) for name in annotators)))
    votes = np.array([[LABELS.index(label_of[name][clip_id]) for name in annotators] for clip_id in common])
    if len(common) < FEWEST_CLIPS:
        return Agreement(annotators, len(common), 0, float("nan"), None, None)
    same = int((votes == votes[:, :1]).all(axis=1).sum())
    everything = np.ones((1, len(common)), int)
    low = high = None
    if len(common) >= FEWEST_FOR_AN_INTERVAL and same < len(common):
        bounds = paired_bootstrap(lambda drawn: kappa(votes, drawn)[:, None], np.arange(len(common)))
        low, high = (float(bound[0]) for bound in bounds)
    return Agreement(annotators, len(common), same, float(kappa(votes, everything)[0]), low, high)


def agreements(answers: Sequence[Answer]) -> list[Agreement]:
    """Measure every pair of annotators by Cohen's kappa and, if there are more than two, all by Fleiss' kappa."""
    label_of: dict[str, dict[str, str]] = {}
    for answer in answers:
        label_of.setdefault(answer.annotator, {})[answer.clip_id] = answer.label
    everybody = tuple(sorted(label_of))
    pairs = [agreement(pair, label_of, cohen_kappa) for pair in combinations(everybody, 2)]
    return pairs + ([agreement(everybody, label_of, fleiss_kappa)] if len(everybody) > 2 else [])


def agreement_table(answers: Sequence[Answer]) -> list[str]:
    """Return the agreement as Markdown."""
    measured = agreements(answers)
    enough = [one for one in measured if one.clips >= FEWEST_CLIPS]
    if not measured:
        return ["Fewer than two annotators have answered."]
    lines = []
    if enough:
        header = ("annotators", "common clips", "same answer", "kappa", "95 % interval")
        rows = ((names(one), str(one.clips), str(one.same), kappa_text(one), interval_text(one)) for one in enough)
        lines += [*table(header, rows), "", "Cohen's kappa for pairs (Cohen 1960), Fleiss' for all (Fleiss 1971)."]
    too_few = [one for one in measured if one.clips < FEWEST_CLIPS]
    if too_few:
        listed = "; ".join(f"{names(one)} ({one.clips})" for one in too_few)
        lines += ["", f"Too few common clips: {listed}."]
    return lines


def names(measured: Agreement) -> str:
    """Return the names of the annotators."""
    return ", ".join(map(code, measured.annotators))


def kappa_text(measured: Agreement) -> str:
    """Return kappa, or why there is none."""
    return "undefined: all answers are the same" if np.isnan(measured.kappa) else f"{measured.kappa:.2f}"


def interval_text(measured: Agreement) -> str:
    """Return the interval, or why there is none."""
    if measured.low is not None:
        return f"{measured.low:.2f} to {measured.high:.2f}"
    return "too few clips" if measured.clips < FEWEST_FOR_AN_INTERVAL else "none: they never differ"
