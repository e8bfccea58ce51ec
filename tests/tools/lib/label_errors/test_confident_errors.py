import pytest
from scipy.special import logit

from tools.lib.label_errors.confident_errors import ScoredClip, SiteErrors, confident_errors, errors_by_site


def scored(clip_id, label, p_call, site="bay"):
    return ScoredClip(clip_id, site, "test", label, "dataset", float(logit(p_call)))


def test_the_most_confident_errors_come_first_and_what_is_right_does_not_come():
    clips = [
        scored("right call", "call", 0.9),
        scored("right nocall", "nocall", 0.1),
        scored("false alarm", "nocall", 0.8),
        scored("missed", "call", 0.05),
        scored("slightly missed", "call", 0.45),
    ]
    assert [clip.clip_id for clip in confident_errors(clips, 9)] == ["missed", "false alarm", "slightly missed"]
    assert [clip.clip_id for clip in confident_errors(clips, 2)] == ["missed", "false alarm"]


def test_the_score_at_the_threshold_is_no_call_as_it_is_for_evaluate():
    assert [clip.clip_id for clip in confident_errors([scored("a", "call", 0.5), scored("b", "nocall", 0.5)], 9)] == [
        "a"
    ]


def test_equal_confidence_is_ordered_by_clip():
    clips = [scored("b", "call", 0.25), scored("c", "nocall", 0.75), scored("a", "call", 0.25)]
    assert [clip.clip_id for clip in confident_errors(clips, 9)] == ["a", "b", "c"]


def test_errors_that_the_model_is_all_but_certain_of_keep_their_order():
    clips = [
        ScoredClip(name, "bay", "test", "nocall", "dataset", log_odds)
        for name, log_odds in (("a", 40.0), ("b", 60.0), ("c", 50.0))
    ]
    assert [clip.p_call for clip in clips] == [1, 1, 1]
    assert [clip.clip_id for clip in confident_errors(clips, 9)] == ["b", "c", "a"]


def test_a_site_has_its_counts_and_the_wilson_interval():
    clips = [scored("a", "call", 0.1), scored("b", "nocall", 0.9), scored("c", "nocall", 0.8)]
    clips += [scored(f"d{number}", "call", 0.9) for number in range(7)]
    (site,) = errors_by_site(clips)
    # Wilson's interval of 3 of 10, from the formula.
    assert site == SiteErrors(
        "bay", 10, 1, 2, 0.3, pytest.approx(0.107789, abs=1e-5), pytest.approx(0.603222, abs=1e-5)
    )


def test_a_site_of_which_little_is_known_does_not_come_first():
    clips = [scored("one", "call", 0.1, "lone")]
    clips += [scored(f"w{number}", "call", 0.1, "known") for number in range(20)]
    clips += [scored(f"r{number}", "call", 0.9, "known") for number in range(5)]
    clips += [scored(f"g{number}", "call", 0.9, "good") for number in range(5)]
    assert [site.site for site in errors_by_site(clips)] == ["known", "lone", "good"]
