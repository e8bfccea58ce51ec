"""How many folds the clips of a cross-validation allow."""

from collections import Counter
from collections.abc import Sequence

from stages.lib.model.folds import most_folds
from stages.lib.runtime.faults import InputFaults


def refuse_too_many_folds(table: str, labels: Sequence[str], recordings: Sequence[str], fold_count: int) -> None:
    """Refuse a number of folds that the clips do not allow.

    With two folds, training would use one fold, and no other recording would be left for calibration.
    """
    most = most_folds(labels, recordings)
    counts = Counter(labels)
    held = ", ".join(
        [*(f"{count} {label}" for label, count in sorted(counts.items())), f"{len(set(recordings))} recordings"]
    )
    if most < 3:
        raise InputFaults([f"{table}: has too few clips for a cross-validation ({held}); label more recordings"])
    if not 3 <= fold_count <= most:
        raise InputFaults([f"--folds {fold_count}: {table} allows 3 to {most} ({held}); give a number in this range"])
