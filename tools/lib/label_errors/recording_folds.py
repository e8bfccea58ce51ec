"""How many folds the clips of a cross-validation allow."""

from collections import Counter
from collections.abc import Sequence

from stages.lib.model.folds import most_folds
from stages.lib.runtime.faults import InputFaults


def refuse_too_many_folds(table: str, labels: Sequence[str], recordings: Sequence[str], fold_count: int) -> None:
    """Refuse to make more folds than the clips allow.

    Two folds would leave one to learn from, and nothing of another recording to calibrate by.
    """
    most = most_folds(labels, recordings)
    counts = Counter(labels)
    held = ", ".join(
        [*(f"{count} {label}" for label, count in sorted(counts.items())), f"{len(set(recordings))} recordings"]
    )
    if most < 3:
        raise InputFaults([f"{table}: holds too little for a cross-validation ({held}); label more recordings"])
    if not 3 <= fold_count <= most:
        raise InputFaults([f"--folds {fold_count}: {table} allows from 3 to {most} ({held}); give a number between"])
