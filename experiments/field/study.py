"""Train, go over recordings, review some of their windows, train again: the loop in one process."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.field.sound import FOLDER, Sea
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
        Which half of the recordings is reviewed, 0 or 1.
    count : int
        How many windows are drawn; 0 for none.
    weight : float
        What each answer weighs in training, where a published clip weighs 1.
    instead : str
        Empty where all windows are drawn at random. Otherwise half of them are the most `uncertain` ones, or the
        `surest` ones, as by a person who goes through the tables of detections from the highest score on.
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
        From each long recording to an ndarray of float, a number for each window.
    of_known : ndarray of float, shape (clips,)
        Of the published clips that the model has not seen, in order.
    reviewed : list of str
        The ids of the windows that it has learned from.
    """

    of_windows: dict[str, np.ndarray]
    of_known: np.ndarray
    reviewed: list[str]


def halves(sea: Sea) -> tuple[list[str], list[str]]:
    """Return every second recording in the order of their names, and the others: both halves have both sites."""
    names = sorted(sea.windows)
    return names[::2], names[1::2]


def drawn_clips(sea: Sea, seed: int) -> tuple[list[Clip], list[Clip], list[Clip]]:
    """Draw the published clips to train on and to calibrate by; return the others as well."""
    order = np.random.default_rng(seed).permutation(len(sea.known))
    chosen = [sea.known[position] for position in order]
    return chosen[:TRAIN], chosen[TRAIN : TRAIN + VALID], chosen[TRAIN + VALID :]


def candidates_in(sea: Sea, scored: Scored, names: Sequence[str], scores: str = "p_call") -> list[Candidate]:
    """Return the candidates of some recordings; their scores are probabilities, or `log_odds`."""
    found = []
    for name in names:
        clips, values = sea.windows[name], scored.of_windows[name]
        if scores == "p_call":
            values = probability(values, 1.0)
        starts_s = np.array([clip.start_s for clip in clips])
        found += candidates_of(name, clips[0].site, starts_s, values, sea.clip_s)
    return found


def reviewed_windows(sea: Sea, scored: Scored, review: Review, seed: int) -> list[Clip]:
    """Return the windows that are drawn; what the published annotations say of each is its answer."""
    at = {(name, clip.start_s): clip for name, clips in sea.windows.items() for clip in clips}
    candidates = candidates_in(sea, scored, halves(sea)[review.half])
    chosen = review.count // 2 if review.instead else 0
    drawn = list(draw(candidates, review.count - chosen, str(seed)))
    rest = set(candidates) - set(drawn)
    if review.instead == SUREST:
        drawn += surest(rest, chosen)
    elif review.instead == UNCERTAIN:
        drawn += most_uncertain(rest, chosen)
    return [at[one.recording, one.start_s] for one in drawn]


def scores_with(sea: Sea, seed: int, review: Review = NOTHING) -> Scored:
    """Return the scores of a model that has learned from published clips and from a review, kept between runs."""
    kind = "-".join(sea.features.views)
    path = SCORES / f"{'-'.join([kind, str(seed), *(map(str, review) if review.count else [])])}.npz"
    if not path.exists():
        write_scores(path, trained_and_scored(sea, seed, review))
    return read_scores(path)


def trained_and_scored(sea: Sea, seed: int, review: Review) -> Scored:
    """Train a model and score all windows with it."""
    train, valid, others = drawn_clips(sea, seed)
    answered = reviewed_windows(sea, scores_with(sea, seed), review, seed) if review.count else []
    clips = [*train, *answered]
    weights = [1.0] * len(train) + [review.weight] * len(answered)
    model, _ = train_new_model(
        sea.features,
        LabelledClips([clip.clip_id for clip in clips], [clip.label for clip in clips], weights),
        LabelledClips.unweighted([clip.clip_id for clip in valid], [clip.label for clip in valid]),
        read_params("train", TrainParams).model_copy(update={"seed": seed}),
    )
    of_windows = {
        name: calibrated_log_odds(model, sea.features, [clip.clip_id for clip in windows])
        for name, windows in sea.windows.items()
    }
    of_known = calibrated_log_odds(model, sea.features, [clip.clip_id for clip in others])
    return Scored(of_windows, of_known, [clip.clip_id for clip in answered])


def write_scores(path: Path, scored: Scored) -> None:
    """Keep scores."""
    with atomic_write(path) as partial:
        np.savez(partial, known=scored.of_known, reviewed=np.array(scored.reviewed, str), **scored.of_windows)


def read_scores(path: Path) -> Scored:
    """Read kept scores."""
    with np.load(path, allow_pickle=False) as arrays:
        of_windows = {name: arrays[name] for name in arrays.files if name not in ("known", "reviewed")}
        return Scored(of_windows, arrays["known"], arrays["reviewed"].tolist())


def is_call_of(clips: Sequence[Clip]) -> np.ndarray:
    """Return which clips are calls: bool of shape (clips,)."""
    return np.array([clip.label == CALL for clip in clips])
