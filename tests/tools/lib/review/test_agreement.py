import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score

from stages.lib.tables.expert import Answer
from tools.lib.review.agreement import agreement_table, agreements, cohen_kappa, fleiss_kappa


def once(votes: np.ndarray) -> np.ndarray:
    return np.ones((1, len(votes)), int)


def answers(**labels: str) -> list[Answer]:
    """Return answers for clips 0, 1, ...: a letter each, `c`all, `n`ocall, `u`nsure, or `-` for none."""
    names = {"c": "call", "n": "nocall", "u": "unsure"}
    return [
        Answer(f"clip_{position:03d}", names[letter], annotator)
        for annotator, letters in labels.items()
        for position, letter in enumerate(letters)
        if letter in names
    ]


@given(arrays(int, st.tuples(st.integers(2, 30), st.just(2)), elements=st.integers(0, 2)))
def test_kappa_of_two_is_that_of_scikit_learn(votes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = cohen_kappa_score(votes[:, 0], votes[:, 1], labels=[0, 1, 2])
    # Where kappa is undefined, scikit-learn says 0 or NaN by its version.
    if len(np.unique(votes)) == 1:
        assert np.isnan(cohen_kappa(votes, once(votes))[0])
    else:
        assert cohen_kappa(votes, once(votes))[0] == pytest.approx(expected)


@given(
    arrays(int, (12, 3), elements=st.integers(0, 2)),
    arrays(int, (1, 12), elements=st.integers(0, 3)).filter(lambda drawn: drawn.sum() > 0),
)
def test_a_clip_that_is_drawn_twice_counts_twice(votes, drawn):
    repeated = np.repeat(votes, drawn[0], axis=0)
    for kappa, some in ((cohen_kappa, slice(2)), (fleiss_kappa, slice(3))):
        np.testing.assert_allclose(kappa(votes[:, some], drawn), kappa(repeated[:, some], once(repeated)), atol=1e-9)


def test_kappa_of_many_is_that_of_the_textbook():
    # 6 raters, 4 subjects: P = (1 + 1 + 7/15 + 6/15) / 4, shares 10/24, 9/24, 5/24.
    votes = np.array([[0] * 6, [1] * 6, [0, 0, 0, 0, 0, 2], [1, 1, 1, 2, 2, 2]])
    counts = [(votes == label).sum(axis=1) for label in range(3)]
    observed = np.mean([sum(n * (n - 1) for n in row) / 30 for row in zip(*counts, strict=True)])
    chance = sum((count.sum() / 24) ** 2 for count in counts)
    assert fleiss_kappa(votes, once(votes))[0] == pytest.approx((observed - chance) / (1 - chance))


def test_every_pair_is_compared_on_the_clips_that_both_have_answered_for():
    found = agreements(answers(ann="cnc-", val="cn-c", zoe="--cc"))
    assert [(one.annotators, one.clips) for one in found] == [
        (("ann", "val"), 2),
        (("ann", "zoe"), 1),
        (("val", "zoe"), 1),
        (("ann", "val", "zoe"), 0),
    ]
    assert found[0].kappa == 1.0


def test_two_annotators_are_not_counted_as_many():
    assert len(agreements(answers(ann="cn", val="cn"))) == 1


def test_the_table_says_honestly_what_there_is_too_little_of():
    lines = agreement_table(answers(ann="cncn", val="cnnn", zoe="---c"))
    assert "| `ann`, `val` | 4 | 3 | 0.50 | too few clips |" in lines
    assert lines[-1] == ("Too few common clips: `ann`, `zoe` (1); `val`, `zoe` (1); `ann`, `val`, `zoe` (1).")


def test_an_interval_is_given_of_ten_clips_on():
    lines = agreement_table(answers(ann="cn" * 10, val="cnnccn" + "cn" * 7))
    (row,) = [line for line in lines if line.startswith("| `ann`")]
    low, high = (float(bound) for bound in row.split("|")[5].split(" to "))
    assert low < float(row.split("|")[4]) < high


def test_those_who_never_differ_have_no_interval():
    assert "| `ann`, `val` | 20 | 20 | 1.00 | none: they never differ |" in agreement_table(
        answers(ann="cn" * 10, val="cn" * 10)
    )


def test_one_answer_throughout_leaves_kappa_undefined():
    lines = agreement_table(answers(ann="ccc", val="ccc"))
    assert "| `ann`, `val` | 3 | 3 | undefined: all answers are the same | too few clips |" in lines


def test_one_annotator_has_nobody_to_agree_with():
    assert agreement_table(answers(ann="cc")) == ["Fewer than two annotators have answered."]
