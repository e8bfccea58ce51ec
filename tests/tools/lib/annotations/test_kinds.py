import pytest

from tools.lib.annotations.event import Event
from tools.lib.annotations.kinds import kind_of, unknown_words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "call"),
        ("Call", "call"),
        ("KW", "call"),
        ("nocall", "nocall"),
        ("?", "unsure"),
        ("HW", "other"),
        ("S01", None),
    ],
)
def test_words_that_mean_the_same_to_everybody_are_known(text, kind):
    assert kind_of(text, {}) == kind


def test_the_first_pattern_that_fits_counts_and_before_what_is_known():
    labels = {"S01?": "unsure", "S*": "call", "call": "other", "*": "nocall"}
    assert [kind_of(text, labels) for text in ("S01x", "s16", "call", "rain")] == ["unsure", "call", "other", "nocall"]


def test_each_unknown_word_is_named_once_with_its_first_place():
    events = [Event(f"t:{n}", "bay", 0, 1, text) for n, text in enumerate(["S01", "", "rain", "S01"], 2)]
    assert [fault.partition(";")[0] for fault in unknown_words(events, {})] == [
        "t:2: nobody has said what 'S01' stands for (2 annotations)",
        "t:4: nobody has said what 'rain' stands for (1 annotation)",
    ]
