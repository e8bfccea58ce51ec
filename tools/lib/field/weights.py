"""The weights of reviewed windows: the number of candidates that each stands for, given which ones were answered."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from stages.lib.tables.reviews import Review
from tools.lib.draws.runs_table import SearchedBin


def weights_now(reviews: Sequence[Review], runs: Iterable[SearchedBin]) -> np.ndarray:
    """Return the weight of each reviewed window, from the number of candidates and of reviewed windows.

    In a batch and bin, all candidates have the same chance to be drawn, in one draw or in several. So each drawn window
    stands for the same number of them. If no window of a batch was reviewed in a bin, the windows of the other batches
    in this bin also stand for its candidates.

    Parameters
    ----------
    reviews : sequence of Review
        The windows to count, of any runs. Leave out those without a usable answer.
    runs : iterable of SearchedBin

    Returns
    -------
    ndarray of float, shape (reviews,)
        0 for windows that were not drawn. The weights of a run and bin add up to the number of its candidates, if one
        window was reviewed there.

    References
    ----------
    Cochran (1977), Sampling Techniques, third edition, section 5A.9 (stratification after selection). Wiley.
    """
    candidates: Counter[tuple[str, str, str]] = Counter()
    for row in runs:
        candidates[row.run, row.bin, row.batch] += row.candidates
    reviewed = Counter((one.run, one.bin, one.batch) for one in reviews if one.drawn)
    in_all: Counter[tuple[str, str]] = Counter()
    covered: Counter[tuple[str, str]] = Counter()
    for (run, score_bin, batch), count in candidates.items():
        in_all[run, score_bin] += count
        if reviewed[run, score_bin, batch]:
            covered[run, score_bin] += count
    weights = np.zeros(len(reviews))
    for position, one in enumerate(reviews):
        stratum = one.run, one.bin, one.batch
        if one.drawn and candidates[stratum]:
            collapsed = in_all[stratum[:2]] / covered[stratum[:2]]
            weights[position] = candidates[stratum] / reviewed[stratum] * collapsed
    return weights
