import numpy as np
import pytest

from stages.lib.measures import comparison
from stages.lib.measures.comparison import rounded, spread_of_change, training_remark, verdict

RANDOM = np.random.default_rng(0)
IS_CALL = RANDOM.random(100) < 0.5
GUESSED = RANDOM.normal(size=100)
RIGHT = np.where(IS_CALL, 2.0, -2.0)
MEASURES = ("accuracy", "sensitivity", "specificity", "roc_auc", "average_precision")


UNKNOWN = {"training_spread": {"accuracy": None}}


def compare(is_call: np.ndarray, before: np.ndarray, after: np.ndarray) -> dict:
    """Compare on clips that are independent, by models of one network."""
    return comparison.compare(is_call, before, after, [f"sea{clip}" for clip in range(len(is_call))]) | UNKNOWN


@pytest.fixture(scope="module")
def improvement() -> dict:
    return compare(IS_CALL, GUESSED, RIGHT)


def test_identical_models_do_not_differ():
    change = compare(IS_CALL, GUESSED, GUESSED)
    assert [change[name] for name in MEASURES] == [0] * 5
    assert change["intervals"] == {name: {"low": 0, "high": 0} for name in MEASURES}
    assert change["permutation_p"] == 1


def test_the_change_is_after_less_before(improvement):
    assert improvement["accuracy"] == pytest.approx(1 - np.mean((GUESSED > 0) == IS_CALL), abs=1e-6)


def test_the_change_lies_in_its_interval(improvement):
    for name in MEASURES:
        assert improvement["intervals"][name]["low"] <= improvement[name] <= improvement["intervals"][name]["high"]


def test_a_great_change_is_larger_than_chance(improvement):
    assert verdict(improvement).endswith("is larger than chance.")


def test_two_clips_of_201_are_no_larger_than_chance():
    # The study: 166 clips right before, 168 after; even with as few clips that differ as there can be.
    is_call = np.ones(201, bool)
    is_call[100:] = False
    before, after = np.where(is_call, 2.0, -2.0), np.where(is_call, 2.0, -2.0)
    before[:35] *= -1
    after[:33] *= -1
    sentence = verdict(compare(is_call, before, after))
    assert sentence.startswith("The change in accuracy, +0.0100 ")
    assert sentence.endswith("is no larger than chance.")


def a_change(low: float, high: float, p_value: float, spread: float | None = None) -> dict:
    return {
        "accuracy": 0.05,
        "intervals": {"accuracy": {"low": low, "high": high}},
        "permutation_p": p_value,
        "training_spread": {"accuracy": spread},
    }


def test_a_change_for_the_worse_can_be_larger_than_chance():
    assert verdict(a_change(-0.11, -0.01, 0.001)).endswith("is larger than chance.")


@pytest.mark.parametrize(("low", "high"), [(-0.01, 0.11), (0.0, 0.1), (-0.1, 0.0), (0.0, 0.0)])
def test_a_change_is_no_larger_than_chance_when_its_interval_includes_zero(low, high):
    assert verdict(a_change(low, high, 0.001)).endswith("is no larger than chance.")


def test_a_change_is_no_larger_than_chance_when_the_exact_test_disagrees():
    assert verdict(a_change(0.01, 0.09, 0.0501)).endswith("is no larger than chance.")


def test_a_change_is_no_larger_than_chance_when_another_training_seed_could_make_it():
    assert verdict(a_change(0.01, 0.09, 0.001, spread=0.024)).endswith("is larger than chance.")
    assert verdict(a_change(0.01, 0.09, 0.001, spread=0.026)).endswith("is no larger than chance.")


def test_the_spread_of_a_change_is_known_where_both_are():
    assert spread_of_change(0.003, 0.004) == 0.005
    assert spread_of_change(None, 0.004) is spread_of_change(0.003, None) is None


def test_what_the_intervals_leave_out_is_said():
    assert training_remark(0.0123).endswith(
        "also move the change in accuracy, by about 0.0123 (one standard deviation)."
    )
    assert "how far is unknown" in training_remark(None)
    # Networks that happen to be right equally often do not show that a seed makes no difference.
    assert training_remark(0.0).endswith("No effect of other training seeds on the change in accuracy was measured.")


def test_the_verdict_names_change_interval_and_p_value():
    assert verdict(a_change(0.01, 0.09, 0.012)) == (
        "The change in accuracy, +0.0500 (95 % interval +0.0100 to +0.0900, permutation test p = 0.012), "
        "is larger than chance."
    )


def test_a_p_value_is_never_nothing():
    assert "permutation test p < 0.000001)," in verdict(a_change(0.2, 0.4, 1.3e-12))
    assert "permutation test p < 0.000001)," in verdict(a_change(0.2, 0.4, 0.0))


def test_clips_that_change_together_make_no_change_larger_than_chance():
    """One of 20 recordings, of ten clips each, is got right that was not."""
    is_call = np.arange(200) % 2 == 0
    after = np.where(is_call, 2.0, -2.0)
    before = after.copy()
    before[:10] *= -1
    assert verdict(compare(is_call, before, after)).endswith("is larger than chance.")
    by_recording = comparison.compare(is_call, before, after, [f"sea{clip // 10}" for clip in range(200)]) | UNKNOWN
    assert by_recording["intervals"]["accuracy"]["low"] == 0
    assert by_recording["permutation_p"] == 1
    assert verdict(by_recording).endswith("is no larger than chance.")


def test_a_rounded_zero_has_no_minus_sign():
    assert str(rounded(-1e-9)) == "0.0"
