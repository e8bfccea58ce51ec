"""Random draws before the first round. They depend only on the seed, so runs of one seed differ only by strategy."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from experiments.label_efficiency.settings import Source
from stages.lib.runtime.faults import refuse
from stages.lib.split.drawing import group_clips, split_by_count
from stages.lib.tables.clips import Clip

ValidOf = Callable[[int], int]


class Draw(NamedTuple):
    """The clips of a run, by their ids.

    Attributes
    ----------
    start : tuple of str
        Training clips of the first round.
    valid : tuple of str
        Validation clips. Each round takes the next ones, which count as labels from then on. They are drawn at random,
        because clips chosen by a strategy are harder than others and would give a wrong temperature.
    candidates : tuple of str
        Clips that the strategy may choose from.
    test : tuple of str
        Test clips.
    """

    start: tuple[str, ...]
    valid: tuple[str, ...]
    candidates: tuple[str, ...]
    test: tuple[str, ...]


def draw(clips: Sequence[Clip], source: Source, label_counts: Sequence[int], valid_of: ValidOf, seed: int) -> Draw:
    """Draw the parts of a run; no recording (or site) is in both the test and the rest.

    Parameters
    ----------
    clips : sequence of Clip
    source : Source
    label_counts : sequence of int
        Number of labels in each round.
    valid_of : callable
        From a number of labels to the number of held-out ones among them.
    seed : int
    """
    groups = group_clips(clips, source.group_by)
    parts, faults = split_by_count(groups, {"pool": source.pool, "test": source.test}, seed)
    refuse(f"experiments/label_efficiency/params.yaml: {fault}" for fault in faults)
    pool = sorted(clip_id for clip_id, part in parts.items() if part == "pool")
    test = sorted(clip_id for clip_id, part in parts.items() if part == "test")
    refuse(
        ["experiments/label_efficiency/params.yaml: labels: more labels than clips in the pool; ask for fewer"]
        if label_counts[-1] > len(pool)
        else []
    )
    # A separate random stream, because the split has used the stream of the seed itself.
    order = np.random.default_rng([seed, 1]).permutation(len(pool))
    drawn = [pool[position] for position in order]
    start = label_counts[0] - valid_of(label_counts[0])
    rest = start + valid_of(label_counts[-1])
    return Draw(tuple(drawn[:start]), tuple(drawn[start:rest]), tuple(sorted(drawn[rest:])), tuple(test))
