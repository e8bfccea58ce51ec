"""What chance decides before the first round, by the seed alone: so runs of one seed differ by their strategy only."""

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
        To train on in the first round.
    valid : tuple of str
        To validate with. Each round takes the next ones, and they count as labels once they are taken. They are drawn
        at random because clips that a strategy has chosen are harder than others, and would teach a wrong temperature.
    candidates : tuple of str
        What the strategy may choose from.
    test : tuple of str
    """

    start: tuple[str, ...]
    valid: tuple[str, ...]
    candidates: tuple[str, ...]
    test: tuple[str, ...]


def draw(clips: Sequence[Clip], source: Source, label_counts: Sequence[int], valid_of: ValidOf, seed: int) -> Draw:
    """Draw the parts of a run; no recording or site is on both sides of the test.

    Parameters
    ----------
    clips : sequence of Clip
    source : Source
    label_counts : sequence of int
        The labels that there are in each round.
    valid_of : callable
        From a number of labels to how many of them are held out.
    seed : int
    """
    groups = group_clips(clips, source.group_by)
    parts, faults = split_by_count(groups, {"pool": source.pool, "test": source.test}, seed)
    refuse(f"experiments/label_efficiency/params.yaml: {fault}" for fault in faults)
    pool = sorted(clip_id for clip_id, part in parts.items() if part == "pool")
    test = sorted(clip_id for clip_id, part in parts.items() if part == "test")
    refuse(
        ["experiments/label_efficiency/params.yaml: labels: more than the pool has clips; ask for fewer"]
        if label_counts[-1] > len(pool)
        else []
    )
    # A stream of its own: the split has used that of the seed.
    order = np.random.default_rng([seed, 1]).permutation(len(pool))
    drawn = [pool[position] for position in order]
    start = label_counts[0] - valid_of(label_counts[0])
    rest = start + valid_of(label_counts[-1])
    return Draw(tuple(drawn[:start]), tuple(drawn[start:rest]), tuple(sorted(drawn[rest:])), tuple(test))
