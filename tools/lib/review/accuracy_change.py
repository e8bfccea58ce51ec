"""Compare the accuracy of the retrained model at a revision and now, clip by clip."""

import json
from hashlib import md5
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.cards.markdown import code, table
from stages.lib.intervals.bootstrap import drawing_units, interval_remark, paired_bootstrap, permutation_p
from stages.lib.measures.comparison import rounded, spread_of_change, training_remark, verdict
from stages.lib.measures.measures import CLASS_NAMES, OUTCOME_COLUMNS
from stages.lib.runtime.table import parse_table
from stages.lib.tables.expert import EXPERT
from tools.lib.wording import counted

LOCK = Path("dvc.lock")
REPORT, EVALUATION = Path("metrics/report.txt"), Path("metrics/evaluation.json")
CONFUSION = Path("metrics/plots/confusion_after.csv")
LONGEST_VERDICT = 400
NOT_COMPARED = "So the two accuracies cannot be compared clip by clip, and no interval or test is given."


class TestOutcome(NamedTuple):
    """The true class of each test clip and a model's decision, sorted by clip id.

    Attributes
    ----------
    clip_ids, recordings : list of str
    is_call, called : ndarray of bool, shape (clips,)
        The true class and the decision.
    training_spread : float or None
        How much another training seed would move the accuracy; None if unknown.
    """

    clip_ids: list[str]
    recordings: list[str]
    is_call: np.ndarray
    called: np.ndarray
    training_spread: float | None

    @property
    def right(self) -> np.ndarray:
        """Whether the model is right, for each clip."""
        return self.is_call == self.called


class Finding(NamedTuple):
    """The accuracy in a few words, and the details as lines of Markdown."""

    headline: str
    lines: list[str]


def read_outcome(folder: Path) -> TestOutcome | None:
    """Read the retrained model's decisions on the test clips; None if missing or unreadable."""
    rows, faults = parse_table(folder / CONFUSION, OUTCOME_COLUMNS)
    rows = sorted(rows, key=lambda row: row.cells["clip_id"])
    clip_ids, recordings, *classes = ([row.cells[name] for row in rows] for name in OUTCOME_COLUMNS)
    known = all(cell in CLASS_NAMES for cells in classes for cell in cells)
    if faults or not rows or not known or len(set(clip_ids)) < len(rows):
        return None
    is_call, called = (np.array([cell == CLASS_NAMES[0] for cell in cells]) for cells in classes)
    return TestOutcome(clip_ids, recordings, is_call, called, read_training_spread(folder))


def without_test_clips(folder: Path) -> bool:
    """Tell whether the models of a folder were evaluated without test clips, so that the table has no rows."""
    return parse_table(folder / CONFUSION, OUTCOME_COLUMNS) == ([], [])


def read_training_spread(folder: Path) -> float | None:
    """Read how much another training seed would move the accuracy of the retrained model; None if unknown."""
    try:
        evaluation = json.loads((folder / EVALUATION).read_text(encoding="utf-8"))
        return evaluation["after"]["training_spread"]["accuracy"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def labels_were_used(folder: Path) -> bool:
    """Tell whether the last `dvc repro` read the labels of a folder: dvc.lock then holds the digest of the file."""
    lock, labels = folder / LOCK, folder / EXPERT
    if not (lock.exists() and labels.exists()):
        return False
    return holds_digest(lock.read_bytes(), labels.read_bytes())


def holds_digest(lock: bytes, table: bytes) -> bool:
    """Tell whether dvc.lock holds the digest of a table, with the line endings of Unix, as in Git, or of Windows."""
    with_lf = table.replace(b"\r\n", b"\n")
    forms = (with_lf, with_lf.replace(b"\n", b"\r\n"))
    return any(md5(form, usedforsecurity=False).hexdigest().encode() in lock for form in forms)


def accuracy_change(before_folder: Path, after_folder: Path) -> Finding:
    """Compare the accuracy in two folders, as far as it was measured.

    Parameters
    ----------
    before_folder : Path
        A snapshot of the revision.
    after_folder : Path
        The repository.
    """
    before, after = read_outcome(before_folder), read_outcome(after_folder)
    if without_test_clips(after_folder):
        return Finding("no accuracy, because there are no test clips", ["Nothing is measured without test clips."])
    if after is None or not labels_were_used(after_folder):
        reason = f"{CONFUSION} cannot be read" if after is None else f"{EXPERT} has changed since the last dvc repro"
        return Finding("accuracy not measured yet; run dvc repro", [f"Not measured yet: {reason}. Run `dvc repro`."])
    of_baseline = ["", baseline_verdict(after_folder)]
    if before is None:
        headline = f"accuracy {after.right.mean():.3f}, none at the revision"
        unreadable = f"{CONFUSION} is not in the revision, or does not name its clips there, so nothing is compared."
        return Finding(headline, [unreadable, *of_baseline])
    finding = comparison(before, after)
    if not labels_were_used(before_folder):
        finding.lines.extend(["", f"The accuracy at the revision is from older labels: {EXPERT} is newer there."])
    return Finding(finding.headline, finding.lines + of_baseline)


def comparison(before: TestOutcome, after: TestOutcome) -> Finding:
    """Compare two models on the same clips; on different clips, give both numbers without an interval."""
    headline = f"accuracy {before.right.mean():.3f} -> {after.right.mean():.3f}"
    if before.clip_ids != after.clip_ids:
        return Finding(f"{headline}, on other test clips", [other_clips(before, after)])
    corrected = int(np.sum(before.is_call != after.is_call))
    if corrected:
        return Finding(
            f"{headline}, on test clips with other labels",
            [f"{counted(corrected, 'test clip')} had another label at the revision. {NOT_COMPARED}"],
        )
    gain = after.right.astype(float) - before.right
    bounds = paired_bootstrap(
        lambda drawn: (drawn @ gain / drawn.sum(axis=1))[:, None], drawing_units(after.recordings)
    )
    low, high = (rounded(bound[0]) for bound in bounds)
    spread = spread_of_change(before.training_spread, after.training_spread)
    change = {
        "accuracy": rounded(gain.mean()),
        "intervals": {"accuracy": {"low": low, "high": high}},
        "permutation_p": permutation_p(before.right, after.right, after.recordings),
        "training_spread": {"accuracy": spread},
    }
    subsets = {"accuracy": np.ones_like(before.is_call), "sensitivity": before.is_call, "specificity": ~before.is_call}
    rows = [
        (name, share(before.right[clips]), share(after.right[clips]), f"{rounded(gain[clips].mean()):+.3f}")
        for name, clips in subsets.items()
        if len(gain[clips])
    ]
    return Finding(
        f"{headline}, 95 % interval of the change {low:+.3f} to {high:+.3f}",
        [
            *table(("retrained model", "at the revision", "now", "change"), rows),
            "",
            verdict(change),
            "",
            f"{interval_remark(len(set(after.recordings)))} {training_remark(spread)}",
        ],
    )


def other_clips(before: TestOutcome, after: TestOutcome) -> str:
    """Say how many test clips are in both outcomes."""
    common = len(set(before.clip_ids) & set(after.clip_ids))
    return (
        f"The test clips differ: {len(before.clip_ids)} at the revision, {len(after.clip_ids)} now, {common} in both. "
        f"{NOT_COMPARED}"
    )


def share(right: np.ndarray) -> str:
    """Return the share of clips on which a model is right, with the counts."""
    return f"{right.mean():.3f} ({right.sum()} of {len(right)})"


def baseline_verdict(folder: Path) -> str:
    """Return the last line of the report, which gives the gain from the labels."""
    try:
        last = (folder / REPORT).read_text(encoding="utf-8").strip().rpartition("\n")[2]
    except (OSError, UnicodeDecodeError):
        return f"{REPORT} is missing or cannot be read; run `dvc repro`."
    return f"From the baseline to the retrained model, {REPORT} says: {code(last, longest=LONGEST_VERDICT)}"
