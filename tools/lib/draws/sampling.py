"""A stratified random sample of candidates: the bins of scores are the strata, and each is sampled systematically.

In a bin, candidates are sorted by site, recording and time, and every k-th is taken from a random start. So each has
the same chance, which is known, and the sample is spread over sites, recordings and times.

References
----------
Cochran (1977), Sampling Techniques, third edition, chapters 5 (stratified) and 8 (systematic sampling). Wiley.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from stages.lib.runtime.determinism import stable_random
from tools.lib.draws.candidates import BINS, Candidate


def draw(candidates: Iterable[Candidate], count: int, seed: str) -> dict[Candidate, float]:
    """Draw candidates at random, the same number from each bin as far as there are enough.

    Parameters
    ----------
    candidates : iterable of Candidate
    count : int
        Number of candidates to draw; fewer are drawn if there are fewer.
    seed : str
        The same seed and candidates give the same sample.

    Returns
    -------
    dict
        From each drawn candidate to its weight: the number of candidates of its bin that it stands for. Candidates are
        in order of bin, site, recording and time. In each bin that is drawn from, the weights add up to the number of
        its candidates.
    """
    of_bin = defaultdict(list)
    for candidate in sorted(candidates):
        of_bin[candidate.bin].append(candidate)
    weight_of: dict[Candidate, float] = {}
    for name, size in shares({name: len(of_bin[name]) for name in BINS}, count).items():
        start = int(stable_random(f"{seed}:{name}") * len(of_bin[name]))
        weight_of |= dict.fromkeys(systematic(of_bin[name], size, start), len(of_bin[name]) / size)
    return weight_of


def shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Share a number equally among bins of some sizes.

    Parameters
    ----------
    sizes : mapping
        From a bin to the number of its candidates.
    count : int

    Returns
    -------
    dict
        From each bin to its share: no more than its size, and what one bin lacks goes to the others. The remainder goes
        to the largest bins. The shares add up to `count`, or to all candidates if there are fewer.
    """
    taken = {}
    left = count
    by_size = sorted(sizes, key=lambda name: sizes[name])
    for position, name in enumerate(by_size):
        taken[name] = min(sizes[name], left // (len(by_size) - position))
        left -= taken[name]
    return {name: taken[name] for name in sizes if taken[name]}


def systematic(items: Sequence[Candidate], size: int, start: int) -> list[Candidate]:
    """Take every k-th of some items, with k = items / size, which need not be whole.

    Parameters
    ----------
    items : sequence
    size : int
        Number of items to take, at most all of them.
    start : int
        In [0, items). Over all starts, each item is taken `size` times, so a random start gives equal chances.
    """
    return [items[(start + step * len(items)) // size] for step in range(size)]


def surest(candidates: Iterable[Candidate], count: int) -> list[Candidate]:
    """Return the candidates with the highest scores, the highest first."""
    return sorted(candidates, key=lambda one: (-one.p_call, one))[:count]


def most_uncertain(candidates: Iterable[Candidate], count: int) -> list[Candidate]:
    """Return the candidates with scores closest to one half, the closest first."""
    return sorted(candidates, key=lambda one: (abs(one.p_call - 0.5), one))[:count]
