from tools.lib.annotations.outcome import LEFT_OUT, NOTE, TAKEN, Outcome, added_up, printed

OUTCOMES = [
    Outcome(NOTE, "long", "b.wav", 1, 3, "t:9"),
    Outcome(TAKEN, "a call", "b.wav", 1, 1, "t:4"),
    Outcome(LEFT_OUT, "twice", "a.wav", 1, 0, "t:7"),
    Outcome(TAKEN, "a call", "a.wav", 1, 2, "t:5"),
    Outcome(TAKEN, "a call", "b.wav", 1, 1, "t:6"),
]


def test_what_is_taken_comes_first_and_the_first_place_is_kept():
    assert added_up(OUTCOMES, by_recording=True) == [
        Outcome(TAKEN, "a call", "a.wav", 1, 2, "t:5"),
        Outcome(TAKEN, "a call", "b.wav", 2, 2, "t:4"),
        Outcome(LEFT_OUT, "twice", "a.wav", 1, 0, "t:7"),
        Outcome(NOTE, "long", "b.wav", 1, 3, "t:9"),
    ]


def test_people_read_a_line_for_each_reason():
    assert printed(OUTCOMES) == [
        "          reason  annotations  windows  first",
        "taken     a call            3        4  t:4",
        "left out  twice             1        0  t:7",
        "note      long              1        3  t:9",
    ]
