import pytest

from tools.lib.clips.telling_names import telling_line


def labelled(calls: str, nocalls: str) -> list[tuple[str, str]]:
    return [
        (name.format(number), label) for name, label in ((calls, "call"), (nocalls, "nocall")) for number in range(6)
    ]


@pytest.mark.parametrize(
    ("calls", "nocalls", "words"),
    [
        ("upcall_{:04d}.wav", "noise_{:04d}.wav", "noise, upcall"),
        ("kw/2019/{}.flac", "bg/2019/{}.flac", "bg, kw"),
        ("Orca-{}.wav", "{}.wav", "orca"),
        ("sea/ballena{}.wav", "sea/barco{}.wav", "ballena, barco"),
    ],
)
def test_names_that_tell_the_label_are_named(calls, nocalls, words):
    (line,) = telling_line(labelled(calls, nocalls))
    assert f"have names that tell the label ({words})" in line


@pytest.mark.parametrize(
    ("calls", "nocalls"),
    [
        ("OS_{}.wav", "OS_1{}.wav"),  # One word for both.
        ("bay_{}.wav", "bay_{}.wav"),  # Each recording has both.
        ("2019/07/05/{}.wav", "2019/07/06/{}.wav"),
        ("{}.wav", "{}.flac"),
    ],
)
def test_names_that_do_not_tell_the_label_are_not(calls, nocalls):
    assert telling_line(labelled(calls, nocalls)) == []


def test_a_data_set_of_one_label_has_nothing_to_tell():
    assert telling_line([(f"upcall_{number}.wav", "call") for number in range(9)]) == []


def test_a_few_recordings_may_share_a_label_by_chance():
    assert (
        telling_line([*labelled("a{}.wav", "a1{}.wav"), *((f"rare{number}.wav", "call") for number in range(4))]) == []
    )
