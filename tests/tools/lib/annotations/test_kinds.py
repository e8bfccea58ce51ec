import shlex

import pytest

from tools.import_annotations import parse_labels
from tools.lib.annotations.kinds import kind_of, said_of_words, unknown_words
from tools.lib.formats.event import Event


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
    assert kind_of((text,), {}) == kind


def test_a_word_counts_before_what_is_known_and_that_before_patterns_of_which_the_first_counts():
    labels = {"*": "nocall", "S1*": "unsure", "s01": "call", "kw": "other"}
    assert [kind_of((text,), labels) for text in ("S01", "S10", "KW", "HW", "", "rain")] == [
        "call",
        "nocall",
        "other",
        "other",
        "call",
        "nocall",
    ]


@pytest.mark.parametrize(
    ("label", "fitting", "other"),
    [
        ("S01?", ["S01?", "s01?"], ["S01a", "S01"]),
        ("S01 [faint]", ["S01 [faint]"], ["S01 f"]),
        ("S*?", ["S?", "S01?"], ["S01"]),
        ("S*", ["S", "S01", "S\n1", "Spy hop"], ["S?", "S01?", "S? (faint)", "xS"]),
        ("*(faint)", ["S01 (faint)"], ["faint"]),
    ],
)
def test_nothing_but_the_asterisk_is_special_and_a_doubt_is_not_passed_over(label, fitting, other):
    assert [kind_of((text,), {label: "call"}) for text in fitting] == ["call"] * len(fitting)
    assert [kind_of((text,), {label: "call"}) for text in other] == [None] * len(other)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("call", "HW"), "other"),
        (("KW", "S01"), None),
        (("HW", "moan"), "other"),
        (("call", "unsure"), "unsure"),
        (("nocall", "KW"), "nocall"),
        (("Killer Whale", "call"), "call"),
    ],
)
def test_what_one_word_says_against_a_call_counts(words, kind):
    assert kind_of(words, {}) == kind


@pytest.mark.parametrize("word", ["S01 [faint]", "it's", 'the "S16"', "S01", "$(ls)", "a\\b", "S?", "*"])
def test_the_command_that_is_proposed_explains_the_word(word):
    (fault,) = unknown_words([Event("t:2", "bay", 0, 1, (word,))], {})
    proposed = shlex.split(fault.partition("add ")[2].partition(", or =")[0])
    assert proposed[0] == "--label"
    labels = parse_labels(proposed[1:])
    assert list(unknown_words([Event("t:2", "bay", 0, 1, (word,))], labels)) == []


def test_a_word_that_may_mean_no_call_is_proposed_as_uncertain():
    (fault,) = unknown_words([Event("t:2", "bay", 0, 1, ("none",))], {})
    assert "add --label none=unsure, or =call, =nocall or =other" in fault


def test_what_words_were_taken_for_is_said_with_the_pattern():
    labels = {"S*": "call"}
    assert said_of_words(("spy hop",), labels) == "'spy hop': call, by S*"
    assert said_of_words(("ship",), labels) == "'ship': other"
    assert said_of_words(("call", "HW"), labels) == "'call' and 'HW': other"
    assert said_of_words(("",), labels) == "no word: call"


def test_each_unknown_word_is_named_once_with_its_first_place():
    events = [Event(f"t:{n}", "bay", 0, 1, (text,)) for n, text in enumerate(["S01", "", "rain", "S01"], 2)]
    assert [fault.partition(";")[0] for fault in unknown_words(events, {})] == [
        "t:2: unknown word 'S01' (2 annotations)",
        "t:4: unknown word 'rain' (1 annotation)",
    ]
