"""Find labels that are probably wrong by confident learning on out-of-fold scores."""

from collections.abc import Sequence

import numpy as np

from stages.lib.tables.clips import CALL
from tools.lib.label_errors.label_error_table import LabelError


def probable_errors(clip_ids: Sequence[str], labels: Sequence[str], p_call: np.ndarray) -> list[LabelError]:
    """Return the clips whose label is probably wrong, most probable first.

    Parameters
    ----------
    clip_ids, labels : sequence of str, one for each clip
        Both labels must occur.
    p_call : ndarray of float, shape (clips,), in [0, 1]
        Each from a network trained without the clip.

    References
    ----------
    Northcutt, Jiang and Chuang (2021), "Confident learning: estimating uncertainty in dataset labels", JAIR 70, as in
    `cleanlab.filter.find_label_issues`. Clips are sorted by self-confidence, the probability of the given label.
    """
    from cleanlab.filter import find_label_issues  # These imports take a second.
    from cleanlab.rank import get_label_quality_scores

    given = np.array([label == CALL for label in labels], int)
    probabilities = np.column_stack([1 - p_call, p_call])
    quality = get_label_quality_scores(given, probabilities, method="self_confidence")
    suspected = find_label_issues(given, probabilities, n_jobs=1)
    errors = [
        LabelError(clip_id, label, float(score), float(score_of_label))
        for clip_id, label, score, score_of_label, is_suspected in zip(
            clip_ids, labels, p_call, quality, suspected, strict=True
        )
        if is_suspected
    ]
    return sorted(errors, key=lambda error: (error.quality, error.clip_id))
