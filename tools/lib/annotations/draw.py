"""Seeded draws that depend on names alone, so that one more recording moves as little as can be."""

from collections.abc import Mapping, Sequence

from stages.lib.runtime.determinism import stable_random


def balanced_draw(
    candidates: Mapping[str, Sequence[float]], wanted: Mapping[str, int], total: int, seed: int
) -> dict[str, list[float]]:
    """Draw windows without a call so that, as far as can be, each recording has as many as are wanted of it.

    Were they drawn from all recordings alike, a network could tell calls by the sound of the recordings that have many.

    Parameters
    ----------
    candidates : mapping
        From a recording to where its windows begin.
    wanted : mapping
        From a recording to how many windows it should give; 0 where it is missing.
    total : int
        How many to draw. What a recording cannot give is made up for by all others.
    seed : int

    Returns
    -------
    dict
        From a recording to the windows that were drawn, in the order of time.
    """
    lots = {
        recording: sorted((stable_random(f"{seed}:{recording}:{start_s:.3f}"), start_s) for start_s in starts)
        for recording, starts in candidates.items()
    }
    drawn = {recording: waiting[: wanted.get(recording, 0)] for recording, waiting in lots.items()}
    rest = sorted(
        (number, recording, start_s)
        for recording, waiting in lots.items()
        for number, start_s in waiting[len(drawn[recording]) :]
    )
    missing = max(0, total - sum(map(len, drawn.values())))
    for number, recording, start_s in rest[:missing]:
        drawn[recording].append((number, start_s))
    return {recording: sorted(start_s for _, start_s in chosen) for recording, chosen in drawn.items() if chosen}
