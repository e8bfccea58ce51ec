import pytest

from stages.lib.model_labels import ModelLabels, audit_error, error_rate, left_out_lines, model_weights, wrong_too_often
from stages.lib.tables.pool import PoolClip


def model_labels(use: bool = True, weight: float = 1.0, highest_error: float = 0.5) -> ModelLabels:
    return ModelLabels(use=use, weight=weight, highest_error=highest_error)


def audited(calls: list[bool], nocalls: list[bool]) -> dict:
    """Return an audit, by class, in which some labels were wrong."""
    drawn = [("call", wrong) for wrong in calls] + [("nocall", wrong) for wrong in nocalls]
    pool = [PoolClip(f"clip{number}", 0.9, label, "audit") for number, (label, _) in enumerate(drawn)]
    other = {"call": "nocall", "nocall": "call"}
    truth = {f"clip{number}": other[label] if wrong else label for number, (label, wrong) in enumerate(drawn)}
    return audit_error(pool, truth)


@pytest.mark.parametrize(
    ("params", "audit", "weights"),
    [
        (model_labels(), audited([], []), {"call": 1.0, "nocall": 1.0}),
        (model_labels(use=False), audited([], []), {}),
        (model_labels(weight=0.3), audited([False], [False]), {"call": 0.3, "nocall": 0.3}),
        (model_labels(highest_error=0.3), audited([True] * 4, [False] * 4), {"nocall": 1.0}),
        (model_labels(highest_error=0.3), audited([False], [True] * 4), {"call": 1.0}),
        (model_labels(highest_error=0.3), audited([True] * 3, [True] * 3), {"call": 1.0, "nocall": 1.0}),
        (model_labels(highest_error=0.2), audited([True], [False]), {"call": 1.0, "nocall": 1.0}),
        (model_labels(highest_error=0.5), audited([True] * 6, [True] * 5), {"nocall": 1.0}),
        (model_labels(highest_error=0.0), audited([True], [True]), {}),
    ],
)
def test_a_class_of_model_labels_counts_for_its_weight_unless_the_audit_found_too_many_wrong(params, audit, weights):
    assert model_weights(params, audit) == weights


@pytest.mark.parametrize("checked", [1, 2, 5, 10, 30])
@pytest.mark.parametrize("error", [0.1, 0.2, 0.5])
def test_a_class_is_seldom_left_out_that_is_not_wrong_more_often_than_it_may_be(error, checked):
    """The outcomes of all audits of so many clips, each with its probability."""
    from scipy.stats import binom

    params = model_labels(highest_error=error)
    left_out = [
        wrong
        for wrong in range(checked + 1)
        if wrong_too_often(audited([True] * wrong + [False] * (checked - wrong), [])["calls"], params)
    ]
    assert binom.pmf(left_out, checked, error).sum() <= 0.025


def test_the_audit_weighs_each_class_by_how_often_the_model_gives_it():
    pool = [PoolClip(f"c{number}", 0.9, "call", "audit" if number < 5 else "") for number in range(20)]
    pool += [PoolClip(f"n{number}", 0.1, "nocall", "audit" if number < 5 else "") for number in range(80)]
    pool += [PoolClip(f"u{number}", 0.5, "uncertain", "chosen") for number in range(50)]
    truth = {clip.clip_id: "call" for clip in pool}
    truth |= {f"n{number}": "nocall" for number in range(4)} | {"c0": "nocall", "c1": "nocall"}
    error = audit_error(pool, truth)
    assert (error["all"]["checked"], error["all"]["wrong"]) == (10, 3)
    assert error["all"]["rate"] == pytest.approx(0.2 * 2 / 5 + 0.8 * 1 / 5)
    assert error["all"]["rate_low"] < error["all"]["rate"] < error["all"]["rate_high"]


def test_clips_that_the_audit_never_draws_have_no_weight_in_it():
    """Reviewed windows, and clips that nobody could tell in an earlier round: the model labels none of them."""
    pool = [PoolClip(f"c{number}", 0.9, "call", "audit" if number < 5 else "") for number in range(20)]
    pool += [PoolClip(f"n{number}", 0.1, "nocall", "audit" if number < 5 else "") for number in range(20)]
    truth = {f"{name}{number}": "call" for name in "cn" for number in range(5)}
    rate = audit_error(pool, truth)["all"]["rate"]
    reviewed, undecided = ([f"{name}{number}" for number in range(300)] for name in ("reviewed", "undecided"))
    pool += [PoolClip(clip_id, 0.1, "nocall", "") for clip_id in [*reviewed, *undecided]]
    truth |= dict.fromkeys(reviewed, "nocall") | dict.fromkeys(undecided)
    assert audit_error(pool, truth, reviewed)["all"]["rate"] == rate == 0.5


def test_an_audit_of_one_class_says_nothing_of_both():
    pool = [PoolClip("c", 0.9, "call", "audit"), PoolClip("n", 0.1, "nocall", "audit")]
    error = audit_error(pool, {"c": "call"})
    assert error["all"] == {"checked": 1, "wrong": 0, "unsure": 0}
    assert error["calls"]["rate"] == 0
    # Of labels that the model never gives, nothing has to be known.
    assert audit_error(pool[:1], {"c": "call"})["all"]["rate"] == 0


def test_the_audit_counts_the_clips_that_nobody_could_tell():
    pool = [PoolClip(clip_id, 0.9, "call", "audit") for clip_id in "abcd"]
    error = audit_error(pool, {"a": "call", "b": None, "c": None, "elsewhere": None})
    assert {name: error[name]["unsure"] for name in error} == {"all": 2, "calls": 2, "nocalls": 0}
    assert error["calls"]["checked"] == 1


def test_it_is_said_which_labels_are_left_out_and_why():
    metrics = {"left_out": {"calls": 7, "nocalls": 0}, "audit_error": audited([True] * 6, [False])}
    assert left_out_lines(metrics, model_labels()) == [
        "The model's calls (7) are not used: 6 of 6 audited ones are wrong, so the error rate is at least 0.54, "
        "above the limit of 0.5.\n"
    ]
    assert left_out_lines(metrics, model_labels(highest_error=0.7)) == []
    assert left_out_lines(metrics, model_labels(use=False)) == [
        "The model's own labels are not used, as params.yaml says.\n"
    ]


def test_an_error_rate_has_the_wilson_interval():
    # Newcombe (1998), Statistics in Medicine 17, table I: 15 of 148.
    rate = error_rate([True] * 15 + [False] * 133)
    assert (rate["checked"], rate["wrong"]) == (148, 15)
    assert [rate["rate"], rate["rate_low"], rate["rate_high"]] == pytest.approx([0.1014, 0.0624, 0.1605], abs=5e-5)
