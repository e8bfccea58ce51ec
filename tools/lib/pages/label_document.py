"""The page where people listen to clips and label them: clips of the queue, or windows of a detector run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.table import FORMULA, NUMBER
from stages.lib.tables.expert import COLUMNS, LABELS
from tools.lib.pages.clip_parts import Shown, clip_parts, media_blocks
from tools.lib.pages.document import document

STYLES = ("base.css", "spectrogram.css", "label_page.css")
SCRIPTS = (
    "player.js",
    "spectrogram.js",
    "clip_media.js",
    "expert_csv.js",
    "answer_store.js",
    "screens.js",
    "annotator.js",
    "label_page.js",
)


def label_document(
    name: str,
    clips: Sequence[Shown],
    params: FeatureParams,
    *,
    scores: Mapping[str, float],
    answered_by: Mapping[str, Sequence[str]],
    table: Path | None,
) -> str:
    """Return the page.

    Parameters
    ----------
    name : str
        The data set or run that the clips are from.
    clips : sequence of Shown
    params : FeatureParams
    scores : mapping
        From clip id to the model's score; clips may be missing. The page hides it until the answers are final.
    answered_by : mapping
        From clip id to the annotators who have already answered. Their answers are not on the page.
    table : Path or None
        The table that the rows of the page can be added to by hand; None if only a command can take them.

    Raises
    ------
    InputFaults
        With every clip whose recording is missing.
    """
    parts = clip_parts(clips, params, "label page")
    page = {
        "dataset": name,
        "digest": digest_of(name, clips, params),
        "table": table and str(table),
        "columns": COLUMNS,
        "labels": LABELS,
        "formula": FORMULA.pattern,
        "number": NUMBER.pattern,
        "clips": [
            about
            | {"score": scores.get(shown.clip.clip_id), "answered_by": sorted(answered_by.get(shown.clip.clip_id, []))}
            for shown, (about, _) in zip(clips, parts, strict=True)
        ],
    }
    title = f"{len(clips)} clips of {name}"
    return document("label_page.html", title, STYLES, SCRIPTS, {"page": page} | media_blocks(parts))


def digest_of(name: str, clips: Sequence[Shown], params: FeatureParams) -> str:
    """Return the digest of all clips of a page: the browser keeps the answers under it, and pages must not share it."""
    content = json.dumps([name, params.clip_s, [shown.clip.clip_id for shown in clips]])
    return hashlib.sha256(content.encode()).hexdigest()
