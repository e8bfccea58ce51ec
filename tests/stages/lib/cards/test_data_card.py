import contextlib
from pathlib import Path

import pandas

from stages import split
from stages.lib.cards.data_card import data_card
from stages.lib.runtime.params import SYNTHETIC, DataParams
from stages.lib.tables.clips import Clip
from tests.support.cards import rows

CLIPS = [
    Clip(2 + number, f"{recording}_{start:07d}", f"{recording}.wav", start / 1000, label, site)
    for number, (recording, start, label, site) in enumerate(
        [
            ("a", 0, "call", "bay"),
            ("a", 3000, "nocall", "bay"),
            ("b", 0, "call", "reef"),
            ("c", 0, "", "reef"),
            ("d", 0, "call", "reef"),
        ]
    )
]
PARTS = {"a_0000000": "train", "a_0003000": "train", "b_0000000": "test", "c_0000000": "pool"}


def card_of(clips=CLIPS, dataset: str = "reef", settled: int = 0) -> str:
    return data_card(DataParams(dataset=dataset), clips, PARTS, clip_s=3.0, group_by="recording", settled=settled)


def test_every_clip_is_counted_in_its_part():
    assert [row[:2] for row in rows(card_of(), "Parts")] == [
        ["train", "1 calls, 1 no-calls"],
        ["valid", "none"],
        ["pool", "1 unlabelled"],
        ["test", "1 calls"],
        ["not used", "1 calls"],
    ]


def test_every_clip_is_counted_at_its_site():
    assert rows(card_of(), "Sites") == [
        ["`bay`", "1", "2", "0", "0", "0", "0"],
        ["`reef`", "3", "0", "0", "1", "1", "1"],
    ]


def test_it_says_how_much_there_is_and_who_labelled_it():
    text = card_of(settled=2)
    assert "- **Clips:** 5 of 3 s (3 calls, 1 no-calls, 1 unlabelled), from\n  4 recordings." in text
    assert "experts gave 2 of them, in closed rounds" in text
    assert "The 1 test clips are held out for good" in text


def test_a_recording_to_learn_from_can_also_be_asked_about():
    """The unlabelled clips of a training recording are in the pool, so only valid and test stand alone."""
    text = card_of([*CLIPS, Clip(7, "c_0003000", "c.wav", 3.0, "call", "reef")])
    assert "No recording of valid or test is in another part." in text
    assert "in two parts" not in text


def test_synthetic_sound_is_said_to_be_so():
    assert "**Synthetic sound, made by a program ([data/synthetic](../data/synthetic))" in card_of(dataset=SYNTHETIC)
    assert "[LICENSE](../LICENSE)" in card_of(dataset=SYNTHETIC)


def test_real_sound_is_not_said_to_be_synthetic():
    assert "ynthetic" not in card_of()
    assert "The data set is [data/reef](../data/reef)." in card_of()
    assert "whatever the people who recorded it allow" in card_of()


def test_the_name_of_a_site_is_shown_as_it_is_and_not_run():
    text = card_of([clip._replace(site="<script>|`@somebody") for clip in CLIPS])
    assert "<script>" not in text
    assert "@somebody" not in text
    nameless = card_of([clip._replace(site="") for clip in CLIPS])
    assert [row[0] for row in rows(nameless, "Sites")] == ["(none named)"]


def test_split_writes_the_counts_of_its_table(pipeline):
    text = (pipeline / "metrics" / "data_card.md").read_text(encoding="utf-8")
    table = pandas.read_csv(pipeline / "labels" / "split.csv")
    of_part = {part: cells for part, cells, _ in rows(text, "Parts")}
    for part, clips in table.groupby("part"):
        counts = clips["label"].value_counts()
        assert of_part[part] == f"{counts['call']} calls, {counts['nocall']} no-calls"
    assert set(of_part) == set(table["part"])
    assert "- **Clips:** 48 of 0.5 s" in text


def test_the_same_inputs_give_the_same_bytes(pipeline):
    with contextlib.chdir(pipeline):
        before = [Path(path).read_bytes() for path in ("metrics/data_card.md", "labels/split.csv")]
        split.main()
        assert [Path(path).read_bytes() for path in ("metrics/data_card.md", "labels/split.csv")] == before
