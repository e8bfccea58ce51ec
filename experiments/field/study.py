"""Train a model, score recordings, review some of their windows and train again, in one process."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.field.sound import FOLDER, FieldData
from stages.lib.model.calibration import probability
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.runtime.atomic_write import atomic_write
from stages.lib.runtime.params import read_params
from stages.lib.tables.clips import CALL, Clip
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model
from tools.lib.draws.candidates import Candidate, candidates_of
from tools.lib.draws.sampling import draw, most_uncertain, surest

TRAIN, VALID = 1254, 140
SCORES = FOLDER / "scores"
UNCERTAIN, SUREST = "uncertain", "surest"


class Review(NamedTuple):
    """How some recordings are reviewed.

    Attributes
    ----------
    half : int
        The reviewed half of the recordings, 0 or 1.
    count : int
        Number of reviewed windows.
    weight : float
        Weight of each answer in training; a published clip has weight 1.
    instead : str
        Empty if all windows are drawn at random. Otherwise half of them are the most `uncertain` ones, or the `surest`
        ones, as if a person goes through the detections from the highest score down.
    """

    half: int
    count: int
    weight: float
    instead: str = ""


NOTHING = Review(0, 0, 1.0)


class Scored(NamedTuple):
    """Calibrated log-odds by a model.

    Attributes
    ----------
    of_windows : dict
        From each long recording to an ndarray of float, with the score of each window.
    of_known : ndarray of float, shape (clips,)
        Scores of the published clips that the model has not learned from, in order.
    reviewed : list of str
        Ids of the windows that it has learned from.
    """

    of_windows: dict[str, np.ndarray]
    of_known: np.ndarray
    reviewed: list[str]


def halves(data: FieldData) -> tuple[list[str], list[str]]:
    """Divide the recordings into two halves, which alternate in order of names, so that each half has both sites."""
    names = sorted(data.windows)
    return names[::2], names[1::2]


def drawn_clips(data: FieldData, seed: int) -> tuple[list[Clip], list[Clip], list[Clip]]:
    """Divide the published clips at random: clips to train on, clips to calibrate by, and the others."""
    order = np.random.default_rng(seed).permutation(len(data.known))
    chosen = [data.known[position] for position in order]
    return chosen[:TRAIN], chosen[TRAIN : TRAIN + VALID], chosen[TRAIN + VALID :]


def candidates_in(data: FieldData, scored: Scored, names: Sequence[str], scores: str = "p_call") -> list[Candidate]:
    """Return the candidates of some recordings, scored by `p_call` or `log_odds`."""
    found = []
    for name in names:
        clips, values = data.windows[name], scored.of_windows[name]
        if scores == "p_call":
            values = probability(values, 1.0)
        starts_s = np.array([clip.start_s for clip in clips])
        found += candidates_of(name, clips[0].site, starts_s, values, data.clip_s)
    return found


def reviewed_windows(data: FieldData, scored: Scored, review: Review, seed: int) -> list[Clip]:
    """Return the windows of a review. Their labels come from the published annotations."""
    at = {(name, clip.start_s): clip for name, clips in data.windows.items() for clip in clips}
    candidates = candidates_in(data, scored, halves(data)[review.half])
    chosen = review.count // 2 if review.instead else 0
    drawn = list(draw(candidates, review.count - chosen, str(seed)))
    rest = set(candidates) - set(drawn)
    if review.instead == SUREST:
        drawn += surest(rest, chosen)
    elif review.instead == UNCERTAIN:
        drawn += most_uncertain(rest, chosen)
    return [at[one.recording, one.start_s] for one in drawn]


def scores_with(data: FieldData, seed: int, review: Review = NOTHING) -> Scored:
    """Return the scores of a model trained on published clips and a review; they are stored between runs."""
    kind = "-".join(data.features.views)
    path = SCORES / f"{'-'.join([kind, str(seed), *(map(str, review) if review.count else [])])}.npz"
    if not path.exists():
        write_scores(path, trained_and_scored(data, seed, review))
    return read_scores(path)


def trained_and_scored(data: FieldData, seed: int, review: Review) -> Scored:
    """Train a model and score all windows with it."""
    train, valid, others = drawn_clips(data, seed)
    answered = reviewed_windows(data, scores_with(data, seed), review, seed) if review.count else []
    clips = [*train, *answered]
    weights = [1.0] * len(train) + [review.weight] * len(answered)
    model, _ = train_new_model(
        data.features,
        LabelledClips([clip.clip_id for clip in clips], [clip.label for clip in clips], weights),
        LabelledClips.unweighted([clip.clip_id for clip in valid], [clip.label for clip in valid]),
        read_params("train", TrainParams).model_copy(update={"seed": seed}),
    )
    of_windows = {
        name: calibrated_log_odds(model, data.features, [clip.clip_id for clip in windows])
        for name, windows in data.windows.items()
    }
    of_known = calibrated_log_odds(model, data.features, [clip.clip_id for clip in others])
    return Scored(of_windows, of_known, [clip.clip_id for clip in answered])


def write_scores(path: Path, scored: Scored) -> None:
    """Store scores."""
    with atomic_write(path) as partial:
        np.savez(partial, known=scored.of_known, reviewed=np.array(scored.reviewed, str), **scored.of_windows)


def read_scores(path: Path) -> Scored:
    """Read stored scores."""
    with np.load(path, allow_pickle=False) as arrays:
        of_windows = {name: arrays[name] for name in arrays.files if name not in ("known", "reviewed")}
        return Scored(of_windows, arrays["known"], arrays["reviewed"].tolist())


def is_call_of(clips: Sequence[Clip]) -> np.ndarray:
    """Tell for each clip whether it is a call: ndarray of bool, shape (clips,)."""
    return np.array([clip.label == CALL for clip in clips])
