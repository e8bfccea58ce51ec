"""The drawn and reviewed windows of a run, as arrays."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stages.lib.tables.clips import CALL
from stages.lib.tables.reviews import Review
from tools.lib.draws.candidates import BINS
from tools.lib.draws.runs_table import SearchedBin
from tools.lib.field.weights import weights_now


class Sample(NamedTuple):
    """Reviewed windows from the candidates of some recordings.

    Attributes
    ----------
    p_call : ndarray of float, shape (windows,)
    is_call : ndarray of bool, shape (windows,)
    score_bin : ndarray of int, shape (windows,)
        Position in `BINS` of the bin that each window was drawn from.
    weights : ndarray of float, shape (windows,)
        Number of candidates that each window stands for; they add up to the candidates of each bin.
    recording : ndarray of int, shape (windows,)
        Number of the recording of each window, from 0 to `recordings` - 1.
    candidates : ndarray of int, shape (bins,)
        Number of candidates in each bin.
    recordings : int
        Number of searched recordings.
    hours : float
        Hours of searched sound.
    """

    p_call: np.ndarray
    is_call: np.ndarray
    score_bin: np.ndarray
    weights: np.ndarray
    recording: np.ndarray
    candidates: np.ndarray
    recordings: int
    hours: float

    @property
    def heard(self) -> np.ndarray:
        """The number of reviewed windows in each bin: ndarray of float, shape (bins,).

        If weights differ, this is the effective sample size: the number of windows with equal weights that would be as
        informative (Kish 1965, Survey Sampling, section 11.7).
        """
        squares = np.bincount(self.score_bin, self.weights**2, minlength=len(BINS))
        sums = np.bincount(self.score_bin, self.weights, minlength=len(BINS))
        return np.divide(sums**2, squares, out=np.zeros(len(BINS)), where=squares > 0)


def sample_of(reviews: Sequence[Review], label_of: Mapping[str, str | None], runs: Sequence[SearchedBin]) -> Sample:
    """Return the sample of a run, or of one site of it.

    Parameters
    ----------
    reviews : sequence of Review
        Reviews of the run and the site. Windows not drawn, or without a label, are left out.
    label_of : mapping
        From clip id to the experts' label.
    runs : sequence of SearchedBin
        Rows of the run and the site.
    """
    heard = [one for one in reviews if one.drawn and label_of.get(one.clip_id)]
    weights = weights_now(heard, runs)
    numbers = {name: number for number, name in enumerate(sorted({one.recording for one in heard}))}
    of_sites = {(row.batch, row.site): row for row in runs}.values()
    candidates = np.zeros(len(BINS), int)
    for row in runs:
        candidates[BINS.index(row.bin)] += row.candidates
    return Sample(
        np.array([one.p_call for one in heard], float),
        np.array([label_of[one.clip_id] == CALL for one in heard], bool),
        np.array([BINS.index(one.bin) for one in heard], int),
        weights,
        np.array([numbers[one.recording] for one in heard], int),
        candidates,
        max(len(numbers), sum(row.recordings for row in of_sites)),
        sum(row.hours for row in of_sites),
    )
