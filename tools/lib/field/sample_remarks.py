"""Remarks on the limits of a small sample."""

from tools.lib.draws.candidates import BINS
from tools.lib.field.sample import Sample
from tools.lib.wording import counted

FEWEST_CALLS = FEWEST_NOCALLS = 10
# In simulations with fewer recordings, the 95 % intervals contained the true values for other recordings of a site in
# less than 95 % of the cases (experiments/field/intervals.py). They nearly always contained those for the recordings
# themselves.
FEWEST_RECORDINGS = 10


def remarks_on(sample: Sample) -> list[str]:
    """Return one sentence for each limit of the estimates from a sample."""
    if not len(sample.p_call):
        return ["No drawn window has a verdict, so nothing can be estimated."]
    remarks = []
    calls, nocalls = int(sample.is_call.sum()), int((~sample.is_call).sum())
    if sample.recordings < FEWEST_RECORDINGS:
        remarks.append(
            f"The sample is from {counted(sample.recordings, 'recording')}. The intervals hold for these; other "
            f"recordings can differ more than the intervals say, until there are {FEWEST_RECORDINGS} or more."
        )
    if calls < FEWEST_CALLS:
        remarks.append(
            f"{counted(calls, 'call')} heard; review more windows until there are {FEWEST_CALLS}, or recall and "
            "precision are guesses."
        )
    if nocalls < FEWEST_NOCALLS:
        remarks.append(
            f"{counted(nocalls, 'no-call')} heard; review more windows until there are {FEWEST_NOCALLS}, or false "
            "alarms are guesses."
        )
    return [*remarks, *unknown_misses(sample), *not_heard(sample)]


def unknown_misses(sample: Sample) -> list[str]:
    """Name the score below which no call was heard although calls are possible there."""
    if not sample.is_call.any():
        return []
    lowest = float(sample.p_call[sample.is_call].min())
    below = sample.p_call < lowest
    if not below.any():
        return []
    return [
        f"No call was heard in the {counted(int(below.sum()), 'window')} that score less than {lowest:.2f}; they stand "
        f"for {sample.weights[below].sum():,.0f}. Calls may be hidden there: recall can be as low as its interval says."
    ]


def not_heard(sample: Sample) -> list[str]:
    """Name the bins with candidates but without reviewed windows."""
    heard = sample.heard
    return [
        f"No window of the {sample.candidates[number]:,} that score {name.replace('-', ' to ')} was heard; the "
        "estimates leave them out, and the intervals hold whatever they are."
        for number, name in enumerate(BINS)
        if sample.candidates[number] and not heard[number]
    ]
