"""Seeded draws that depend only on names, so a new recording changes few of the others."""

from collections.abc import Collection, Mapping, Sequence

from stages.lib.runtime.determinism import stable_random


def balanced_draw(
    candidates: Mapping[str, Sequence[float]],
    wanted: Mapping[str, int],
    total: int,
    seed: int,
    held_out: Mapping[str, Collection[float]] = {},
) -> dict[str, list[float]]:
    """Draw windows without a call so that each recording gives the number wanted, as far as possible.

    If they came evenly from all recordings, a network could tell calls by the sound of the recordings with many calls.

    Parameters
    ----------
    candidates : mapping
        From a recording to the starts of its windows.
    wanted : mapping
        From a recording to the number of windows wanted; 0 if missing.
    total : int
        The number of windows to draw. The other recordings make up for what one cannot give.
    seed : int
    held_out : mapping
        From a recording to the starts of windows held out for good. They are always drawn.

    Returns
    -------
    dict
        From a recording to the windows drawn, sorted by time.
    """
    first = {recording: set(held_out.get(recording, ())) & set(starts) for recording, starts in candidates.items()}
    lots = {
        recording: sorted(
            (-1.0 if start_s in first[recording] else stable_random(f"{seed}:{recording}:{start_s:.3f}"), start_s)
            for start_s in starts
        )
        for recording, starts in candidates.items()
    }
    drawn = {
        recording: waiting[: max(wanted.get(recording, 0), len(first[recording]))]
        for recording, waiting in lots.items()
    }
    rest = sorted(
        (number, recording, start_s)
        for recording, waiting in lots.items()
        for number, start_s in waiting[len(drawn[recording]) :]
    )
    missing = max(0, total - sum(map(len, drawn.values())))
    for number, recording, start_s in rest[:missing]:
        drawn[recording].append((number, start_s))
    return {recording: sorted(start_s for _, start_s in chosen) for recording, chosen in drawn.items() if chosen}
