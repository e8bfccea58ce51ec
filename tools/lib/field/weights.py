"""The weights of reviewed windows: the number of candidates that each stands for, given which ones were answered."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from stages.lib.tables.reviews import Review
from tools.lib.draws.runs_table import SearchedBin


def weights_now(reviews: Sequence[Review], runs: Iterable[SearchedBin]) -> np.ndarray:
    """Return the weight of each drawn and reviewed window of a run: an array of float, shape (reviews,).

    In a batch and bin, all candidates have the same chance to be drawn, in one draw or in several. So each drawn window
    stands for the same number of them. If no window of a batch was reviewed in a bin, the windows of the other batches
    in this bin also stand for its candidates. The weights of a bin add up to the number of its candidates, if a window
    was reviewed there.

    References
    ----------
    Cochran (1977), Sampling Techniques, third edition, section 5A.9 (stratification after selection). Wiley.
    """
    candidates: Counter[tuple[str, str]] = Counter()
    for row in runs:
        candidates[row.bin, row.batch] += row.candidates
    reviewed = Counter((one.bin, one.batch) for one in reviews)
    in_all: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for (score_bin, batch), count in candidates.items():
        in_all[score_bin] += count
        if reviewed[score_bin, batch]:
            covered[score_bin] += count
    weights = np.zeros(len(reviews))
    for position, one in enumerate(reviews):
        stratum = one.bin, one.batch
        if candidates[stratum]:
            collapsed = in_all[one.bin] / covered[one.bin]
            weights[position] = candidates[stratum] / reviewed[stratum] * collapsed
    return weights
