"""Turn verdicts into rows of labels/expert.csv and labels/reviews.csv."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from stages.lib.runtime.table import Row
from stages.lib.tables.clips import Clip
from stages.lib.tables.expert import COLUMNS, caseless, respelt, spellings
from stages.lib.tables.reviews import Review
from tools.lib.answers.answer_merging import GivenAnswer, Key
from tools.lib.detection.run_record import RunRecording
from tools.lib.verdicts.verdicts import Verdict


def that_count(
    verdicts: Iterable[Verdict],
    clips: Mapping[tuple[str, float], Clip],
    drawn: Collection[tuple[str, float]],
    present: Iterable[Row],
) -> list[Verdict]:
    """Leave out verdicts that replace an answer, if this answer was never given, or was given on the page of a draw.

    Parameters
    ----------
    verdicts : iterable of Verdict
    clips : mapping
        From recording and start to the clip of each window that was reviewed before.
    drawn : collection of tuple
        Recording and start of each window that was drawn.
    present : iterable of Row
        The answers of labels/expert.csv.
    """
    label_of = {(row.cells["clip_id"], caseless(row.cells["annotator"])): row.cells["label"] for row in present}

    def counts(one: Verdict) -> bool:
        place = one.recording, one.start_s
        clip = None if place in drawn else clips.get(place)
        return clip is not None and label_of.get((clip.clip_id, caseless(one.annotator))) == one.instead_of

    return [one for one in verdicts if not one.instead_of or counts(one)]


def given_answers(verdicts: Sequence[Verdict], clip_ids: Sequence[str], present: Sequence[Row]) -> list[GivenAnswer]:
    """Turn each verdict into an answer.

    Parameters
    ----------
    verdicts : sequence of Verdict
    clip_ids : sequence of str
        The clip of each.
    present : sequence of Row
        The answers of labels/expert.csv, whose spelling of names is kept.
    """
    rows = [
        Row(0, dict(zip(COLUMNS, (clip_id, one.label, one.annotator, one.day, one.note), strict=True)))
        for one, clip_id in zip(verdicts, clip_ids, strict=True)
    ]
    return [
        GivenAnswer(row, one.place, f"the window of {one.recording} at {one.start_s:g} s")
        for row, one in zip(respelt(rows, spellings([*present, *rows])), verdicts, strict=True)
    ]


def reviews_of(
    run: str,
    verdicts: Sequence[Verdict],
    clip_ids: Sequence[str],
    drawn: Mapping[tuple[str, float], Review],
    recordings: Mapping[str, RunRecording],
) -> list[Review]:
    """Return a row of labels/reviews.csv for each verdict.

    Parameters
    ----------
    run : str
    verdicts : sequence of Verdict
    clip_ids : sequence of str
        The clip of each.
    drawn : mapping
        From recording and start to each window that was drawn, which keeps its weight.
    recordings : mapping
        From its name in the run to each recording.
    """
    reviews = []
    for one, clip_id in zip(verdicts, clip_ids, strict=True):
        place = one.recording, one.start_s
        placed = Review(run, "", clip_id, *place, recordings[one.recording].site, None, "", None)
        reviews.append(drawn[place]._replace(clip_id=clip_id) if one.own and place in drawn else placed)
    return reviews


def merged_reviews(present: Iterable[Review], given: Iterable[Review]) -> list[Review]:
    """Merge reviewed windows; a drawn window stays drawn, even if somebody has also added it by hand."""
    merged: dict[Key, Review] = {}
    for review in [*present, *given]:
        before = merged.get((review.run, review.clip_id))
        if before is None or (review.drawn and not before.drawn):
            merged[review.run, review.clip_id] = review
    return list(merged.values())
