"""Advise when to stop labelling, by three signs, each with its reason."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from stages.lib.measures.comparison import is_larger_than_chance, training_remark, verdict
from tools.lib.rounds.rounds_table import Round

# Bloodgood and Vijay-Shanker (2009), "A method for stopping active learning based on stabilizing predictions", CoNLL:
# once successive models agree with a kappa of 0.99, they change little.
STABLE_KAPPA = 0.99
NEARLY_SETTLED = 0.05
WORDS = {True: "yes", False: "no ", None: "?  "}


class Sign(NamedTuple):
    """A sign that it is time to stop: whether it is present (None if nothing tells), and why."""

    name: str
    there: bool | None
    reason: str


def agreement(before: Mapping[str, str], now: Mapping[str, str]) -> float | None:
    """Return Cohen's kappa between two models on the pool clips that both have scored.

    Parameters
    ----------
    before, now : mapping
        From clip id to `call`, `nocall` or `uncertain`.

    Returns
    -------
    float or None
        At most 1; None if they have no clip in common.
    """
    from sklearn.metrics import cohen_kappa_score

    common = sorted(before.keys() & now.keys())
    if not common:
        return None
    decisions = [before[clip_id] for clip_id in common], [now[clip_id] for clip_id in common]
    # Kappa is undefined if both models make the same decision for every clip.
    return 1.0 if decisions[0] == decisions[1] else float(cohen_kappa_score(*decisions))


def signs(closed: Round, change: dict[str, Any] | None, left: int) -> list[Sign]:
    """Evaluate the three signs for a closed round; parameters as for `advice`."""
    return [stability(closed.agreement), settledness(closed.uncertain_share, left), no_gain(change)]


def stability(kappa: str) -> Sign:
    """Tell whether the model's decisions on the pool have stopped changing."""
    name = "the scores are stable"
    if not kappa:
        return Sign(name, None, "there is no previous round to compare with, or its scores are in no commit or cache")
    stable = float(kappa) >= STABLE_KAPPA
    return Sign(
        name,
        stable,
        f"Cohen's kappa between the model's decisions in this and the previous round is {float(kappa):.2f} "
        f"({'at least' if stable else 'below'} {STABLE_KAPPA})",
    )


def settledness(share: str, left: int) -> Sign:
    """Tell whether no clip is left in the pool, or the model is certain about nearly all of it."""
    name = "the pool is nearly settled"
    if not left:
        return Sign(name, True, "no clip is left in it")
    settled = float(share) < NEARLY_SETTLED
    return Sign(
        name,
        settled,
        f"the model was uncertain about {float(share):.1%} of it ({'less' if settled else 'not less'} than "
        f"{NEARLY_SETTLED:.0%})",
    )


def no_gain(change: dict[str, Any] | None) -> Sign:
    """Tell whether the last labels changed the accuracy no more than chance would, by the verdict of the report."""
    name = "the gain is no larger than chance"
    if change is None:
        return Sign(name, None, "it is not known, because there are no test clips (split.test)")
    said = verdict(change)
    reason = f"{said[0].lower()}{said[1:]} {training_remark(change['training_spread']['accuracy'])}"
    return Sign(name, not is_larger_than_chance(change), reason)


def advice(closed: Round, change: dict[str, Any] | None, left: int) -> str:
    """Advise to stop if the labels bring no measurable gain and the model has little left to ask.

    Without test clips, advise to measure before stopping.

    Parameters
    ----------
    closed : Round
    change : dict or None
        As metrics/evaluation.json has it; None without test clips.
    left : int
        The number of pool clips that can still be asked about.
    """
    stable, settled, useless = found = signs(closed, change, left)
    little_left = stable.there or settled.there
    lines = [f"  {WORDS[sign.there]}  {sign.name}: {sign.reason}" for sign in found]
    if change is None and little_left:
        advised = (
            "Advice: measure the model before you stop: label test clips, set split.test, run python -m tools.hold_out."
        )
    elif change is None:
        advised = "Advice: go on. The model still has clips to ask about, and nothing measures what the labels bring."
    elif useless.there and little_left:
        advised = "Advice: stop here, or add recordings of another kind."
    elif useless.there:
        advised = "Advice: go on. One round rarely shows a gain, and the model still has clips to ask about."
    elif change["accuracy"] < 0:
        advised = (
            "Advice: check the labels of this round before you go on. The accuracy fell by more than chance: see where "
            "they contradict the data set or each other (python -m tools.diff_labels)."
        )
    else:
        advised = "Advice: go on. The accuracy rose by more than chance with the labels of this round."
        if not left:
            advised += " No clip is left to ask about, so add recordings first (python -m tools.add_recordings)."
    return "\n".join(["Signs that it is time to stop:", *lines, advised])
