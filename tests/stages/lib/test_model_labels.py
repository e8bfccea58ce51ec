import pytest

from stages.lib.model_labels import ModelLabels, error_rate, left_out_lines, model_weights


def model_labels(use: bool = True, weight: float = 1.0, highest_error: float = 0.5) -> ModelLabels:
    return ModelLabels(use=use, weight=weight, highest_error=highest_error)


def audited(calls: list[bool], nocalls: list[bool]) -> dict:
    """Return an audit, by class, in which some labels were wrong."""
    return {"all": error_rate(calls + nocalls), "calls": error_rate(calls), "nocalls": error_rate(nocalls)}


@pytest.mark.parametrize(
    ("params", "audit", "weights"),
    [
        (model_labels(), audited([], []), {"call": 1.0, "nocall": 1.0}),
        (model_labels(use=False), audited([], []), {}),
        (model_labels(weight=0.3), audited([False], [False]), {"call": 0.3, "nocall": 0.3}),
        (model_labels(highest_error=0.3), audited([True, False], [False] * 4), {"nocall": 1.0}),
        (model_labels(highest_error=0.3), audited([False], [True]), {"call": 1.0}),
        (model_labels(highest_error=0.5), audited([True, False], []), {"call": 1.0, "nocall": 1.0}),
        (model_labels(highest_error=0.0), audited([True], [True]), {}),
    ],
)
def test_a_class_of_model_labels_counts_for_its_weight_unless_the_audit_found_too_many_wrong(params, audit, weights):
    assert model_weights(params, audit) == weights


def test_it_is_said_which_labels_are_left_out_and_why():
    metrics = {"left_out": {"calls": 7, "nocalls": 0}, "audit_error": audited([True, True, False], [False])}
    assert left_out_lines(metrics, model_labels()) == [
        "7 calls of the model are not used: 2 of 3 that were audited are wrong, a larger share than 0.5.\n"
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
