import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tools.lib.rounds.rounds_table import Round
from tools.lib.rounds.stopping_advice import advice, agreement, signs

ROUND = Round(*[""] * len(Round._fields))
LEFT = 40  # Pool clips.
decisions = st.dictionaries(st.integers(0, 20).map(str), st.sampled_from(["call", "nocall", "uncertain"]))


def closed(kappa: str = "0.5", uncertain: str = "0.2") -> Round:
    return ROUND._replace(agreement=kappa, uncertain_share=uncertain)


def change(low: float = -0.01, high: float = 0.02, p_value: float = 0.01, spread: float | None = 0.001) -> dict:
    """Return a change in accuracy in the middle of its interval."""
    return {
        "accuracy": (low + high) / 2,
        "intervals": {"accuracy": {"low": low, "high": high}},
        "permutation_p": p_value,
        "training_spread": {"accuracy": spread},
    }


@given(decisions, decisions)
def test_agreement_is_the_kappa_of_the_clips_in_common(before, now):
    kappa = agreement(before, now)
    common = before.keys() & now.keys()
    pairs = [(before[clip_id], now[clip_id]) for clip_id in common]
    if not common:
        assert kappa is None
    elif all(first == second for first, second in pairs):
        assert kappa == 1
    else:
        assert kappa == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)))


@pytest.mark.parametrize(
    ("row", "measured", "there"),
    [
        (closed(), change(), [False, False, True]),
        (closed(kappa="0.99"), change(), [True, False, True]),
        (closed(kappa=""), change(), [None, False, True]),
        (closed(uncertain="0.049"), change(), [False, True, True]),
        (closed(uncertain="0.05"), change(), [False, False, True]),
        (closed(), change(low=0.001), [False, False, False]),
        (closed(), change(low=-0.05, high=-0.01), [False, False, False]),
        (closed(), change(low=0.0, high=0.0), [False, False, True]),
        (closed(), change(low=0.001, p_value=0.06), [False, False, True]),
    ],
)
def test_each_sign_is_told_by_its_own_number(row, measured, there):
    assert [sign.there for sign in signs(row, measured, LEFT)] == there


@pytest.mark.parametrize(
    ("row", "measured", "verdict"),
    [
        (closed(), change(), "go on"),
        (closed(kappa="1.0"), change(), "stop"),
        (closed(uncertain="0.01"), change(), "stop"),
        (closed(kappa="1.0", uncertain="0.01"), change(), "stop"),
        (closed(kappa="1.0", uncertain="0.01"), change(low=0.01, high=0.04), "go on"),
        (closed(kappa="1.0", uncertain="0.01"), change(low=0.01, high=0.04, p_value=0.06), "stop"),
    ],
)
def test_the_advice_is_to_stop_where_nothing_is_gained_and_little_is_left(row, measured, verdict):
    assert advice(row, measured, LEFT).splitlines()[-1].startswith(f"Advice: {verdict}")


def test_no_advice_is_to_ask_about_a_pool_in_which_no_clip_is_left():
    """The model was uncertain about a fifth of it, and experts have heard all."""
    rose = change(low=0.02, high=0.08)
    assert signs(closed(), change(), 0)[1].there
    assert "the pool is nearly settled: no clip is left in it" in advice(closed(), change(), 0)
    for measured, verdict in ((change(), "stop here"), (None, "measure the model"), (rose, "go on")):
        assert advice(closed(), measured, 0).splitlines()[-1].startswith(f"Advice: {verdict}")
    assert "so add recordings first (python -m tools.add_recordings)" in advice(closed(), rose, 0)


def test_a_fall_of_accuracy_is_called_one():
    fell = advice(closed(kappa="1.0"), change(low=-0.08, high=-0.02), LEFT).splitlines()[-1]
    assert fell.startswith(
        "Advice: check the labels of this round before you go on. The accuracy fell by more than chance"
    )
    rose = advice(closed(), change(low=0.02, high=0.08), LEFT).splitlines()[-1]
    assert rose == "Advice: go on. The accuracy rose by more than chance with the labels of this round."


def test_every_sign_comes_with_its_reason():
    measured = change(low=-0.0149, high=0.0449, p_value=0.5, spread=0.0123)
    text = advice(closed(kappa="0.874", uncertain="0.123"), measured, LEFT)
    assert "is 0.87 (below 0.99)" in text
    assert "uncertain about 12.3% of it (not less than 5%)" in text
    assert (
        ": the change in accuracy, +0.0150 (95 % interval -0.0149 to +0.0449, permutation test p = 0.5), is no larger "
        "than chance. The intervals cover only"
    ) in text
    assert "by about 0.0123 (one standard deviation)" in text


def test_a_gain_that_another_training_seed_could_bring_is_none():
    row = closed(kappa="1.0")
    for spread, verdict in ((0.009, "go on. The accuracy rose"), (0.011, "stop"), (None, "go on. The accuracy rose")):
        said = advice(row, change(low=0.01, high=0.03, spread=spread), LEFT).splitlines()[-1]
        assert said.startswith(f"Advice: {verdict}")


@pytest.mark.parametrize(
    ("kappa", "verdict"),
    [
        ("0.5", "Advice: go on. "),
        ("1.0", "Advice: measure the model before you stop: label test clips, "),
    ],
)
def test_nothing_is_said_of_a_gain_that_is_not_measured(kappa, verdict):
    row = closed(kappa=kappa)
    assert [sign.there for sign in signs(row, None, LEFT)] == [kappa == "1.0", False, None]
    lines = advice(row, None, LEFT).splitlines()
    assert lines[3].startswith(
        "  ?    the gain is no larger than chance: it is not known, because there are no test clips"
    )
    assert lines[-1].startswith(verdict)
