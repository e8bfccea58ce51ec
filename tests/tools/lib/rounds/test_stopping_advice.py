import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tools.lib.rounds.rounds_table import Round
from tools.lib.rounds.stopping_advice import advice, agreement, signs

ROUND = Round(*[""] * len(Round._fields))
LEFT = 40  # Pool clips.
decisions = st.dictionaries(st.integers(0, 20).map(str), st.sampled_from(["call", "nocall", "uncertain"]))


def closed(kappa: str = "0.5", uncertain: str = "0.2", low: str = "-0.01", high: str = "0.02") -> Round:
    return ROUND._replace(
        agreement=kappa,
        uncertain_share=uncertain,
        accuracy_before="0.8",
        accuracy_after=str(0.8 + (float(low) + float(high)) / 2),
        change_low=low,
        change_high=high,
    )


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
    ("row", "there"),
    [
        (closed(), [False, False, True]),
        (closed(kappa="0.99"), [True, False, True]),
        (closed(kappa=""), [False, False, True]),
        (closed(uncertain="0.049"), [False, True, True]),
        (closed(uncertain="0.05"), [False, False, True]),
        (closed(low="0.001"), [False, False, False]),
        (closed(low="-0.05", high="-0.01"), [False, False, False]),
        (closed(low="0.0", high="0.0"), [False, False, True]),
    ],
)
def test_each_sign_is_told_by_its_own_number(row, there):
    assert [sign.there for sign in signs(row, 0.001, LEFT)] == there


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (closed(), "go on"),
        (closed(kappa="1.0"), "stop"),
        (closed(uncertain="0.01"), "stop"),
        (closed(kappa="1.0", uncertain="0.01"), "stop"),
        (closed(kappa="1.0", uncertain="0.01", low="0.01", high="0.04"), "go on"),
    ],
)
def test_the_advice_is_to_stop_where_nothing_is_gained_and_little_is_left(row, verdict):
    assert advice(row, 0.001, LEFT).splitlines()[-1].startswith(f"Advice: {verdict}")


def test_no_advice_is_to_ask_about_a_pool_in_which_no_clip_is_left():
    """The model was uncertain about a fifth of it, and experts have heard all."""
    unmeasured = closed()._replace(accuracy_before="", accuracy_after="", change_low="", change_high="")
    rose = closed(low="0.02", high="0.08")
    assert signs(closed(), 0.001, 0)[1].there
    assert "the pool is nearly settled: no clip is left in it" in advice(closed(), 0.001, 0)
    for row, verdict in ((closed(), "stop here"), (unmeasured, "measure the model"), (rose, "go on")):
        assert advice(row, 0.001, 0).splitlines()[-1].startswith(f"Advice: {verdict}")
    assert "so add recordings first (python -m tools.add_recordings)" in advice(rose, 0.001, 0)


def test_a_fall_of_accuracy_is_called_one():
    fell = advice(closed(kappa="1.0", low="-0.08", high="-0.02"), 0.001, LEFT).splitlines()[-1]
    assert fell.startswith(
        "Advice: check the labels of this round before you go on. The accuracy fell by more than chance"
    )
    rose = advice(closed(low="0.02", high="0.08"), 0.001, LEFT).splitlines()[-1]
    assert rose == "Advice: go on. The accuracy rose by more than chance with the labels of this round."


def test_every_sign_comes_with_its_reason():
    text = advice(closed(kappa="0.874", uncertain="0.123", low="-0.0149", high="0.0448"), 0.0123, LEFT)
    assert "is 0.87 (below 0.99)" in text
    assert "uncertain about 12.3% of it (not less than 5%)" in text
    assert "-0.015 to +0.045, includes zero. The intervals know only" in text
    assert "by about 0.0123 (one standard deviation)" in text


def test_a_gain_that_another_training_seed_could_bring_is_none():
    row = closed(kappa="1.0", low="0.01", high="0.03")
    assert advice(row, 0.009, LEFT).splitlines()[-1].startswith("Advice: go on. The accuracy rose")
    assert advice(row, 0.011, LEFT).splitlines()[-1].startswith("Advice: stop")
    assert advice(row, None, LEFT).splitlines()[-1].startswith("Advice: go on. The accuracy rose")


@pytest.mark.parametrize(
    ("kappa", "verdict"),
    [
        ("0.5", "Advice: go on. "),
        ("1.0", "Advice: measure the model before you stop: label test clips, "),
    ],
)
def test_nothing_is_said_of_a_gain_that_is_not_measured(kappa, verdict):
    row = closed(kappa=kappa)._replace(accuracy_before="", accuracy_after="", change_low="", change_high="")
    assert [sign.there for sign in signs(row, None, LEFT)] == [kappa == "1.0", False, None]
    lines = advice(row, None, LEFT).splitlines()
    assert lines[3].startswith(
        "  ?    the gain is no larger than chance: it is not known, because there are no test clips"
    )
    assert lines[-1].startswith(verdict)
