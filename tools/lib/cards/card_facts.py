"""What the model card and the data card are made from: the last run of the pipeline, and nothing else."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import DataParams
from stages.lib.tables.clips import CALL, NOCALL, UNLABELLED, Clip, read_clips
from stages.lib.tables.merged import MERGED, MergedClip, read_merged
from stages.lib.tables.split import SPLIT, SplitClip, read_split
from tools.lib.cards.lock import Lock, differences, read_lock
from tools.lib.markdown import code
from tools.lib.recordings.data_set import SYNTHETIC
from tools.lib.review.accuracy_change import EVALUATION, REPORT, TestOutcome, read_outcome
from tools.lib.review.freshness import CONFUSION

LABELS = Path("metrics/labels.json")
LABEL_NAMES = {CALL: "calls", NOCALL: "no-calls", UNLABELLED: "unlabelled"}


class Facts(NamedTuple):
    """The last run of the pipeline.

    Attributes
    ----------
    lock : Lock
    evaluation, labels : dict
        The metrics of `evaluate` and of `merge_labels`.
    verdict : str
        What the labels were worth, in one sentence.
    outcome : TestOutcome
        The retrained model on the test clips.
    clips : list of Clip
    split : list of SplitClip
    merged : list of MergedClip
    """

    lock: Lock
    evaluation: dict[str, Any]
    labels: dict[str, Any]
    verdict: str
    outcome: TestOutcome
    clips: list[Clip]
    split: list[SplitClip]
    merged: list[MergedClip]

    @property
    def data(self) -> DataParams:
        """The data set."""
        return DataParams(dataset=self.lock.params["data.dataset"])

    @property
    def is_synthetic(self) -> bool:
        """Whether nobody has recorded the sound."""
        return self.data.dataset == SYNTHETIC

    @property
    def site_of(self) -> dict[str, str]:
        """The site of each clip by its id; empty where none is named."""
        return {clip.clip_id: clip.site for clip in self.clips}


def read_facts() -> Facts:
    """Read the outputs of the last run.

    Raises
    ------
    InputFaults
        Where any of them is missing, or is not the one that dvc.lock knows.
    """
    lock = read_lock()
    clips = Path("data") / str(lock.params.get("data.dataset")) / "clips.csv"
    refuse(differences(lock, [clips, SPLIT, MERGED, EVALUATION, LABELS, REPORT, CONFUSION]))
    outcome = read_outcome(Path())
    if outcome is None:
        raise InputFaults([f"{CONFUSION}: cannot be read; run dvc repro evaluate"])
    return Facts(
        lock,
        json.loads(EVALUATION.read_text(encoding="utf-8")),
        json.loads(LABELS.read_text(encoding="utf-8")),
        REPORT.read_text(encoding="utf-8").strip().rpartition("\n")[2],
        outcome,
        read_clips(clips),
        read_split(),
        read_merged(),
    )


def label_counts(labels: Iterable[str]) -> str:
    """Return how many calls, no-calls and unlabelled clips there are, as in `3 calls, 5 no-calls`."""
    counts = Counter(labels)
    return ", ".join(f"{counts[label]:,} {name}" for label, name in LABEL_NAMES.items() if counts[label]) or "none"


def site_name(site: str) -> str:
    """Return the name of a site in Markdown."""
    return code(site) or "(none named)"
