"""Missing sound: the parts of a recording that carry no information, and what replaces them in a window.

Sound is missing in four cases:

- beyond the end of a recording;
- in a run of one repeated value (zeros, a constant, a stuck converter) of `SHORTEST_RUN_S` or longer, in the channel
  in use, or in the mix if channels are mixed;
- in sound shorter than `SHORTEST_SOUND_S` between two of these, such as a click on a dead line;
- at frequencies above half the recording's own sample rate (`spectrogram.held_bands`).

A window with less than `LEAST_SHARE` of sound is not a clip. In any other window, the missing parts are filled with
the window's own sound. Both rules apply equally in training and detection.
"""

from collections.abc import Iterable, Sequence

import numpy as np

# A quiet recording with few bits repeats a value for up to 4 ms, a clipped one for longer (docs/data.md).
SHORTEST_RUN_S = 0.01
# At low sample rates, runs shorter than this can occur by chance.
SHORTEST_RUN_SAMPLES = 16
SHORTEST_SOUND_S = 0.05
LEAST_SHARE = 0.1
# Decoders of lossy formats turn digital silence into values of less than half a 24-bit step.
ROUNDING_OF_LOSSY = 2.0**-24

Stretch = tuple[int, int]


def missing_stretches(blocks: Iterable[np.ndarray], sample_rate: int, *, rounding: float = 0.0) -> list[Stretch]:
    """Find the stretches of a signal that carry no sound, block by block.

    Parameters
    ----------
    blocks : iterable of ndarray, shape (samples,)
        The signal in consecutive parts of any length.
    sample_rate : int
        In Hz.
    rounding : float
        Consecutive samples that differ by no more than this count as the same value.

    Returns
    -------
    list of (first, after)
        In samples from the start of the signal, in order; no two touch.
    """
    shortest = max(SHORTEST_RUN_SAMPLES, round(SHORTEST_RUN_S * sample_rate))
    runs: list[Stretch] = []
    run_start, length, last = 0, 0, None
    for block in blocks:
        if not len(block):
            continue
        values = block if last is None else np.concatenate([[last], block])
        changes = np.flatnonzero(np.abs(np.diff(values)) > rounding) + length + (last is None)
        edges = np.concatenate([[run_start], changes]).astype(np.int64)
        (long,) = np.nonzero(np.diff(edges) >= shortest)
        runs += [(int(edges[position]), int(edges[position + 1])) for position in long]
        run_start, length, last = int(edges[-1]), length + len(block), block[-1]
    if length - run_start >= shortest:
        runs.append((run_start, length))
    return without_clicks(runs, length, sample_rate)


def without_clicks(missing: Sequence[Stretch], length: int, sample_rate: int) -> list[Stretch]:
    """Join missing stretches if the sound between them, or between one and an end of the signal, is too short.

    Parameters
    ----------
    missing : sequence of (first, after)
        In samples, in order.
    length : int
        Length of the signal, in samples.
    sample_rate : int
    """
    if not missing:
        return []
    shortest = SHORTEST_SOUND_S * sample_rate
    joined: list[Stretch] = []
    # Each end of the signal counts as a missing stretch of length 0.
    for first, after in [(0, 0), *missing, (length, length)]:
        if joined and first - joined[-1][1] < shortest:
            joined[-1] = joined[-1][0], max(after, joined[-1][1])
        else:
            joined.append((first, after))
    return [(first, after) for first, after in joined if first < after]


def filled_window(samples: np.ndarray, size: int, sample_rate: int, *, rounding: float = 0.0) -> np.ndarray:
    """Return a window whose missing parts are filled with its own sound, and whose mean is zero.

    The mean of the sound is subtracted first. An offset carries no information, and filters would treat it as a step.

    Parameters
    ----------
    samples : ndarray of float32, shape (samples,)
        The window's samples; fewer than `size` at the end of a recording.
    size : int
        Number of samples in the whole window.
    sample_rate : int
    rounding : float
        As for `missing_stretches`.

    Returns
    -------
    ndarray of float32, shape (size,)
        All zeros if no part of the window is sound.
    """
    samples = samples[:size]
    beyond = [(len(samples), size)] if len(samples) < size else []
    missing = without_clicks(
        [*missing_stretches([samples], sample_rate, rounding=rounding), *beyond], size, sample_rate
    )
    sound = np.ones(size, bool)
    for first, after in missing:
        sound[first:after] = False
    window = np.zeros(size, np.float32)
    if not sound.any():
        return window
    # Rounding the mean to single precision removes the influence of the order of summation.
    mean = np.float32(np.mean(samples[sound[: len(samples)]], dtype=np.float64))
    window[sound] = samples[sound[: len(samples)]] - mean
    edges = [0, *(edge for stretch in missing for edge in stretch), size]
    for number, (first, after) in enumerate(missing):
        before = window[edges[2 * number] : first]
        behind = window[after : edges[2 * number + 3]]
        window[first:after] = continued(before, behind, after - first)
    return window


def continued(before: np.ndarray, behind: np.ndarray, length: int) -> np.ndarray:
    """Fill a gap by mirroring the sound on either side into it, repeatedly if necessary.

    In a gap with sound on both sides, the two mirrored sounds are cross-faded. Their squared weights add up to 1, so
    that noise keeps its level.

    Parameters
    ----------
    before, behind : ndarray of float32, shape (samples,)
        The sound on either side; one of them may be empty.
    length : int
        Length of the gap, in samples.
    """
    if len(before):
        from_before = np.pad(before, (0, length), mode="symmetric")[len(before) :]
    if len(behind):
        from_behind = np.pad(behind, (length, 0), mode="symmetric")[:length]
    if not len(before) or not len(behind):
        return from_before if len(before) else from_behind
    share = (np.arange(length, dtype=np.float32) + np.float32(0.5)) / np.float32(length)
    return from_before * np.sqrt(1 - share) + from_behind * np.sqrt(share)
